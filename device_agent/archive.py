"""The agent as one file that any Python runs: this package in an archive, alone or with orders to carry out."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping
from importlib.resources import files

MAIN = "import sys\nfrom device_agent.__main__ import main\nsys.exit(main())\n"
FIRST_LINE = b"#!/usr/bin/env python3\n"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # so that equal contents make equal archives


def agent(more: Iterable[tuple[str, bytes]] = ()) -> bytes:
    """The archive, with these files in it beside the package. Needs zlib, as every usual Python has."""
    held = io.BytesIO(FIRST_LINE)
    held.seek(0, io.SEEK_END)
    with zipfile.ZipFile(held, "a", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (*_own().items(), *more):
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_DEFLATED)
    return held.getvalue()


def _own() -> Mapping[str, bytes]:
    package = files(__package__)
    sources = sorted(path.name for path in package.iterdir() if path.name.endswith(".py"))
    return {"__main__.py": MAIN.encode()} | {f"{__package__}/{name}": (package / name).read_bytes() for name in sources}
