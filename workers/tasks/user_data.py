"""What tasks on people's own data share: a path, a hash that the data is held to, and the split into three parts."""

from __future__ import annotations

import platform
from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Annotated, Any, ClassVar, Generic, TypeVar

import numpy as np
from pydantic import Field

from ..failures import TrialError
from .base import TaskError, TaskOptions
from .classification import Classification, ClassificationOptions, LabelledData
from .data_cache import CacheError, DataCache
from .data_facts import Facts, facts_of, stamp
from .data_roots import located, roots
from .image_data import Augmentation, Indices, split_off

SPLIT_SEED = 20260103
PARTS = ("train", "val", "test")

SplitShare = Annotated[float, Field(gt=0, le=0.3, allow_inf_nan=False)]
Data = TypeVar("Data", bound=LabelledData)


class UserDataOptions(ClassificationOptions):
    """The training recipe, and where the data is: an absolute path, or one below the data roots of each machine."""

    path: Path
    content: Annotated[
        str | None, Field(description="hash of the data; filled in at submission, and every trial is held to it")
    ] = None
    val_share: Annotated[
        SplitShare, Field(description="of the training samples, where no validation part is given")
    ] = 0.15
    test_share: Annotated[SplitShare, Field(description="of the training samples, where no test part is given")] = 0.15
    flip: Annotated[bool | None, Field(description="mirror training samples at random; left out: those in colour")] = (
        None
    )
    shift: Annotated[float, Field(ge=0, le=0.5, description="largest shift in training, a share of the side")] = 0.1


class UserData(Classification, Generic[Data]):
    """Subclasses find the files, inspect them once, and read them on workers.

    The data is inspected when the task is made, which refuses what could not be trained on, and held to its content
    hash whenever it is loaded.
    """

    Options: ClassVar[type[TaskOptions]] = UserDataOptions
    reads_path: ClassVar[bool] = True
    NO_RECIPE: ClassVar[frozenset[str]] = Classification.NO_RECIPE | {"path", "content"}
    options: UserDataOptions

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._lock = Lock()
        self._data: Data | None = None
        self._stamp = ""
        if not roots():  # workers have another current folder
            self.options = self.options.model_copy(update={"path": self.options.path.absolute()})
        self.facts = self._inspected()
        flip = self.options.flip if self.options.flip is not None else self.signature.channels == 3
        self.options = self.options.model_copy(update={"content": self.facts.content, "flip": flip})

    @abstractmethod
    def files(self) -> list[Path]:
        """Every file and folder that the data consists of, in a fixed order. Raises TaskError and OSError."""

    @property
    def inspected_as(self) -> str:
        """The options on which it depends, besides the data, what `inspect` says; as part of a file's name."""
        return ""

    @abstractmethod
    def inspect(self) -> Facts:
        """Read the data and check it. Raises TaskError that says what is wrong with it, and OSError."""

    @abstractmethod
    def read(self, moves: Augmentation) -> Data:
        """The data, which has been checked. Raises TrialError where it cannot be read any more."""

    @property
    def path(self) -> Path:
        """Where the data lies on this machine. Raises TaskError where that is outside the data roots."""
        return located(self.options.path, "task.path")

    @property
    def data_spec(self) -> dict[str, Any]:
        return super().data_spec | {"content": None}

    @property
    def content(self) -> str:
        return self.facts.content

    def load(self) -> Data:
        """The data, read once. Raises TrialError where it vanished or changed since the job was submitted."""
        try:
            self._inspected()
            with self._lock:
                if self._data is None:
                    self._data = self.read(Augmentation(shift=self.options.shift, flip=bool(self.options.flip)))
                return self._data
        except (TaskError, CacheError) as error:
            raise TrialError("error", str(error)) from None

    def _inspected(self) -> Facts:
        """The facts as they are now, which must be those that `options.content` was made from."""
        path = self.options.path
        try:
            now = stamp(self.files())
            if now == self._stamp:
                return self.facts
            facts = facts_of(f"{self.name}-{self.inspected_as}{now}", DataCache.of_environment(), self.inspect)
        except OSError as error:
            raise TaskError(_unreadable(error, path, known=self.options.content is not None), "task.path") from None
        except CacheError as error:
            raise TaskError(str(error), "task") from None
        if self.options.content not in (None, facts.content):
            raise TaskError(
                f"the data at {path} changed since the job was submitted (content {facts.content}, then "
                f"{self.options.content}); put it back, or submit the job again without task.content",
                "task.content",
            )
        self._stamp = now
        return facts


def _unreadable(error: OSError, path: Path, *, known: bool) -> str:
    what = f"cannot read {error.filename or path} on {platform.node()}: {error.strerror}"
    if known:
        return (
            f"{what}; it could be read when the job was submitted. Every worker needs it there, or below its own roots"
        )
    return f"{what}; check the path and its permissions"


def three_parts(labels: Mapping[str, Indices], options: UserDataOptions) -> dict[str, tuple[str, Indices]]:
    """For each of train, val and test: the given part that it is taken from, and which of its samples, shuffled."""
    shares = {"val": options.val_share, "test": options.test_share}
    missing = [part for part in PARTS[1:] if part not in labels]
    rng = np.random.default_rng(SPLIT_SEED)
    pieces = split_off(labels["train"], [shares[part] for part in missing], rng)
    taken = {part: ("train", piece) for part, piece in zip(("train", *missing), pieces, strict=True)}
    return {part: taken[part] if part in taken else (part, np.arange(len(labels[part]))) for part in PARTS}


def refuse_untrainable(labels: Mapping[str, Indices], classes: tuple[str, ...], samples: str = "images") -> None:
    """Raises TaskError where there is one class, or a class with too few training samples to be in every part."""
    if len(classes) < 2:
        raise TaskError(f"the data has one class only ({', '.join(classes)}); a classifier needs two", "task.path")
    needed = 1 + sum(part not in labels for part in PARTS[1:])
    counts = np.bincount(labels["train"], minlength=len(classes))
    scarce = [f"{classes[i]!r} has {counts[i]}" for i in np.flatnonzero(counts < needed)[:5]]
    if scarce:
        parts = f"to be in each part that is split off, a class needs {needed}" if needed > 1 else "a class needs 1"
        raise TaskError(
            f"too few training {samples}: {', '.join(scarce)}; {parts}. Add {samples} or leave it out", "task.path"
        )
