"""The topological layers of a network: what can be computed in one product."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from ..ops import SharedWeightNetwork


@dataclass(frozen=True)
class Layer:
    """Nodes that do not feed each other, sorted by activation, and the connections that lead to them.

    `groups` are activation ids with the number of neighbouring nodes that share it. Connection `connections[i]` of the
    network leads from column `rows[i]` of all values so far (bias, inputs, then the nodes of earlier layers) to
    `columns[i]` of this layer.
    """

    nodes: tuple[int, ...]
    groups: tuple[tuple[int, int], ...]
    connections: tuple[int, ...]
    rows: tuple[int, ...]
    columns: tuple[int, ...]


def layers(network: SharedWeightNetwork) -> tuple[Layer, ...]:
    """Hidden nodes by the longest path to them, nearest first; the last layer are the outputs in their own order."""
    feeding: list[list[int]] = [[] for _ in range(network.node_count)]
    for connection, target in enumerate(network.targets):
        feeding[target].append(connection)
    levels = _levels(network, feeding)
    column = {node: node for node in range(1 + network.in_shape[0])}
    found = []
    for nodes in levels:
        found.append(_layer(network, nodes, feeding, column))
        column |= {node: len(column) + at for at, node in enumerate(nodes)}
    return tuple(found)


def _levels(network: SharedWeightNetwork, feeding: list[list[int]]) -> list[list[int]]:
    first = 1 + network.in_shape[0]
    hidden = range(first, first + network.hidden_count)
    depth = [0] * network.node_count
    for node in hidden:
        depth[node] = 1 + max((depth[network.sources[connection]] for connection in feeding[node]), default=0)
    levels = [[node for node in hidden if depth[node] == at] for at in range(1, max(depth) + 1)]
    for nodes in levels:
        nodes.sort(key=lambda node: network.activations[node - first])
    return [*levels, list(range(hidden.stop, network.node_count))]


def _layer(network: SharedWeightNetwork, nodes: list[int], feeding: list[list[int]], column: dict[int, int]) -> Layer:
    activations = [network.activations[node - 1 - network.in_shape[0]] for node in nodes]
    pairs = [(connection, at) for at, node in enumerate(nodes) for connection in feeding[node]]
    return Layer(
        tuple(nodes),
        tuple((number, len(list(same))) for number, same in groupby(activations)),
        tuple(connection for connection, _ in pairs),
        tuple(column[network.sources[connection]] for connection, _ in pairs),
        tuple(at for _, at in pairs),
    )
