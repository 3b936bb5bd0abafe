"""Where a network's nodes and connections run in its picture: a column for each topological layer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice, pairwise

from ..ops import SharedWeightNetwork
from .layers import layers

COLUMN = 92.0  # px between columns
ROW = 34.0  # px that a node has, where there is room
LANE = 9.0  # px that a connection has where it passes a column
FAN, MOST_FAN = 5.0, 260.0  # px more between the first two columns for each of many inputs, and at most
RADIUS = 12.0
MOST_HEIGHT = 1400.0
LEAST_HEIGHT = 130.0
MOST_LANES = 3000  # beyond, connections pass behind nodes
ORDERINGS = 16
STRAIGHTENINGS = 12

Point = tuple[float, float]


@dataclass(frozen=True)
class Place:
    """Centre and radius of a node in px."""

    x: float
    y: float
    radius: float


@dataclass(frozen=True)
class Layout:
    """Places of all nodes by their position in the network, within `width` times `height` px.

    `ways` are, for each connection, the points between its ends that it runs through.
    """

    places: tuple[Place, ...]
    ways: tuple[tuple[Point, ...], ...]
    width: float
    height: float


def layout(network: SharedWeightNetwork) -> Layout:
    """Bias and inputs at the left, outputs at the right, hidden nodes near the nodes that they are connected to."""
    return _Columns(network).settled()


class _Columns:
    """Items of each column: the nodes, by their position, and beside them a lane for each connection that passes."""

    def __init__(self, network: SharedWeightNetwork) -> None:
        self.nodes = network.node_count
        self.columns = [list(range(1 + network.in_shape[0])), *(list(layer.nodes) for layer in layers(network))]
        column = {node: number for number, nodes in enumerate(self.columns) for node in nodes}
        ends = list(zip(network.sources, network.targets, strict=True))
        passed = sum(column[t] - column[s] - 1 for s, t in ends)
        routed = passed <= MOST_LANES
        lanes = count(self.nodes)
        self.chains = [[s, *(self._lanes(column[s] + 1, column[t], lanes) if routed else ()), t] for s, t in ends]
        items = self.nodes + (passed if routed else 0)
        self.before: list[list[int]] = [[] for _ in range(items)]
        self.after: list[list[int]] = [[] for _ in range(items)]
        for chain in self.chains:
            for left, right in pairwise(chain):
                self.after[left].append(right)
                self.before[right].append(left)
        self.height = min(MOST_HEIGHT, max(LEAST_HEIGHT, *(self._needed(column) for column in self.columns)))
        self.y = [self.height / 2] * items

    def settled(self) -> Layout:
        """Columns sorted so that few connections cross, then moved so that most of them run straight."""
        for column in self.columns:
            self._spread(column)
        for sweep in range(ORDERINGS):
            neighbours = self.before if sweep % 2 == 0 else self.after
            for column in self.columns[1:-1] if sweep % 2 == 0 else self.columns[-2:0:-1]:
                means = {item: self._mean(neighbours[item], self.y[item]) for item in column}
                column.sort(key=means.__getitem__)
                self._spread(column)
        for _ in range(STRAIGHTENINGS):
            for column in self.columns[1:]:
                self._straighten(column)
        extra = min(MOST_FAN, FAN * max(0, len(self.columns[0]) - 12))
        starts = [0.0, *(extra + COLUMN * number for number in range(1, len(self.columns)))]
        x = {item: start for start, column in zip(starts, self.columns, strict=True) for item in column}
        size = {item: self._scale(column) for column in self.columns for item in column}
        places = [Place(x[node], self.y[node], min(RADIUS, 0.4 * ROW * size[node])) for node in range(self.nodes)]
        ways = [tuple((x[lane], self.y[lane]) for lane in chain[1:-1]) for chain in self.chains]
        return Layout(tuple(places), tuple(ways), starts[-1], self.height)

    def _lanes(self, first: int, last: int, lanes: Iterator[int]) -> list[int]:
        """A new item in each of these columns."""
        made = list(islice(lanes, last - first))
        for number, item in enumerate(made, first):
            self.columns[number].append(item)
        return made

    def _room(self, item: int) -> float:
        return ROW if item < self.nodes else LANE

    def _needed(self, column: list[int]) -> float:
        return sum(self._room(item) for item in column)

    def _scale(self, column: list[int]) -> float:
        return min(1.0, self.height / self._needed(column))

    def _spread(self, column: list[int]) -> None:
        """One after another around the middle, up to half as much apart again as they need to be."""
        scale = min(1.5, self.height / self._needed(column))
        at = (self.height - scale * self._needed(column)) / 2
        for item in column:
            room = scale * self._room(item)
            self.y[item] = at + room / 2
            at += room

    def _straighten(self, column: list[int]) -> None:
        """Everything as near to the mean of its neighbours as the order and the room of the others allow."""
        scale = self._scale(column)
        tops, at = [], 0.0
        for item in column:
            at += scale * self._room(item)
            tops.append(at - scale * self._room(item) / 2)
        wanted = [self._mean(self.before[item] + self.after[item], self.y[item]) for item in column]
        blocks: list[tuple[float, float, int]] = []  # sum of weighted wishes, weight, items: pool adjacent violators
        for item, wish, top in zip(column, wanted, tops, strict=True):
            weight = 1.0 if item < self.nodes else 3.0
            blocks.append((weight * (wish - top), weight, 1))
            while len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] >= blocks[-1][0] / blocks[-1][1]:
                a, b = blocks[-2:]
                blocks[-2:] = [(a[0] + b[0], a[1] + b[1], a[2] + b[2])]
        shifts = [total / weight for total, weight, items in blocks for _ in range(items)]
        for item, shift, top in zip(column, shifts, tops, strict=True):
            self.y[item] = top + min(max(shift, 0.0), self.height - at)

    def _mean(self, items: Sequence[int], otherwise: float) -> float:
        return sum(self.y[item] for item in items) / len(items) if items else otherwise
