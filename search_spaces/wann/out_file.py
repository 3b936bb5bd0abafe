"""The published `.out` files of weight agnostic networks, read and written.

Comma-separated text, one row for each of N nodes in the order bias, inputs, hidden, outputs, each with N + 1 numbers:
the weights of its connections to every node (0: none, NaN: disabled), then the node's activation id. Weights in such
files are left over from the search, so that every finite one but 0 means a connection. Refusals are SpaceErrors.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..errors import SpaceError
from ..ops import SharedWeightNetwork
from .activations import LINEAR, NAMES
from .genome import Genome

LARGEST = 4096  # nodes: the largest published network has about a tenth

Matrix = NDArray[np.float64]


def read_out(text: str, inputs: int | None = None, outputs: int | None = None) -> Genome:
    """The genome of a published file, its hidden nodes and connections numbered row by row.

    Where `inputs` or `outputs` are not given, the first nodes that nothing leads to are bias and inputs, and the last
    that lead to nothing are outputs; that holds for every published network.
    """
    table = _table(text)
    weights, ids = table[:, :-1], _activations(table[:, -1])
    inputs = _inputs(weights) if inputs is None else inputs
    outputs = _outputs(weights) if outputs is None else outputs
    _check_sizes(len(weights), inputs, outputs)
    _check_places(weights, inputs, outputs)
    return _genome(weights, ids, inputs, outputs)


def write_out(genome: Genome, published_disabled: bool = False) -> str:
    """The file of a genome, each connection with weight 1, and NaN for a disabled one.

    With `published_disabled` hidden nodes have no disabled connections between them, as in the published networks.
    """
    order = [*range(genome.first_output), *genome.order, *range(genome.first_output, genome.first_hidden)]
    place = {node: at for at, node in enumerate(order)}
    weights = np.zeros((len(order), len(order)))
    for source, target, enabled in zip(genome.sources, genome.targets, genome.enabled, strict=True):
        active = enabled or (published_disabled and min(source, target) >= genome.first_hidden)
        weights[place[source], place[target]] = 1 if active else np.nan
    return _text(weights, [genome.activation(node) for node in order[genome.first_output :]])


def write_network(network: SharedWeightNetwork, weights: Sequence[float] | None = None) -> str:
    """The file of a network in its own order, with `weights` (connections,), three digits of each, or 1 everywhere."""
    matrix = np.zeros((network.node_count, network.node_count))
    matrix[list(network.sources), list(network.targets)] = 1 if weights is None else weights
    return _text(matrix, network.activations)


def _text(weights: Matrix, activations: Sequence[int]) -> str:
    """`weights` (N, N) and the activations of the last nodes; bias and inputs are linear."""
    ids = [LINEAR] * (len(weights) - len(activations)) + list(activations)
    rows = np.column_stack([weights, ids]).tolist()
    return "".join(",".join(f"{value:1.2e}" for value in row) + "\n" for row in rows)


def _table(text: str) -> Matrix:
    """All numbers (N, N + 1)."""
    rows = [line.split(",") for line in text.splitlines() if line.strip()]
    if not 0 < len(rows) <= LARGEST:
        raise SpaceError(f"the file has {len(rows)} rows; a network has one a node, up to {LARGEST}")
    for at, row in enumerate(rows, 1):
        if len(row) != len(rows) + 1:
            raise SpaceError(
                f"row {at} has {len(row)} numbers, but {len(rows)} rows need {len(rows) + 1} in each: "
                "one for every node and the activation"
            )
    return np.array(
        [[_number(cell, at, column) for column, cell in enumerate(row, 1)] for at, row in enumerate(rows, 1)]
    )


def _number(cell: str, row: int, column: int) -> float:
    try:
        value = float(cell)
    except ValueError:
        raise SpaceError(f"row {row}, column {column}: {cell.strip()[:20]!r} is no number") from None
    if math.isinf(value):
        raise SpaceError(f"row {row}, column {column} is infinite; a weight is a number, or NaN for a disabled one")
    return value


def _activations(column: Matrix) -> list[int]:
    for row, value in enumerate(column.tolist(), 1):
        if value not in NAMES:
            raise SpaceError(f"row {row} ends in {value:g}, which is no activation; ids: 1 to {max(NAMES)}")
    return [int(value) for value in column.tolist()]


def _inputs(weights: Matrix) -> int:
    led_to = (weights != 0).any(0)  # NaN is a connection here
    if not led_to.any() or led_to[:2].any():
        raise SpaceError("how many inputs the network has cannot be told from its connections; state the inputs")
    return int(led_to.argmax()) - 1


def _outputs(weights: Matrix) -> int:
    leading = (weights != 0).any(1)[::-1]
    if not leading.any() or leading[0]:
        raise SpaceError("how many outputs the network has cannot be told from its connections; state the outputs")
    return int(leading.argmax())


def _check_sizes(nodes: int, inputs: int, outputs: int) -> None:
    if inputs < 1 or outputs < 1 or 1 + inputs + outputs > nodes:
        raise SpaceError(
            f"the file has {nodes} nodes, which cannot be a bias, {inputs} inputs and {outputs} outputs: "
            "an output is missing, or the file is of another task"
        )


def _check_places(weights: Matrix, inputs: int, outputs: int) -> None:
    first_output = len(weights) - outputs
    for source, target in np.argwhere(weights != 0).tolist():
        where = f"row {source + 1}, column {target + 1}: a connection from node {source} to node {target}"
        if target <= inputs:
            raise SpaceError(f"{where}, which is the bias or one of {inputs} inputs; these are only read")
        if source >= first_output:
            raise SpaceError(f"{where}, but node {source} is one of {outputs} outputs, which feed nothing")
        if target <= source:
            raise SpaceError(f"{where}, which is not later in the order: that would be a cycle")


def _genome(weights: Matrix, ids: list[int], inputs: int, outputs: int) -> Genome:
    count, first = len(weights), 1 + inputs
    hidden = range(first, count - outputs)
    index = [*range(first), *range(first + outputs, count), *range(first, first + outputs)]  # of each row's node
    following = (1 + inputs) * outputs  # below: the numbers of connections from inputs to outputs
    genes = []
    for row, column in np.argwhere(weights != 0).tolist():
        source, target = index[row], index[column]
        if source < first and target < first + outputs:
            innovation = (target - first) * first + source
        else:
            innovation, following = following, following + 1
        genes.append((innovation, source, target, not math.isnan(weights[row, column])))
    genes.sort()
    innovations, sources, targets, enabled = zip(*genes, strict=True) if genes else ((), (), (), ())
    activations = (*ids[count - outputs :], *ids[first : count - outputs])
    genome = Genome(
        inputs, outputs, tuple(index[node] for node in hidden), activations, innovations, sources, targets, enabled
    )
    genome.check()
    return genome
