"""A network as a picture: SVG text, columns of nodes coloured by activation, connections as curves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from itertools import pairwise

import numpy as np

from ..ops import SharedWeightNetwork
from .activations import NAMES, activate
from .layout import Layout, Place, Point, layout

# Paul Tol's light and muted schemes, which stay apart for colour-blind eyes; each node shows its function's curve too.
COLOURS = {
    "linear": "#DDDDDD",
    "step": "#BBCC33",
    "sin": "#77AADD",
    "gaussian": "#EE8866",
    "tanh": "#44BB99",
    "sigmoid": "#EEDD88",
    "inverse": "#FFAABB",
    "abs": "#99DDFF",
    "relu": "#AAAA00",
    "cos": "#AA99CC",
    "square": "#CC9977",
}
INPUT, INK, QUIET = "#FFFFFF", "#222222", "#5A5A5A"
POSITIVE, NEGATIVE, PLAIN = "#2166AC", "#C2570C", "#6F7785"
THICKEST, THINNEST = 3.6, 0.5
LEFT, RIGHT, TOP, BOTTOM = 78, 78, 58, 34
LEAST_WIDTH = 420
ENTRY, ENTRY_HEIGHT = 96, 30  # px of an entry of the legend
LABELLED = 4.5  # px: the least radius of a node that is labelled or shows its curve


def picture(network: SharedWeightNetwork, weights: Sequence[float] | None = None, title: str = "") -> str:
    """SVG of a network, on white; with `weights` (connections,) their sign is a colour and their size a width.

    Nodes that reach no output are pale. Raises ValueError for as many weights as there are no connections.
    """
    if weights is not None and len(weights) != len(network.sources):
        raise ValueError(f"the network has {len(network.sources)} connections, but there are {len(weights)} weights")
    return "\n".join(_Picture(network, weights, title).lines()) + "\n"


class _Picture:
    def __init__(self, network: SharedWeightNetwork, weights: Sequence[float] | None, title: str) -> None:
        self.network = network
        self.weights = weights
        self.title = "".join(sign for sign in title if sign.isprintable())  # XML knows no control characters
        self.layout: Layout = layout(network)
        self.first = 1 + network.in_shape[0]
        self.alive = _alive(network)
        self.used = [number for number in NAMES if number in network.activations]
        self.width = max(LEAST_WIDTH, LEFT + self.layout.width + RIGHT)
        self.legend_columns = max(1, int((self.width - 40) // ENTRY))
        rows = -(-(len(self.used) + self._extra) // self.legend_columns)
        self.height = TOP + self.layout.height + BOTTOM + rows * ENTRY_HEIGHT
        self.shift = (self.width - self.layout.width) / 2

    @property
    def _extra(self) -> int:
        """Entries of the legend beside activations: signs of weights."""
        return 0 if self.weights is None else 2

    def lines(self) -> Iterator[str]:
        size = f'width="{self.width:.0f}" height="{self.height:.0f}" viewBox="0 0 {self.width:.0f} {self.height:.0f}"'
        yield f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="system-ui, sans-serif" role="img">'
        yield f"<title>{escape(self.title or 'weight agnostic network')}</title>"
        yield '<rect width="100%" height="100%" fill="#FFFFFF"/>'
        yield from self._head()
        yield from self._symbols()
        yield f'<g transform="translate({self.shift:.1f} {TOP})">'
        yield from self._connections()
        yield from self._nodes()
        yield "</g>"
        yield from self._legend()
        yield "</svg>"

    def _head(self) -> Iterator[str]:
        network = self.network
        counts = ", ".join(
            (
                _counted(network.in_shape[0], "input"),
                _counted(network.hidden_count, "hidden node"),
                _counted(network.outputs, "output"),
                _counted(network.params, "connection"),
            )
        )
        if self.title:
            yield f'<text x="20" y="26" font-size="16" font-weight="600" fill="{INK}">{escape(self.title)}</text>'
        yield f'<text x="20" y="{44 if self.title else 30}" font-size="12" fill="{QUIET}">{counts}</text>'

    def _symbols(self) -> Iterator[str]:
        """Each activation that is used, as a disc of radius 10 with its curve."""
        yield "<defs>"
        for number in self.used:
            yield f'<g id="a{number}" stroke="{INK}" stroke-linejoin="round">'
            yield f'<circle r="10" fill="{COLOURS[NAMES[number]]}" stroke-width="0.8"/>'
            yield f'<path d="{_curve(number)}" fill="none" stroke-width="1.4"/></g>'
        yield "</defs>"

    def _connections(self) -> Iterator[str]:
        largest = max((abs(w) for w in self.weights or ()), default=0) or 1
        yield '<g fill="none" stroke-opacity="0.62">'
        ends = zip(self.network.sources, self.network.targets, strict=True)
        for number, (source, target) in enumerate(ends):
            stroke, width = PLAIN, 1.1
            if self.weights is not None:
                weight = self.weights[number]
                stroke = POSITIVE if weight >= 0 else NEGATIVE
                width = THINNEST + (THICKEST - THINNEST) * abs(weight) / largest
            faint = "" if target in self.alive else ' stroke-opacity="0.2"'
            path = _line(self.layout.places[source], self.layout.ways[number], self.layout.places[target])
            yield f'<path d="{path}" stroke="{stroke}" stroke-width="{width:.2f}"{faint}/>'
        yield "</g>"

    def _nodes(self) -> Iterator[str]:
        for node, place in enumerate(self.layout.places):
            faint = "" if node in self.alive else ' opacity="0.35"'
            where = f"translate({place.x:.1f} {place.y:.1f}) scale({place.radius / 10:.3f})"
            yield f'<g transform="{where}"{faint}><title>{self._described(node)}</title>'
            yield '<circle r="10.6" fill="#FFFFFF"/>'
            if node < self.first:
                yield f'<circle r="10" fill="{INPUT}" stroke="{INK}" stroke-width="1.2"/></g>'
            else:
                yield f'<use href="#a{self._activation(node)}"/></g>'
            yield from self._label(node, place)

    def _label(self, node: int, place: Place) -> Iterator[str]:
        name = self._name(node)
        if not name or place.radius < LABELLED:
            return
        before = node < self.first
        x = place.x + (-1 if before else 1) * (place.radius + 7)
        yield (
            f'<text x="{x:.1f}" y="{place.y + 4:.1f}" font-size="12" fill="{INK}" '
            f'text-anchor="{"end" if before else "start"}">{name}</text>'
        )

    def _legend(self) -> Iterator[str]:
        entries = [(f'<use href="#a{number}"/>', NAMES[number]) for number in self.used]
        if self.weights is not None:
            line = '<path d="M-10 0H10" stroke="{}" stroke-width="3"/>'
            entries += [(line.format(POSITIVE), "positive"), (line.format(NEGATIVE), "negative")]
        top = TOP + self.layout.height + BOTTOM
        for at, (sign, name) in enumerate(entries):
            row, column = divmod(at, self.legend_columns)
            yield f'<g transform="translate({34 + column * ENTRY} {top + row * ENTRY_HEIGHT:.0f})">{sign}'
            yield f'<text x="16" y="4" font-size="12" fill="{INK}">{name}</text></g>'

    def _described(self, node: int) -> str:
        """What is shown when one points at a node."""
        fate = "" if node in self.alive else ", reaches no output"
        if node < self.first:
            return self._name(node) + fate
        return f"{self._name(node) or f'node {node}'}: {NAMES[self._activation(node)]}{fate}"

    def _name(self, node: int) -> str:
        first_output = self.network.node_count - self.network.outputs
        if node < self.first:
            return f"in {node}" if node else "bias"
        return f"out {node - first_output + 1}" if node >= first_output else ""

    def _activation(self, node: int) -> int:
        return self.network.activations[node - self.first]


def _alive(network: SharedWeightNetwork) -> set[int]:
    """Outputs, and the nodes from which a path leads to one."""
    alive = set(range(network.node_count - network.outputs, network.node_count))
    for source, target in sorted(zip(network.sources, network.targets, strict=True), key=lambda ends: -ends[1]):
        if target in alive:
            alive.add(source)
    return alive


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _line(start: Place, ways: Sequence[Point], end: Place) -> str:
    """A smooth path through the points, level at both ends, that turns nowhere but at a point."""
    points = [(start.x + start.radius, start.y), *ways, (end.x - end.radius, end.y)]
    rises = [(y1 - y0) / (x1 - x0) for (x0, y0), (x1, y1) in pairwise(points)]
    slopes = [0.0, *(2 * a * b / (a + b) if a * b > 0 else 0.0 for a, b in pairwise(rises)), 0.0]
    path = f"M{points[0][0]:.1f} {points[0][1]:.1f}"
    for ((x0, y0), (x1, y1)), (before, after) in zip(pairwise(points), pairwise(slopes), strict=True):
        bend = 0.4 * (x1 - x0)
        path += f"C{x0 + bend:.1f} {y0 + before * bend:.1f} {x1 - bend:.1f} {y1 - after * bend:.1f} {x1:.1f} {y1:.1f}"
    return path


def _curve(number: int) -> str:
    """The activation from -1.5 to 1.5 as a path within a disc of radius 10."""
    x = np.linspace(-1.5, 1.5, 31)
    y = np.clip(activate(number, x), -1.3, 1.3)
    points = [f"{4.4 * a:.1f} {-4.2 * b:.1f}" for a, b in zip(x.tolist(), y.tolist(), strict=True)]
    return "M" + "L".join(points)
