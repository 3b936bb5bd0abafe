"""Where tasks may read data: below the folders of `NAS_DATA_ROOTS`, or anywhere where that is not set."""

from __future__ import annotations

import os
from pathlib import Path

from .base import TaskError


def allowed(path: Path, field: str) -> Path:
    """The path, resolved. Raises TaskError that names `field` where it lies outside the data roots."""
    resolved = path.resolve()
    within = [root.resolve() for root in roots()]
    if within and not any(resolved.is_relative_to(root) for root in within):
        raise TaskError(
            f"{path} lies outside the folders that tasks may read ({os.environ['NAS_DATA_ROOTS']}); move it there",
            field,
        )
    return resolved


def located(path: Path, field: str) -> Path:
    """Where a path lies on this machine: a relative one below the first data root that has it.

    So the same data may lie in different places on different machines. Raises TaskError for one outside the roots.
    """
    places = [root / path for root in roots()] or [path.absolute()]
    place = next((place for place in places if place.exists()), places[0])
    allowed(place, field)
    return place.absolute()


def roots() -> list[Path]:
    """The folders of `NAS_DATA_ROOTS`; none where it is not set."""
    return [Path(root) for root in os.environ.get("NAS_DATA_ROOTS", "").split(os.pathsep) if root]
