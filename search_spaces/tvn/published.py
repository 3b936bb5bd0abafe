"""The six networks that arXiv 1910.06961 released, by block, and the compound scaling of the first.

Where a block states no activation, the released code takes ReLU. Its entries for the sizes of maps are stale, and its
non-local flags have no effect (they are off throughout); frames are one in `stride` of a video of 25 a second.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import ceil

from .block import Activations, Block
from .network import Clip, TinyVideoNetwork

CLASSES = 157  # Charades, which the released networks name; the others were evolved for 339 (Moments in Time)
_SOURCE_RATE = 25.0


def _clip(frames: int, side: int, stride: int) -> Clip:
    return Clip(frames, side, _SOURCE_RATE / stride)


_SWISH_INSIDE = Activations("hswish", "hswish", "relu")
_TVN_1 = TinyVideoNetwork(
    _clip(2, 224, 4),
    (
        Block("std", 4, 2, "maxpool", 2, 2, 64, 4, repeats=2, context_gate=True),
        Block("maxpool", 3, 2, "1d", 1, 1, 128, 4, se=0.9067600752736579),
        Block("depthwise", 5, 3, "avgpool", 1, 1, 128, 4, repeats=2, context_gate=True, skip=True),
        Block("std", 3, 2, "avgpool", 1, 1, 256, 8, repeats=2, se=0.7265534208526172, context_gate=True),
    ),
)
_TVN_2 = TinyVideoNetwork(
    _clip(2, 256, 7),
    (
        Block("depthwise", 5, 3, "1d", 2, 1, 64, 4, repeats=3, se=0.06667482492426025, context_gate=True, skip=True),
        Block("std", 4, 2, "maxpool", 2, 2, 128, 4, repeats=5, se=0.693452618624749, context_gate=True, skip=True),
        Block("depthwise", 4, 1, "1d", 1, 1, 1024, 1, repeats=6),
        Block("avgpool", 3, 2, "1d", 1, 1, 256, 4, context_gate=True),
        Block("avgpool", 4, 3, "1d", 1, 1, 512, 4, repeats=6, se=0.9472192794783585),
        Block("depthwise", 3, 3, "maxpool", 1, 1, 512, 4, repeats=4),
        Block("maxpool", 2, 1, "maxpool", 1, 1, 348, 6, context_gate=True),
    ),
)
_TVN_3 = TinyVideoNetwork(
    _clip(8, 160, 2),
    (
        Block("depthwise", 3, 2, "1d", 5, 2, 64, 3, repeats=2, se=0.6457257964198263, context_gate=True),
        Block("depthwise", 3, 2, "1d", 1, 1, 256, 5, repeats=4, se=0.9061418818635367, skip=True),
        Block("depthwise", 5, 4, "maxpool", 3, 2, 256, 2, repeats=4, skip=True),
        Block("std", 3, 2, "maxpool", 3, 3, 512, 5, repeats=4, context_gate=True),
    ),
)
_TVN_4 = TinyVideoNetwork(
    _clip(8, 128, 4),
    (
        Block("std", 5, 2, "1d", 3, 2, 64, 4, repeats=5, se=0.4775900391242449, skip=True),
        Block("depthwise", 5, 2, "maxpool", 2, 2, 256, 6, repeats=4, context_gate=True),
        Block("depthwise", 5, 3, "1d", 1, 1, 256, 8, repeats=4, se=0.25309102981899967, context_gate=True),
    ),
)
_MOBILE_FIRST = Block("depthwise", 5, 4, "1d", 2, 1, 32, 3, repeats=4, se=0.004598785768716973)
_MOBILE_SECOND = Block(
    "depthwise",
    5,
    4,
    "maxpool",
    2,
    1,
    128,
    6,
    repeats=4,
    se=0.8589741047143076,
    inverted=True,
    activations=_SWISH_INSIDE,
)
_TVN_MOBILE_1 = TinyVideoNetwork(_clip(2, 224, 1), (_MOBILE_FIRST, _MOBILE_SECOND))
_TVN_MOBILE_2 = TinyVideoNetwork(
    _clip(2, 224, 1),
    (replace(_MOBILE_FIRST, activations=Activations("hswish", "relu", "relu")), replace(_MOBILE_SECOND, repeats=3)),
)

DEPTH, WIDTH, RESOLUTION = 1.2, 1.1, 1.15  # growth for about twice the computation (arXiv 1905.11946, section 3.3)
_DIVISOR = 8


def scaled(network: TinyVideoNetwork, exponent: float) -> TinyVideoNetwork:
    """Compound scaling (arXiv 1905.11946): repeats, filters and side grow together, frames and their rate stay.

    Repeats are rounded up, filters and side to the nearest multiple of 8, as EfficientNet's code does for layers and
    widths. arXiv 1910.06961 reports such a network ("TVN-1 EN") without stating its sizes.
    """
    clip = replace(network.clip, side=_rounded(network.clip.side * RESOLUTION**exponent))
    blocks = tuple(
        replace(
            block,
            repeats=ceil(block.repeats * DEPTH**exponent),
            filters=_rounded(block.filters * WIDTH**exponent),
        )
        for block in network.blocks
    )
    return TinyVideoNetwork(clip, blocks)


def _rounded(size: float) -> int:
    return max(_DIVISOR, int(size + _DIVISOR / 2) // _DIVISOR * _DIVISOR)


PUBLISHED: Mapping[str, TinyVideoNetwork] = {
    "tvn-1": _TVN_1,
    "tvn-2": _TVN_2,
    "tvn-3": _TVN_3,
    "tvn-4": _TVN_4,
    "tvn-mobile-1": _TVN_MOBILE_1,
    "tvn-mobile-2": _TVN_MOBILE_2,
    "tvn-1-en": scaled(_TVN_1, 1),
}
