"""The published MobileNetV3 networks, layer by layer (arXiv 1905.02244, tables 1 and 2)."""

from __future__ import annotations

from typing import Literal

from ..architecture import Architecture
from ..space import Signature
from .network import Ends, Layer, assemble, se_width

_IMAGENET = Signature("image", 3, 1000, (32, 512))

# kernel, expansion, out, squeeze-and-excitation, non-linearity (RE relu, HS h-swish), stride
_Row = tuple[int, int, int, bool, Literal["RE", "HS"], int]

_LARGE: tuple[_Row, ...] = (
    (3, 16, 16, False, "RE", 1),
    (3, 64, 24, False, "RE", 2),
    (3, 72, 24, False, "RE", 1),
    (5, 72, 40, True, "RE", 2),
    (5, 120, 40, True, "RE", 1),
    (5, 120, 40, True, "RE", 1),
    (3, 240, 80, False, "HS", 2),
    (3, 200, 80, False, "HS", 1),
    (3, 184, 80, False, "HS", 1),
    (3, 184, 80, False, "HS", 1),
    (3, 480, 112, True, "HS", 1),
    (3, 672, 112, True, "HS", 1),
    (5, 672, 160, True, "HS", 2),
    (5, 960, 160, True, "HS", 1),
    (5, 960, 160, True, "HS", 1),
)
_SMALL: tuple[_Row, ...] = (
    (3, 16, 16, True, "RE", 2),
    (3, 72, 24, False, "RE", 2),
    (3, 88, 24, False, "RE", 1),
    (5, 96, 40, True, "HS", 2),
    (5, 240, 40, True, "HS", 1),
    (5, 240, 40, True, "HS", 1),
    (5, 120, 48, True, "HS", 1),
    (5, 144, 48, True, "HS", 1),
    (5, 288, 96, True, "HS", 2),
    (5, 576, 96, True, "HS", 1),
    (5, 576, 96, True, "HS", 1),
)


def _layers(rows: tuple[_Row, ...]) -> list[Layer]:
    return [
        Layer(kernel, exp, out, stride, se_width(exp) if se else 0, "relu" if nl == "RE" else "hswish")
        for kernel, exp, out, se, nl, stride in rows
    ]


REFERENCES: dict[str, tuple[tuple[_Row, ...], Ends]] = {
    "mobilenetv3-large": (_LARGE, Ends(stem=16, head=960, hidden=1280)),
    "mobilenetv3-small": (_SMALL, Ends(stem=16, head=576, hidden=1024)),
}


def reference(name: str) -> Architecture:
    """A network of `REFERENCES` at 224 px, three channels and 1000 classes."""
    rows, ends = REFERENCES[name]
    return assemble(_IMAGENET, 224, _layers(rows), ends)
