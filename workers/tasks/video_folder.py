"""Task `videofolder`: people's own video files in class folders, decoded once into the cache."""

from __future__ import annotations

from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from search_spaces import Signature

from ..failures import TrialError
from .base import TaskError, TaskOptions
from .class_folders import ClassFolders, class_folders
from .clip_classification import clip_signature
from .clip_data import ClipData, ClipSplit, clip_normalisation
from .data_cache import CacheError, DataCache, Pixels
from .data_facts import Facts
from .decoding import in_parallel
from .image_data import Augmentation, Indices
from .user_clips import UserClipOptions, UserClips
from .user_data import PARTS, refuse_untrainable, three_parts
from .video_decoding import VideoForm, decode_into
from .video_probe import Probe, VideoFileError, probe, require_av
from .video_selection import Wanted, left_out, listed, source_groups

SUFFIXES = frozenset(
    {".3gp", ".asf", ".avi", ".flv", ".gif", ".m2ts", ".m4v", ".mjpeg", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg"}
    | {".mts", ".mxf", ".nut", ".ogg", ".ogv", ".ts", ".vob", ".webm", ".wmv", ".y4m"}
)


class VideoFolderOptions(UserClipOptions):
    """Of each video, `frames` from its middle are kept, `frame_rate` a second, at `size` x `size`.

    Networks take clips of up to so many, at that rate or a lower one, of any size up to that.
    """

    frames: Annotated[int, Field(ge=2, le=512, description="most that the space may ask for; all videos need them")] = (
        16
    )
    frame_rate: Annotated[
        float,
        Field(gt=0, le=120, allow_inf_nan=False, description="frames a second that are kept, the fastest for clips"),
    ] = 8.0
    size: Annotated[int, Field(ge=8, le=1024, description="the largest resolution that the space may ask for")] = 64
    channels: Literal[1, 3] = 3
    fit: Literal["crop", "pad"] = "crop"
    tolerance: Annotated[
        float, Field(ge=0, lt=1, allow_inf_nan=False, description="share of the files that may be left out as unusable")
    ] = 0.05
    group: Annotated[
        str, Field(max_length=64, description="files whose names are equal up to this text are clips of one source")
    ] = ""


class VideoFolder(UserClips):
    """Files are split into parts by source, so that no part has seen another one's."""

    name: ClassVar[str] = "videofolder"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "your own video files in class folders, of any container, length, size and aspect"
    Options: ClassVar[type[TaskOptions]] = VideoFolderOptions
    NO_RECIPE: ClassVar[frozenset[str]] = UserClips.NO_RECIPE | {"tolerance"}
    options: VideoFolderOptions

    def __init__(self, **options: Any) -> None:
        require_av()
        super().__init__(**options)
        self._left_out = left_out(self.facts, Wanted(self._form.frames, self._form.frame_rate, self.options.tolerance))
        refuse_untrainable(self._sources(self._usable()), self.facts.classes, "videos")
        self._refuse_too_large()

    @property
    def signature(self) -> Signature:
        o = self.options
        sizes, classes = (8, o.size), len(self.facts.classes)
        return clip_signature(o.channels, classes, sizes, frames=o.frames, frame_rate=o.frame_rate)

    @property
    def note(self) -> str:
        if not self._left_out:
            return ""
        return f"{len(self._left_out)} of {self.facts.images} videos are left out: {listed(self._left_out)}"

    def files(self) -> list[Path]:
        folders = self._folders()
        return [*folders.parents, *folders.files]

    def inspect(self) -> Facts:
        folders = self._folders()
        probes = dict(zip(map(self._name, folders.files), in_parallel(probe, folders.files), strict=True))
        digest = blake2b("\n".join(folders.classes).encode(), digest_size=16)
        for name, found in probes.items():
            digest.update(f"{name}\n{found.content}\n".encode())
        return _facts(digest.hexdigest(), folders.classes, probes)

    def read(self, moves: Augmentation) -> ClipData:
        """All videos stand in one array of the cache, whichever part they belong to."""
        folders = self._usable()
        videos = self._decoded(folders.files)
        sources, labels = self._sources(folders), folders.labels
        firsts = dict(zip(folders.parts, np.cumsum([0, *map(len, folders.parts.values())]), strict=False))
        splits = []
        for given, chosen in (three_parts(sources, self.options)[part] for part in PARTS):
            rows = np.flatnonzero(np.isin(self._groups(folders, given)[0], chosen))
            splits.append(ClipSplit(videos, firsts[given] + rows, labels[given][rows]))
        train, validation, test = splits
        mean, std = clip_normalisation(train)
        o = self.options
        return ClipData(train, validation, test, folders.classes, o.frame_rate, mean, std, moves, o.fit)

    @property
    def _form(self) -> VideoForm:
        o = self.options
        return VideoForm(o.frames, o.frame_rate, o.size, o.channels, o.fit)

    def _name(self, path: Path) -> str:
        return path.relative_to(self.path).as_posix()

    def _folders(self) -> ClassFolders:
        return class_folders(self.path, SUFFIXES, "videos")

    def _usable(self) -> ClassFolders:
        """The folders without the files that are left out."""
        folders = self._folders()
        parts = {
            part: [(path, label) for path, label in files if self._name(path) not in self._left_out]
            for part, files in folders.parts.items()
        }
        return ClassFolders(folders.classes, parts, folders.parents)

    def _sources(self, folders: ClassFolders) -> dict[str, Indices]:
        """The class of each source of each part."""
        return {part: self._groups(folders, part)[1] for part in folders.parts}

    def _groups(self, folders: ClassFolders, part: str) -> tuple[Indices, Indices]:
        paths = [path for path, _ in folders.parts[part]]
        return source_groups(paths, folders.labels[part], self.options.group)

    def _decoded(self, files: list[Path]) -> Pixels:
        """Every file as its frames, from the cache where some worker has put them there."""
        form = self._form
        name = blake2b(f"{self.version} {self.content} {form}".encode(), digest_size=16).hexdigest()
        lengths = [self.facts.videos[self._name(path)][2] for path in files]
        fill = partial(_fill, files, lengths, form)
        try:
            return DataCache.of_environment().array(name, (len(files), *form.shape), fill)
        except VideoFileError as error:
            raise TrialError("error", f"{error}; replace or remove it, and submit the job again") from None

    def _refuse_too_large(self) -> None:
        count = len(self.facts.videos)
        try:
            DataCache.of_environment().refuse_too_large((count, *self._form.shape))
        except CacheError as error:
            raise TaskError(str(error), "task.size") from None


def _facts(content: str, classes: tuple[str, ...], probes: dict[str, Probe]) -> Facts:
    videos = {name: [p.frames, p.frame_rate, p.seconds] for name, p in probes.items() if not p.damaged}
    damaged = {name: p.damaged for name, p in probes.items() if p.damaged}
    return Facts(content, len(probes), 0, 0, classes, videos=videos, damaged=damaged)


def _fill(files: list[Path], lengths: list[float], form: VideoForm, videos: Pixels) -> None:
    def decode(number: int) -> None:
        try:
            decode_into(videos[number], files[number], form, lengths[number])
        except VideoFileError as error:
            raise VideoFileError(f"{files[number]} {error}") from None

    for _ in in_parallel(decode, range(len(files))):
        pass
