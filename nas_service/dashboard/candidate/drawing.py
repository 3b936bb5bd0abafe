"""An architecture as SVG: a column of ops from input to output, each with its map drawn to scale.

A bar is as wide as the map that the op gives and the thicker the more channels it has. Whatever is not read from the
op right above comes along a line at the left. Text from outside is escaped, and none of it becomes a class or a link.

Beside another network an op stands in the row of the one that corresponds to it there, and where they differ is marked.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from html import escape
from types import MappingProxyType
from typing import NamedTuple

from nas_service.api.views import ArchitectureView, OpView
from nas_service.palette import LIGHT

from ..theme import ACCENT, BEHIND, INK, LINE, MUTED, WARNING
from ..wording import cut, details, shape, title

ROW, HEAD, FOOT = 44, 68, 36  # px: an op, the input above them, the output below
WIDTH = 400
TRACK, TRACKS = 7, 4  # px between lines at the left, and how many there are side by side
BAR_LEFT, BAR_WIDTH = TRACK * TRACKS + 12, 104
TEXT_LEFT = BAR_LEFT + BAR_WIDTH + 14
THINNEST, THICKEST, NARROWEST = 4, 26, 5
LONGEST = {"title": 24, "details": 42, "shape": 16}  # signs that there is room for
FRAMES = 8  # of a clip that are drawn

STYLE = f"""
.architecture {{ display: block; width: 100%; max-width: {WIDTH}px; height: auto; font-size: 12px; }}
.architecture text {{ fill: {INK}; }}
.architecture .quiet {{ fill: {MUTED}; font-size: 11px; }}
.architecture .between {{ fill: {LINE}; }}
.architecture .input {{ fill: none; stroke: {MUTED}; }}
.architecture .line {{ fill: none; stroke: {MUTED}; stroke-width: 1.2; }}
.architecture .convolution {{ fill: {LIGHT["plain"]}; }}
.architecture .bottleneck {{ fill: {ACCENT}; }}
.architecture .temporal {{ fill: {WARNING}; }}
.architecture .pooling {{ fill: {BEHIND}; }}
.architecture .gate {{ fill: {LIGHT["gate"]}; }}
.architecture .head {{ fill: {INK}; }}
.architecture .other {{ fill: {MUTED}; }}
.architecture .differing {{ fill: {LIGHT["cold"]}; }}
.architecture .edge {{ fill: {WARNING}; }}
.architecture .differs {{ fill: {WARNING}; font-size: 13px; font-weight: 600; }}
.architecture .missing {{ fill: none; stroke: {WARNING}; stroke-dasharray: 4 3; }}
"""

_ROLES = {
    "conv": "convolution",
    "clip_conv": "convolution",
    "mbconv": "bottleneck",
    "clip_pool": "pooling",
    "clip_gate": "gate",
    "non_local": "gate",
    "classifier": "head",
    "clip_classifier": "head",
}


class Rows(NamedTuple):
    """Which row each op stands in, of so many; `differing` ops in what they differ, and rows that `miss` an op."""

    of: Sequence[int]
    total: int
    differing: Mapping[int, Sequence[str]] = MappingProxyType({})
    missing: Collection[int] = ()

    @classmethod
    def plain(cls, ops: int) -> Rows:
        """One below the other."""
        return cls(range(ops), ops)

    def top(self, place: int) -> int:
        """Of an op's row, px; of -1, the input, that above the first."""
        return HEAD + ROW * (self.of[place] if place >= 0 else -1)


class Line(NamedTuple):
    """A connection that passes ops by, from the output of one (-1: the input) to another, on a track of its own."""

    source: int
    target: int
    track: int


class Scale(NamedTuple):
    """How large bars are: `side` is that of the largest map, `channels` the most that any op gives."""

    side: int
    channels: int

    @classmethod
    def of(cls, architecture: ArchitectureView) -> Scale:
        shapes = [op.out_shape for op in architecture.ops]
        return cls(max(map(_side, [architecture.input_shape, *shapes])), max(map(_channels, shapes)))

    def width(self, dimensions: Sequence[int]) -> float:
        """In proportion to the map's side; a vector is a point."""
        return max(NARROWEST, BAR_WIDTH * _side(dimensions) / self.side)

    def thickness(self, dimensions: Sequence[int]) -> float:
        """By the logarithm of channels, for they double where maps halve."""
        return THINNEST + (THICKEST - THINNEST) * math.log2(1 + _channels(dimensions)) / math.log2(1 + self.channels)


def drawing(architecture: ArchitectureView, rows: Rows | None = None) -> str:
    """The whole network, `WIDTH` px wide where there is room and smaller where there is not; colours are in `STYLE`."""
    scale, rows = Scale.of(architecture), rows or Rows.plain(len(architecture.ops))
    height = HEAD + ROW * rows.total + FOOT
    name = f"architecture of {len(architecture.ops)} ops"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" class="architecture" viewBox="0 0 {WIDTH} {height}" role="img">',
            f"<title>{name}</title>",
            *_differing(rows),
            *_between(architecture, scale, rows),
            *_missing(rows),
            *_input(architecture, scale),
            *(line for place, op in enumerate(architecture.ops) for line in _op(place, op, scale, rows)),
            *(_line(line, architecture, scale, rows) for line in lines(architecture.ops)),
            *_output(architecture, rows),
            "</svg>",
        ]
    )


def lines(ops: Sequence[OpView]) -> list[Line]:
    """Connections other than to the next op, and skips within an op, on tracks where they do not meet.

    The shortest are the nearest to the bars. Where there are more than `TRACKS` at once, the last track takes the rest.
    """
    wanted = [(source, target) for target, op in enumerate(ops) for source in op.inputs if source != target - 1]
    wanted += [(place - 1, place) for place, op in enumerate(ops) if op.fields.get("skip") in ("identity", "pool")]
    placed: list[Line] = []
    for source, target in sorted(wanted, key=lambda ends: (ends[1] - ends[0], ends)):
        taken = {line.track for line in placed if line.source < target and source < line.target}
        free = next(track for track in range(len(taken) + 1) if track not in taken)
        placed.append(Line(source, target, min(free, TRACKS - 1)))
    return placed


def _input(architecture: ArchitectureView, scale: Scale) -> Iterator[str]:
    width = scale.width(architecture.input_shape)
    rate = f" at {architecture.frame_rate:g} a second" if architecture.frame_rate else ""
    for frame in reversed(range(_frames(architecture.input_shape))):
        yield _rect("input", _middle() - width / 2 + 2 * frame, HEAD - 30 - 3 * frame, width, 8)
    yield _text(TEXT_LEFT, HEAD - 26, "input")
    yield _text(WIDTH, HEAD - 26, cut(shape(architecture.input_shape), LONGEST["shape"]), "quiet", end=True)
    yield _text(TEXT_LEFT, HEAD - 11, _map_in_words(architecture.input_shape) + rate, "quiet")


def _differing(rows: Rows) -> Iterator[str]:
    """What lies behind the rows of ops that differ."""
    for place in rows.differing:
        yield _rect("differing", 0, rows.top(place) + 1, WIDTH, ROW - 2)
        yield _rect("edge", 0, rows.top(place) + 1, 3, ROW - 2)


def _missing(rows: Rows) -> Iterator[str]:
    for row in rows.missing:
        top = HEAD + ROW * row
        yield _rect("missing", BAR_LEFT, top + 10, WIDTH - BAR_LEFT - 2, ROW - 20)
        yield _text(TEXT_LEFT, top + 26, "missing here", "differs")


def _op(place: int, op: OpView, scale: Scale, rows: Rows) -> Iterator[str]:
    top, width, thickness = rows.top(place), scale.width(op.out_shape), scale.thickness(op.out_shape)
    differing = rows.differing.get(place, ())
    yield f"<g><title>{_clean(' · '.join(filter(None, (title(op), _properties(op), *differing))))}</title>"
    yield _rect(role(op), _middle() - width / 2, top + (ROW - thickness) / 2, width, thickness)
    yield _text(TEXT_LEFT, top + 19, cut(title(op), LONGEST["title"]))
    yield _text(WIDTH, top + 19, cut(shape(op.out_shape), LONGEST["shape"]), "quiet", end=True)
    yield _text(TEXT_LEFT, top + 34, cut(_properties(op), LONGEST["details"]), "quiet")
    if differing:
        yield _text(WIDTH - 6, top + 34, "≠", "differs", end=True)
    yield "</g>"


def _output(architecture: ArchitectureView, rows: Rows) -> Iterator[str]:
    bottom = HEAD + ROW * rows.total
    yield _text(TEXT_LEFT, bottom + 18, "output")
    yield _text(WIDTH, bottom + 18, cut(shape(architecture.output_shape), LONGEST["shape"]), "quiet", end=True)


def _between(architecture: ArchitectureView, scale: Scale, rows: Rows) -> Iterator[str]:
    """What leads from each bar to the next one where that reads it: it narrows with the map."""
    middle, above, bottom = _middle(), scale.width(architecture.input_shape) / 2, HEAD - 22.0
    for place, op in enumerate(architecture.ops):
        half, thickness = scale.width(op.out_shape) / 2, scale.thickness(op.out_shape)
        top = rows.top(place) + (ROW - thickness) / 2
        if place - 1 in op.inputs:
            corners = [(-above, bottom), (above, bottom), (half, top), (-half, top)]
            yield f'<polygon class="between" points="{" ".join(f"{middle + x:.1f},{y:.1f}" for x, y in corners)}"/>'
        above, bottom = half, top + thickness


def _line(line: Line, architecture: ArchitectureView, scale: Scale, rows: Rows) -> str:
    """From below the bar of its source to above that of its target; a skip within an op ends below that."""
    within = line.target - line.source == 1
    start = rows.top(line.source) + (ROW + THICKEST) / 2 + (1 if within else 5)
    end = rows.top(line.target) + ((ROW + THICKEST) / 2 + 6 if within else 4)
    given = architecture.input_shape if line.source < 0 else architecture.ops[line.source].out_shape
    read = architecture.ops[line.target].out_shape if within else given
    first, last = (_middle() - scale.width(dimensions) / 2 - 1 for dimensions in (given, read))
    passed = [given, *(op.out_shape for op in architecture.ops[line.source + 1 : line.target + 1])]
    x = _middle() - max(map(scale.width, passed)) / 2 - 12 - TRACK * line.track
    down = f"Q{x:.1f} {start:.0f} {x:.1f} {start + 4:.0f}V{end - 4:.0f}Q{x:.1f} {end:.0f} {x + 4:.1f} {end:.0f}"
    return f'<path class="line" d="M{first:.0f} {start:.0f}H{x + 4:.1f}{down}H{last:.0f}m-4 -3l4 3l-4 3"/>'


def role(op: OpView) -> str:
    """The class of its bar: one of those in `STYLE`, whatever the op is called."""
    kernel = op.fields.get("kernel")
    if isinstance(kernel, list) and len(kernel) == len(op.in_shape) - 1 == 3 and kernel[0] > 1:
        return "temporal"
    return _ROLES.get(op.kind, "other")


def _properties(op: OpView) -> str:
    """With what its colour says of an op that joins frames."""
    return " · ".join(filter(None, ("temporal" if role(op) == "temporal" else "", details(op))))


def _frames(dimensions: Sequence[int]) -> int:
    return min(FRAMES, dimensions[1]) if len(dimensions) == 4 else 1


def _map_in_words(dimensions: Sequence[int]) -> str:
    match dimensions:
        case [_, frames, height, width]:
            return f"{frames} frames of {width}×{height} px"
        case [_, height, width]:
            return f"{width}×{height} px"
        case _:
            return f"{math.prod(dimensions)} values"


def _side(dimensions: Sequence[int]) -> int:
    return dimensions[-1] if len(dimensions) > 2 else 1


def _channels(dimensions: Sequence[int]) -> int:
    return max(1, dimensions[0]) if dimensions else 1


def _middle() -> float:
    return BAR_LEFT + BAR_WIDTH / 2


def _rect(name: str, x: float, y: float, width: float, height: float) -> str:
    return f'<rect class="{name}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="2"/>'


def _text(x: float, y: float, content: str, name: str = "", *, end: bool = False) -> str:
    anchor = ' text-anchor="end"' if end else ""
    shown = f' class="{name}"' if name else ""
    return f'<text x="{x}" y="{y}"{shown}{anchor}>{_clean(content)}</text>'


def _clean(content: str) -> str:
    """As text of SVG, which knows no control characters."""
    return escape("".join(sign for sign in content if sign.isprintable()))
