"""Where tasks may read data: below the folders of `NAS_DATA_ROOTS`, or anywhere where that is not set."""

from __future__ import annotations

import os
from pathlib import Path

from .base import TaskError


def allowed(path: Path, field: str) -> Path:
    """The path, resolved. Raises TaskError that names `field` where it lies outside the data roots."""
    resolved = path.resolve()
    written = os.environ.get("NAS_DATA_ROOTS", "")
    roots = [Path(root).resolve() for root in written.split(os.pathsep) if root]
    if roots and not any(resolved.is_relative_to(root) for root in roots):
        raise TaskError(f"{path} lies outside the folders that tasks may read ({written}); move it there", field)
    return resolved
