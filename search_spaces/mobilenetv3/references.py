"""Published networks, as their papers and released code state them, at 224 px, three channels and 1000 classes.

MobileNetV3 (arXiv 1905.02244, tables 1 and 2) with its minimalistic variants and width multipliers, MnasNet
(arXiv 1807.11626) and MobileNetV2 (arXiv 1801.04381). Two conventions of MobileNetV3's multipliers are in use: the
paper's scales widths and keeps the expansion ratios and the last feature layer; torchvision scales every number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from ..architecture import Architecture
from ..space import Signature
from .network import Ends, Layer, assemble, make_divisible, se_width

_IMAGENET = Signature("image", 3, 1000, (32, 512))
WIDTHS = (0.35, 0.5, 0.75, 1.25)

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
_STEM = 16


@dataclass(frozen=True)
class _V3:
    """A table of MobileNetV3 with the width of its last feature layer."""

    rows: tuple[_Row, ...]
    hidden: int


_TABLES = {"large": _V3(_LARGE, 1280), "small": _V3(_SMALL, 1024)}


@dataclass(frozen=True)
class _Group:
    """A group of equal MBConv layers, the first of which may have stride 2 and changes the width."""

    repeats: int
    kernel: int
    stride: int
    expansion: int
    out: int
    se: bool = False
    skip: bool = True


_MNASNET_A1 = (
    _Group(1, 3, 1, 1, 16, skip=False),
    _Group(2, 3, 2, 6, 24),
    _Group(3, 5, 2, 3, 40, se=True),
    _Group(4, 3, 2, 6, 80),
    _Group(2, 3, 1, 6, 112, se=True),
    _Group(3, 5, 2, 6, 160, se=True),
    _Group(1, 3, 1, 6, 320),
)
_MNASNET_B1 = (
    _Group(1, 3, 1, 1, 16, skip=False),
    _Group(3, 3, 2, 3, 24),
    _Group(3, 5, 2, 3, 40),
    _Group(3, 5, 2, 6, 80),
    _Group(2, 3, 1, 6, 96),
    _Group(4, 5, 2, 6, 192),
    _Group(1, 3, 1, 6, 320, skip=False),
)
# The released definition names 16 input filters for the first block of a stem of 8, so that block gets no residual.
_MNASNET_SMALL = (
    _Group(1, 3, 1, 1, 8, skip=False),
    _Group(1, 3, 2, 3, 16),
    _Group(2, 3, 2, 6, 16),
    _Group(4, 5, 2, 6, 32, se=True),
    _Group(3, 3, 1, 6, 32, se=True),
    _Group(3, 5, 2, 6, 88, se=True),
    _Group(1, 3, 1, 6, 144),
)
_MOBILENETV2 = (
    _Group(1, 3, 1, 1, 16),
    _Group(2, 3, 2, 6, 24),
    _Group(3, 3, 2, 6, 32),
    _Group(4, 3, 2, 6, 64),
    _Group(3, 3, 1, 6, 96),
    _Group(3, 3, 2, 6, 160),
    _Group(1, 3, 1, 6, 320),
)


def _v3_paper(table: _V3, width: float = 1.0) -> Architecture:
    """The paper's multiplier: widths are scaled, expansion ratios and the last feature layer stay."""
    layers, cin, published = [], make_divisible(_STEM * width), _STEM
    for kernel, expansion, out, se, nl, stride in table.rows:
        expanded = make_divisible(expansion / published * cin)
        layers.append(_v3_layer(kernel, expanded, make_divisible(out * width), nl, stride, se=se))
        cin, published = layers[-1].out, out
    head = make_divisible(6 * table.rows[-1][2] * width)
    return assemble(_IMAGENET, 224, layers, Ends(make_divisible(_STEM * width), head, table.hidden))


def _v3_torchvision(table: _V3, width: float, signature: Signature = _IMAGENET, resolution: int = 224) -> Architecture:
    """Torchvision's multiplier: every number of the table is scaled."""
    layers = [
        _v3_layer(kernel, make_divisible(exp * width), make_divisible(out * width), nl, stride, se=se)
        for kernel, exp, out, se, nl, stride in table.rows
    ]
    ends = Ends(make_divisible(_STEM * width), 6 * layers[-1].out, make_divisible(table.hidden * width))
    return assemble(signature, resolution, layers, ends)


def _v3_minimalistic(table: _V3) -> Architecture:
    """For devices to which the advanced parts are dear: no squeeze-and-excitation, no h-swish, no 5x5."""
    layers = [_v3_layer(3, exp, out, "RE", stride, se=False) for _, exp, out, _, _, stride in table.rows]
    ends = Ends(_STEM, 6 * layers[-1].out, table.hidden, activation="relu")
    return assemble(_IMAGENET, 224, layers, ends)


def _v3_layer(kernel: int, expanded: int, out: int, nl: str, stride: int, *, se: bool) -> Layer:
    return Layer(kernel, expanded, out, stride, se_width(expanded) if se else 0, "relu" if nl == "RE" else "hswish")


def _mnasnet(groups: Sequence[_Group], stem: int = 32) -> Architecture:
    """ReLU throughout; the squeeze is a quarter of the block's input, the gate a sigmoid."""
    return assemble(_IMAGENET, 224, list(_grouped(groups, stem)), Ends(stem, form="features", activation="relu"))


def _mobilenetv2() -> Architecture:
    layers = [Layer(g.kernel, g.expanded, g.out, g.stride, 0, "relu6", g.skip) for g in _grouped(_MOBILENETV2, 32)]
    return assemble(_IMAGENET, 224, layers, Ends(32, form="features", activation="relu6"))


def _grouped(groups: Sequence[_Group], cin: int) -> Iterator[Layer]:
    for group in groups:
        for index in range(group.repeats):
            se = max(1, cin // 4) if group.se else 0
            stride = group.stride if index == 0 else 1
            skip: Literal["identity", "none"] = "identity" if group.skip else "none"
            yield Layer(group.kernel, group.expansion * cin, group.out, stride, se, "relu", skip, "sigmoid")
            cin = group.out


def _multiplied() -> Iterator[tuple[str, Callable[[], Architecture]]]:
    for size, table in _TABLES.items():
        for width in WIDTHS:
            yield f"mobilenetv3-{size}-{width}", lambda t=table, w=width: _v3_paper(t, w)  # type: ignore[misc]
            yield f"mobilenetv3-{size}-{width}-torchvision", lambda t=table, w=width: _v3_torchvision(t, w)  # type: ignore[misc]


REFERENCES: dict[str, Callable[[], Architecture]] = {
    "mobilenetv3-large": lambda: _v3_paper(_TABLES["large"]),
    "mobilenetv3-small": lambda: _v3_paper(_TABLES["small"]),
    "mobilenetv3-large-minimalistic": lambda: _v3_minimalistic(_TABLES["large"]),
    "mobilenetv3-small-minimalistic": lambda: _v3_minimalistic(_TABLES["small"]),
    "mnasnet-a1": lambda: _mnasnet(_MNASNET_A1),
    "mnasnet-b1": lambda: _mnasnet(_MNASNET_B1),
    "mnasnet-small": lambda: _mnasnet(_MNASNET_SMALL, stem=8),
    "mobilenetv2": _mobilenetv2,
} | dict(_multiplied())


def reference(name: str) -> Architecture:
    """A network of `REFERENCES`."""
    return REFERENCES[name]()


def scaled_small(width: float, signature: Signature, resolution: int) -> Architecture:
    """MobileNetV3-Small for other images and classes, every width times `width`; strides as `stride_plan` says."""
    return _v3_torchvision(_TABLES["small"], width, signature, resolution)
