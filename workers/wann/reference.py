"""What a network computes, node by node in float64: the reference that exported files are held to."""

from __future__ import annotations

import numpy as np

from search_spaces.ops import SharedWeightNetwork
from search_spaces.wann.activations import activate

from .evaluator import Floats


def forward(network: SharedWeightNetwork, weights: Floats, inputs: Floats) -> Floats:
    """Outputs (samples, outputs) for `inputs` (samples, inputs), with a weight (connections,) for each connection."""
    first = 1 + network.in_shape[0]
    sources = np.array(network.sources, dtype=np.intp)
    ends = np.searchsorted(network.targets, np.arange(first, network.node_count + 1))
    values = np.empty((network.node_count, len(inputs)))
    values[0], values[1:first] = 1, np.asarray(inputs).T
    with np.errstate(all="ignore"):
        for node, activation in enumerate(network.activations):
            mine = slice(ends[node], ends[node + 1])
            values[first + node] = activate(activation, weights[mine] @ values[sources[mine]])
    return values[network.node_count - network.outputs :].T


def on_all(network: SharedWeightNetwork, weight: float) -> Floats:
    """One shared weight as a weight (connections,) for each connection."""
    return np.full(len(network.sources), float(weight))
