"""Files in class folders, images unless told otherwise: which there are, in which part, of which class. Reads none."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .base import TaskError
from .data_roots import allowed
from .image_data import Indices
from .user_data import PARTS

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"})
NAMES = {"train": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}
_EXPECTED = "expected a folder for each class, or train, val and test with one for each class in them"


@dataclass(frozen=True)
class ClassFolders:
    """`parts` maps train, and val and test where there are such folders, to files and the numbers of their classes.

    `parents` are the folders that class folders lie in: they change when a class is added.
    """

    classes: tuple[str, ...]
    parts: dict[str, list[tuple[Path, int]]]
    parents: tuple[Path, ...]

    @property
    def files(self) -> list[Path]:
        """Every file, in the order of the parts."""
        return [path for part in self.parts.values() for path, _ in part]

    @property
    def labels(self) -> dict[str, Indices]:
        return {part: np.array([label for _, label in files]) for part, files in self.parts.items()}


def class_folders(root: Path, suffixes: frozenset[str] = SUFFIXES, samples: str = "images") -> ClassFolders:
    """The images below a folder, in a fixed order. Raises TaskError where it is no such folder, and OSError.

    Other `samples` have other `suffixes`. Names that begin with a dot and files of other suffixes are passed over;
    links may not lead out of the data roots.
    """
    roots = _part_roots(root)
    classes = tuple(folder.name for folder in _folders(roots["train"]))
    if not classes:
        raise TaskError(f"{roots['train']} has no class folders in it; {_EXPECTED}", "task.path")
    parts = {part: _part(roots[part], classes, suffixes, samples) for part in PARTS if part in roots}
    return ClassFolders(classes, parts, (root, *roots.values()))


def _part_roots(root: Path) -> dict[str, Path]:
    """The folder of each part that is there; the root itself is the training part where it holds classes."""
    folders = _folders(root)
    named = [NAMES.get(folder.name.lower(), "") for folder in folders]
    if "train" not in named or "" in named:
        return {"train": root}
    if len(set(named)) < len(named):
        raise TaskError(f"{root} has several folders for one part: {', '.join(f.name for f in folders)}", "task.path")
    return dict(zip(named, folders, strict=True))


def _part(root: Path, classes: tuple[str, ...], suffixes: frozenset[str], samples: str) -> list[tuple[Path, int]]:
    names = [folder.name for folder in _folders(root)]
    if unknown := sorted(set(names) - set(classes)):
        raise TaskError(
            f"{root} has a class {unknown[0]!r} that has no folder among the training {samples}", "task.path"
        )
    found = [(path, classes.index(name)) for name in names for path in _files(root / name, suffixes)]
    if not found:
        raise TaskError(
            f"{root} has class folders, but no {samples} in them ({', '.join(sorted(suffixes))})", "task.path"
        )
    return found


def _folders(root: Path) -> list[Path]:
    found = [path for path in root.iterdir() if path.is_dir() and not path.name.startswith(".")]
    return sorted(map(_within_roots, found))


def _files(folder: Path, suffixes: frozenset[str]) -> Iterator[Path]:
    """Every sample below a class folder; links to further folders are not followed."""
    for where, below, names in os.walk(folder, onerror=_raise):
        below[:] = sorted(name for name in below if not name.startswith("."))
        for name in sorted(names):
            path = Path(where, name)
            if path.suffix.lower() in suffixes and not name.startswith("."):
                yield _within_roots(path)


def _within_roots(path: Path) -> Path:
    if path.is_symlink():
        allowed(path, "task.path")
    return path


def _raise(error: OSError) -> None:
    raise error
