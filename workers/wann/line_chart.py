"""Line charts as SVG, in plain Python, so that a worker needs no plotting library."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 720, 420
LEFT, RIGHT, TOP, BOTTOM = 72, 132, 40, 52  # margins: labels of the axes, and names of the lines at the right
INK, FAINT = "#24292f", "#d8dee4"
STRONG = "#111111"
COLOURS = (  # told apart by colour-blind readers (Paul Tol's muted scheme)
    "#332288", "#88ccee", "#44aa99", "#117733", "#999933", "#ddcc77", "#cc6677", "#882255", "#aa4499", "#777777",
)  # fmt: skip
ROW = 18  # pixels between names


@dataclass(frozen=True)
class Line:
    """Values over the chart's x, and whether the line stands out."""

    name: str
    values: Sequence[float]
    strong: bool = False


@dataclass(frozen=True)
class _Axis:
    """Where a value lies: `low` at pixel `start`, `high` at pixel `end`."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    @property
    def ticks(self) -> list[float]:
        """Four to nine round values within the axis."""
        rough = (self.high - self.low) / 6
        power = 10.0 ** math.floor(math.log10(rough))
        step = min((factor * power for factor in (1, 2, 5, 10)), key=lambda width: abs(width - rough))
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [i * step for i in range(first, last + 1)]


def line_chart(x: Sequence[float], lines: Sequence[Line], *, x_label: str, y_label: str, title: str = "") -> str:
    """The chart as an SVG document. Lines have as many finite values as there are of `x`, which rises."""
    across = _Axis(x[0], x[-1], LEFT, WIDTH - RIGHT)
    up = _vertical(lines)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    parts = [
        f'{head} font-family="system-ui, sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        _text(LEFT, 24, title, size=15),
        *_grid(across, up),
        _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, x_label, anchor="middle"),
        f'<g transform="translate(18 {(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)">{_text(0, 0, y_label, "middle")}</g>',
        *(_path(across, up, x, line, _colour(i, lines)) for i, line in _weak_first(lines)),
        *(_name(i, line, _colour(i, lines)) for i, line in enumerate(lines)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _vertical(lines: Sequence[Line]) -> _Axis:
    low, high = min(min(line.values) for line in lines), max(max(line.values) for line in lines)
    if low >= 0:
        low = 0.0
    room = (high - low) * 0.04 or 1.0
    return _Axis(low, high + room, HEIGHT - BOTTOM, TOP)


def _grid(across: _Axis, up: _Axis) -> list[str]:
    columns = [
        _rule(across.at(v), TOP, across.at(v), HEIGHT - BOTTOM)
        + _text(across.at(v), HEIGHT - BOTTOM + 18, f"{v:g}", "middle")
        for v in across.ticks
    ]
    rows = [
        _rule(LEFT, up.at(v), WIDTH - RIGHT, up.at(v)) + _text(LEFT - 8, up.at(v) + 4, f"{v:.6g}", "end")
        for v in up.ticks
    ]
    return columns + rows


def _weak_first(lines: Sequence[Line]) -> list[tuple[int, Line]]:
    return sorted(enumerate(lines), key=lambda pair: pair[1].strong)


def _colour(index: int, lines: Sequence[Line]) -> str:
    if lines[index].strong:
        return STRONG
    return COLOURS[sum(not line.strong for line in lines[:index]) % len(COLOURS)]


def _path(across: _Axis, up: _Axis, x: Sequence[float], line: Line, colour: str) -> str:
    points = " ".join(f"{across.at(a):.1f},{up.at(b):.1f}" for a, b in zip(x, line.values, strict=True))
    width = 2.6 if line.strong else 1.3
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="{width}" stroke-linejoin="round"/>'


def _name(index: int, line: Line, colour: str) -> str:
    x, y = WIDTH - RIGHT + 14, TOP + 8 + index * ROW
    mark = f'<line x1="{x}" y1="{y}" x2="{x + 18}" y2="{y}" stroke="{colour}" stroke-width="3"/>'
    return mark + _text(x + 24, y + 4, line.name)


def _rule(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{FAINT}"/>'


def _text(x: float, y: float, content: str, anchor: str = "start", size: int = 12) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{INK}">{escape(content)}</text>'
    )
