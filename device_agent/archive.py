"""The agent as one file that any Python runs: this package in an archive, alone or with orders to carry out."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping
from importlib.resources import files
from itertools import chain
from typing import BinaryIO

MAIN = "import sys\nfrom device_agent.__main__ import main\nsys.exit(main())\n"
FIRST_LINE = b"#!/usr/bin/env python3\n"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # so that equal contents make equal archives


def agent() -> bytes:
    """The archive with the agent alone."""
    held = io.BytesIO()
    write(held, ())
    return held.getvalue()


def write(file: BinaryIO, more: Iterable[tuple[str, bytes]]) -> None:
    """The archive, with these files in it beside the package, which are taken one by one. Needs zlib to be read."""
    file.write(FIRST_LINE)
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as archive:
        for name, content in chain(_own().items(), more):
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_DEFLATED)


def _own() -> Mapping[str, bytes]:
    package = files(__package__)
    sources = sorted(path.name for path in package.iterdir() if path.name.endswith(".py"))
    return {"__main__.py": MAIN.encode()} | {f"{__package__}/{name}": (package / name).read_bytes() for name in sources}
