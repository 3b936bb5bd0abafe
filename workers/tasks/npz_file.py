"""People's .npz files: which arrays they hold, and whether a classifier can be trained on them."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .base import TaskError
from .image_data import CHUNK, Indices, Split

LARGEST_BYTES = 16_000_000_000  # unpacked; all of it stands in a worker's memory
KEYS = {"train": ("x_train", "y_train"), "val": ("x_val", "y_val"), "test": ("x_test", "y_test")}
WHOLE = ("x", "y")
_EXPECTED = "expected x and y, or x_train and y_train, with x_val, y_val, x_test and y_test where there are such parts"


@dataclass(frozen=True)
class Form:
    """What `x` holds: its plural, how an array of it is checked and laid out, and what to do with more than fits."""

    samples: str
    checked: Callable[[str, NDArray[Any]], NDArray[Any]]
    too_large: str


@dataclass(frozen=True)
class Content:
    """The parts that a file has, `train` always among them, the names of its classes, and `fold` (n,) of `x`."""

    parts: dict[str, Split]
    classes: tuple[str, ...]
    fold: Indices | None


def read_npz(path: Path, form: Form | None = None) -> Content:
    """What the file holds: images, (n, channels, height, width), unless another form is given.

    Raises TaskError where the file or an array is not what it should be, and OSError where it cannot be read.
    """
    form = form or IMAGES
    arrays = _arrays(path, form)
    parts = {part: _part(arrays, keys, form) for part, keys in _parts(arrays, form).items()}
    _refuse_different_shapes(parts, form)
    return Content(parts, _classes(arrays, parts, form), _fold(arrays, parts))


def _arrays(path: Path, form: Form) -> dict[str, NDArray[Any]]:
    try:
        archive = np.load(path, allow_pickle=False)
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise _refusal(f"{path.name} holds a single array, not an archive; {_EXPECTED}")
        with archive:
            size = sum(info.file_size for info in archive.zip.infolist()) if archive.zip else 0
            if size > LARGEST_BYTES:
                raise _refusal(f"{path.name} unpacks to {size / 1e9:.3g} GB; {form.too_large}")
            wanted = {*WHOLE, "classes", "fold", *(key for keys in KEYS.values() for key in keys)}
            return {key: archive[key] for key in archive.files if key in wanted}
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError) as error:
        # NotImplementedError is what zipfile raises for a compression that it does not know
        raise _refusal(f"{path.name} is damaged or cut off ({error}); write it again with numpy.savez") from None
    except TaskError:
        raise
    except ValueError:
        raise _refusal(
            f"{path.name} is no .npz file of plain arrays (Python objects are not read); write it with numpy.savez"
        ) from None


def _parts(arrays: Mapping[str, Any], form: Form) -> dict[str, tuple[str, str]]:
    """The keys of each part that is there."""
    pairs = [WHOLE, *KEYS.values()]
    half = [pair for pair in pairs if len(set(pair) & arrays.keys()) == 1]
    there = {part: keys for part, keys in KEYS.items() if keys[0] in arrays}
    if half:
        raise _refusal(f"the file has only one of {' and '.join(half[0])}; {_EXPECTED}")
    if WHOLE[0] in arrays:
        if "train" in there:
            raise _refusal(f"the file has both x and x_train; {_EXPECTED}")
        there = {"train": WHOLE} | there
    if "train" not in there:
        raise _refusal(f"the file has no training {form.samples}; {_EXPECTED}")
    return there


def _part(arrays: Mapping[str, NDArray[Any]], keys: tuple[str, str], form: Form) -> Split:
    x, y = keys
    images, labels = form.checked(x, arrays[x]), _labels(y, arrays[y], form)
    if len(images) != len(labels):
        raise _refusal(f"{x} has {len(images)} {form.samples}, but {y} has {len(labels)} labels")
    if not len(images):
        raise _refusal(f"{x} is empty")
    return Split(images, labels)


def _images(name: str, array: NDArray[Any]) -> NDArray[Any]:
    """As (n, channels, height, width), a view of what the file holds."""
    if array.dtype != np.uint8 and array.dtype.kind != "f":
        raise _refusal(f"{name} is of type {array.dtype}; expected uint8, or floating point")
    images = array[..., None] if array.ndim == 3 else array
    if images.ndim != 4 or images.shape[3] not in (1, 3):
        hint = "; move the channels last" if images.ndim == 4 and images.shape[1] in (1, 3) else ""
        raise _refusal(
            f"{name} has shape {array.shape}; expected (images, height, width), or (images, height, width, channels) "
            f"with 1 or 3 channels{hint}"
        )
    if min(images.shape[1:3]) < 1:
        raise _refusal(f"{name} has shape {array.shape}, which leaves no pixels")
    if array.dtype.kind == "f":
        _refuse_not_finite(name, array)
    return images.transpose(0, 3, 1, 2)


def _refuse_not_finite(name: str, array: NDArray[Any]) -> None:
    for start in range(0, len(array), CHUNK):
        finite = np.isfinite(array[start : start + CHUNK]).reshape(len(array[start : start + CHUNK]), -1).all(1)
        if not finite.all():
            number = start + int(np.flatnonzero(~finite)[0])
            raise _refusal(f"{name}[{number}] holds NaN or an infinity; remove that image or replace the value")


def _labels(name: str, array: NDArray[Any], form: Form) -> Indices:
    labels = array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise _refusal(
            f"{name} has shape {array.shape} and type {array.dtype}; expected one whole number for each of the "
            f"{form.samples}, the number of its class from 0"
        )
    return labels.astype(np.int64)


def _refuse_different_shapes(parts: Mapping[str, Split], form: Form) -> None:
    first = parts["train"].images
    for part, split in parts.items():
        if split.images.shape[1:] != first.shape[1:] or split.images.dtype != first.dtype:
            raise _refusal(
                f"the {form.samples} of part {part} are {_described(split.images, form)}, those of train "
                f"{_described(first, form)}; all parts need the same size, channels and type"
            )


def _described(images: NDArray[Any], form: Form) -> str:
    shape = np.moveaxis(images, 1, -1).shape[1:] if form is IMAGES else images.shape[1:]
    return f"{'x'.join(map(str, shape))} {images.dtype}"


def _fold(arrays: Mapping[str, NDArray[Any]], parts: Mapping[str, Split]) -> Indices | None:
    fold = arrays.get("fold")
    if fold is None or WHOLE[0] not in arrays:
        return None
    if fold.shape != (len(parts["train"]),) or fold.dtype.kind not in "iu":
        raise _refusal(
            f"fold has shape {fold.shape} and type {fold.dtype}; expected one whole number for each of the "
            f"{len(parts['train'])} rows of x"
        )
    return fold.astype(np.int64)


def _classes(arrays: Mapping[str, NDArray[Any]], parts: Mapping[str, Split], form: Form) -> tuple[str, ...]:
    """The names in `classes`, or the numbers themselves. Raises TaskError for labels that name no class."""
    low, high = (int(f([f(split.labels) for split in parts.values()])) for f in (np.min, np.max))
    given = arrays.get("classes")
    if given is None:
        count = high + 1
    elif given.ndim != 1 or given.dtype.kind not in "UiuS":
        raise _refusal(f"classes has shape {given.shape} and type {given.dtype}; expected a list of names")
    else:
        count = len(given)
    if low < 0 or high >= count:
        raise _refusal(
            f"labels run from {low} to {high}; with {count} classes they should lie between 0 and {count - 1}"
        )
    if given is None:
        return _numbered(count, parts, form)
    return tuple(name.decode(errors="replace") if isinstance(name, bytes) else str(name) for name in given.tolist())


def _numbered(count: int, parts: Mapping[str, Split], form: Form) -> tuple[str, ...]:
    """Class numbers as names; gaps are an error of the numbering here, where no names say otherwise."""
    unused = np.setdiff1d(np.arange(min(count, 100_000)), parts["train"].labels)
    if len(unused):
        raise _refusal(
            f"none of the training {form.samples} has label {unused[0]}, though labels go up to {count - 1}; number "
            "the classes from 0 without gaps, or name them all in an array `classes`"
        )
    return tuple(map(str, range(count)))


def _refusal(message: str) -> TaskError:
    return TaskError(message, "task.path")


IMAGES = Form("images", _images, "use class folders and task imagefolder")
