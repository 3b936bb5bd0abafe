"""Image files in class folders: which there are, in which part, of which class. Reads no image."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .base import TaskError
from .data_roots import allowed
from .image_data import Indices
from .user_images import PARTS

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"})
_EXPECTED = "expected a folder for each class, or train, val and test with one for each class in them"


@dataclass(frozen=True)
class ClassFolders:
    """`parts` maps train, and val and test where there are such folders, to files and the numbers of their classes."""

    classes: tuple[str, ...]
    parts: dict[str, list[tuple[Path, int]]]

    @property
    def files(self) -> list[Path]:
        """Every file, in the order of the parts."""
        return [path for part in self.parts.values() for path, _ in part]

    @property
    def labels(self) -> dict[str, Indices]:
        return {part: np.array([label for _, label in files]) for part, files in self.parts.items()}


def class_folders(root: Path) -> ClassFolders:
    """The images below a folder, in a fixed order. Raises TaskError where it is no such folder, and OSError.

    Names that begin with a dot and files that are no images are passed over; links may not lead out of the data roots.
    """
    folders = _folders(root)
    names = [folder.name for folder in folders]
    parted = "train" in names and set(names) <= set(PARTS)
    roots = {folder.name: folder for folder in folders} if parted else {"train": root}
    classes = tuple(folder.name for folder in _folders(roots["train"]))
    if not classes:
        raise TaskError(f"{roots['train']} has no class folders in it; {_EXPECTED}", "task.path")
    return ClassFolders(classes, {part: _part(roots[part], classes) for part in PARTS if part in roots})


def _part(root: Path, classes: tuple[str, ...]) -> list[tuple[Path, int]]:
    names = [folder.name for folder in _folders(root)]
    if unknown := sorted(set(names) - set(classes)):
        raise TaskError(f"{root} has a class {unknown[0]!r} that has no folder among the training images", "task.path")
    found = [(path, classes.index(name)) for name in names for path in _images(root / name)]
    if not found:
        raise TaskError(f"{root} has class folders, but no images in them ({', '.join(sorted(SUFFIXES))})", "task.path")
    return found


def _folders(root: Path) -> list[Path]:
    found = [path for path in root.iterdir() if path.is_dir() and not path.name.startswith(".")]
    return sorted(map(_within_roots, found))


def _images(folder: Path) -> Iterator[Path]:
    """Every image below a class folder; links to further folders are not followed."""
    for where, below, names in os.walk(folder, onerror=_raise):
        below[:] = sorted(name for name in below if not name.startswith("."))
        for name in sorted(names):
            path = Path(where, name)
            if path.suffix.lower() in SUFFIXES and not name.startswith("."):
                yield _within_roots(path)


def _within_roots(path: Path) -> Path:
    if path.is_symlink():
        allowed(path, "task.path")
    return path


def _raise(error: OSError) -> None:
    raise error
