"""Where the nodes of a network stand in its picture: a column for each topological layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..ops import SharedWeightNetwork
from .layers import layers

COLUMN = 92.0  # px between columns
ROW = 34.0  # px between nodes of a column, where there is room
RADIUS = 12.0
MOST_HEIGHT = 1400.0
LEAST_HEIGHT = 130.0
SWEEPS = 6


@dataclass(frozen=True)
class Place:
    """Centre and radius of a node in px."""

    x: float
    y: float
    radius: float


@dataclass(frozen=True)
class Layout:
    """Places of all nodes by their position in the network, within `width` times `height` px."""

    places: tuple[Place, ...]
    width: float
    height: float


def layout(network: SharedWeightNetwork) -> Layout:
    """Bias and inputs at the left, outputs at the right, hidden nodes near the nodes that they are connected to."""
    columns = [list(range(1 + network.in_shape[0])), *(list(layer.nodes) for layer in layers(network))]
    height = min(MOST_HEIGHT, max(LEAST_HEIGHT, ROW * max(map(len, columns))))
    heights = _settled(network, columns, height)
    pitch = {node: height / len(column) for column in columns for node in column}
    at = {node: COLUMN * number for number, column in enumerate(columns) for node in column}
    places = tuple(
        Place(at[node], heights[node], min(RADIUS, 0.42 * pitch[node])) for node in range(network.node_count)
    )
    return Layout(places, COLUMN * (len(columns) - 1), height)


def _settled(network: SharedWeightNetwork, columns: list[list[int]], height: float) -> list[float]:
    """Heights of all nodes, after hidden columns were sorted by the mean height of their neighbours, to and fro."""
    neighbours: list[list[int]] = [[] for _ in range(network.node_count)]
    for source, target in zip(network.sources, network.targets, strict=True):
        neighbours[source].append(target)
        neighbours[target].append(source)
    heights = [height / 2] * network.node_count
    for column in columns:
        _spread(column, heights, height)
    hidden = columns[1:-1]
    for sweep in range(SWEEPS):
        for column in hidden if sweep % 2 == 0 else hidden[::-1]:
            means = {node: _mean([heights[n] for n in neighbours[node]], heights[node]) for node in column}
            column.sort(key=means.__getitem__)
            _spread(column, heights, height)
    return heights


def _spread(column: Sequence[int], heights: list[float], height: float) -> None:
    """Evenly around the middle, no further apart than `ROW` by half again."""
    pitch = min(1.5 * ROW, height / len(column))
    top = (height - pitch * len(column)) / 2
    for at, node in enumerate(column):
        heights[node] = top + pitch * (at + 0.5)


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise
