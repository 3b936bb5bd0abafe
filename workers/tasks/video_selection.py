"""Which video files can be used as a job wants them, and which samples of them belong together. Reads no file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

import numpy as np

from .base import TaskError
from .data_facts import Facts
from .image_data import Indices

NAMED = 5  # files in one message
_RATE_SLACK = 0.01  # 29.97 frames a second pass for 30, and stamps in whole milliseconds for what they stand for


@dataclass(frozen=True)
class Wanted:
    """What a job wants of every video, and the share of files that may be left out."""

    frames: int
    frame_rate: float
    tolerance: float


def left_out(facts: Facts, wanted: Wanted) -> dict[str, str]:
    """Path to reason, for each file that cannot be used.

    Raises TaskError where those are more than is tolerated; it names them, the field that most of them fail, and the
    value with which they would not.
    """
    slow = {path: rate for path, (_, rate, _) in facts.videos.items() if rate < wanted.frame_rate * (1 - _RATE_SLACK)}
    there = {path: _frames(seconds, wanted) for path, (_, _, seconds) in facts.videos.items() if path not in slow}
    short = {path: frames for path, frames in there.items() if frames < wanted.frames}
    reasons = {
        **facts.damaged,
        **{path: f"has {rate:.4g} frames a second, not {wanted.frame_rate:g}" for path, rate in slow.items()},
        **{
            path: f"has {frames} of {wanted.frames} frames, at {wanted.frame_rate:g} a second"
            for path, frames in short.items()
        },
    }
    count = len(facts.videos) + len(facts.damaged)
    if len(reasons) <= wanted.tolerance * count:
        return reasons
    refused = f"{len(reasons)} of {count} videos cannot be used, more than task.tolerance ({wanted.tolerance:.0%}): "
    remedy, field = _remedy(slow, short, facts.damaged)
    raise TaskError(f"{refused}{listed(reasons)}; {remedy}, leave those files out, or raise task.tolerance", field)


def listed(reasons: Mapping[str, str]) -> str:
    """The first few files with their reasons."""
    first = [f"{path} {reasons[path]}" for path in sorted(reasons)[:NAMED]]
    return "; ".join(first) + (f"; and {len(reasons) - NAMED} more" if len(reasons) > NAMED else "")


def source_groups(paths: Sequence[PurePath], labels: Indices, separator: str) -> tuple[Indices, Indices]:
    """The number of each file's source, and the class of each source: that of most of its files.

    Names that are equal up to `separator` are clips of one source; without one every file is a source of its own.
    """
    if not separator:
        return np.arange(len(paths)), labels
    names = [path.stem.split(separator)[0] for path in paths]
    _, numbers = np.unique(names, return_inverse=True)
    classes = [np.bincount(labels[numbers == number]).argmax() for number in range(numbers.max() + 1)]
    return numbers, np.array(classes, np.int64)


def _frames(seconds: float, wanted: Wanted) -> int:
    return int(seconds * wanted.frame_rate * (1 + _RATE_SLACK) + 0.5)


def _remedy(slow: Mapping[str, float], short: Mapping[str, int], damaged: Mapping[str, str]) -> tuple[str, str]:
    """What would help most, and the field to change."""
    if len(damaged) >= max(len(slow), len(short)):
        return "replace them", "task.path"
    if len(slow) >= len(short):
        return f"lower task.frame_rate to {np.floor(min(slow.values()) * 100) / 100:g}", "task.frame_rate"
    if min(short.values()) < 2:
        return "lower task.frames, or raise task.frame_rate", "task.frames"
    return f"lower task.frames to {min(short.values())}", "task.frames"
