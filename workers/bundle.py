"""The files of an export, and the zip that holds them all: what a stranger needs to run the network."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import yaml

BUNDLE = "bundle.zip"
IMAGE_SCRIPT = Path(__file__).with_name("standalone.py")  # a module, so that it is checked like any other


def bundled(
    models: Mapping[str, bytes], card: str, spec: Mapping[str, Any], script: Path = IMAGE_SCRIPT
) -> dict[str, bytes]:
    """`models` and the like by file name, `model_card.md`, `run.py`, `spec.yaml` of the job, and `bundle.zip` of all.

    `script` becomes `run.py`. Without a job there is no `spec.yaml`.
    """
    files = {**models, "model_card.md": card.encode(), "run.py": script.read_bytes()}
    if spec:
        files["spec.yaml"] = yaml.safe_dump(dict(spec), sort_keys=False, allow_unicode=True).encode()
    return files | {BUNDLE: _zipped(files)}


def _zipped(files: Mapping[str, bytes]) -> bytes:
    """Equal files give an equal zip: entries carry no time."""
    written = BytesIO()
    with ZipFile(written, "w", ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = ZipInfo(name)
            entry.compress_type, entry.external_attr = ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, content)
    return written.getvalue()
