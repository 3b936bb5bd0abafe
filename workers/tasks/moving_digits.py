"""Task `moving-digits`: handwritten digits that move over a canvas; the direction is the class.

Digit, start, speed and grain are random. A digit that leaves on one side comes in on the other, so in every single
frame of every class each place is as likely as any other: one frame says nothing of the class.
"""

from __future__ import annotations

from functools import cache
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from search_spaces import Signature

from .clip_classification import ClipClassification, clip_signature
from .clip_data import ClipData, ClipSplit, clip_normalisation
from .data_cache import Pixels
from .digits import SHARES
from .image_data import Augmentation, Indices, stratified

CONTENT = "82bd04bb2631dba8d3115f649b1d0cf1"  # of videos and labels; a test holds it to what is made
SPLIT_SEED = 20260104
SEED = 20260105
DIRECTIONS = ("east", "southeast", "south", "southwest", "west", "northwest", "north", "northeast")
SIDE, FRAMES, FRAME_RATE = 32, 16, 25.0
VIDEOS_EACH = 2  # of every digit
_STEP = 256  # velocities are whole numbers of 1/256 pixel a frame, so that every machine makes the same videos
_DIAGONAL = 181  # 256 / sqrt(2)
_VELOCITIES = np.array(
    [
        (_STEP, 0),
        (_DIAGONAL, _DIAGONAL),
        (0, _STEP),
        (-_DIAGONAL, _DIAGONAL),
        (-_STEP, 0),
        (-_DIAGONAL, -_DIAGONAL),
        (0, -_STEP),
        (_DIAGONAL, -_DIAGONAL),
    ]
)  # to the right and down
_SPEEDS = (128, 513)  # 1/256 pixel a frame: 0.5 to 2 pixels
_GRAIN = 48  # brightest of the noise


class MovingDigits(ClipClassification):
    name: ClassVar[str] = "moving-digits"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "clips of scikit-learn's digits on the move: eight directions, which no single frame tells"

    @property
    def signature(self) -> Signature:
        return clip_signature(1, len(DIRECTIONS), (8, 2 * SIDE), frames=FRAMES, frame_rate=FRAME_RATE)

    @property
    def content(self) -> str:
        return CONTENT

    def load(self) -> ClipData:
        return load()


@cache
def load() -> ClipData:
    """The videos and their splits, made once; those of one digit are all in one split."""
    from sklearn.datasets import load_digits  # takes a second, and only workers need it

    digits = load_digits()
    rng = np.random.default_rng(SEED)
    source = np.repeat(np.arange(len(digits.images)), VIDEOS_EACH)
    labels = rng.permutation(np.arange(len(source)) % len(DIRECTIONS))
    videos = _videos(digits.images[source].astype(np.uint8), labels, rng)
    train, validation, test = (
        ClipSplit(videos, rows, labels[rows])
        for part in stratified(digits.target.astype(np.int64), SHARES, np.random.default_rng(SPLIT_SEED))
        for rows in [np.flatnonzero(np.isin(source, part))]
    )
    mean, std = clip_normalisation(train)
    return ClipData(train, validation, test, DIRECTIONS, FRAME_RATE, mean, std, Augmentation(shift=0.1))


def _videos(digits: NDArray[np.uint8], labels: Indices, rng: np.random.Generator) -> Pixels:
    """(n, frames, side, side, 1) of (n, 8, 8) digits from 0 to 16, which move in these directions."""
    canvas = np.zeros((len(digits), SIDE, SIDE), np.uint8)
    canvas[:, :16, :16] = digits.repeat(2, axis=1).repeat(2, axis=2) * 12
    speed = rng.integers(*_SPEEDS, len(digits))
    start = rng.integers(0, SIDE * _STEP, (len(digits), 2))
    moved = np.arange(FRAMES)[:, None] * (speed[:, None] * _VELOCITIES[labels] // _STEP)[:, None]
    place = (start[:, None] + moved) // _STEP
    right, down = ((np.arange(SIDE) - place[..., [axis]]) % SIDE for axis in (0, 1))
    which = np.arange(len(digits))[:, None, None, None]
    videos: Pixels = canvas[which, down[..., :, None], right[..., None, :]]
    videos += rng.integers(0, _GRAIN, videos.shape, np.uint8)
    return videos[..., None]
