"""A shared-weight network as flat arrays that compiled kernels interpret: nothing is compiled per network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search_spaces.ops import SharedWeightNetwork
from search_spaces.wann.activations import NAMES

from .evaluator import Floats

Index = NDArray[np.intp]


@dataclass(frozen=True)
class Program:
    """Computed node k, of hidden nodes and outputs in order, sums `sources[offsets[k]:offsets[k + 1]]`.

    `inputs` counts the bias too, so computed node k has the number `inputs + k`. `activations` are ids.
    """

    inputs: int
    outputs: int
    offsets: Index
    sources: Index
    activations: Index

    @property
    def nodes(self) -> int:
        return self.inputs + len(self.activations)


def program_of(network: SharedWeightNetwork) -> Program:
    """Raises ValueError for a network that no order of evaluation fits, since kernels check no bounds."""
    inputs = 1 + network.in_shape[0]
    activations = np.array(network.activations, dtype=np.intp)
    sources = np.array(network.sources, dtype=np.intp)
    targets = np.array(network.targets, dtype=np.intp)
    _check(network, inputs, sources, targets)
    offsets = np.searchsorted(targets, np.arange(inputs, network.node_count + 1)).astype(np.intp)
    return Program(inputs, network.outputs, offsets, sources, activations)


def per_connection(network: SharedWeightNetwork, weights: Floats) -> Floats:
    """`weights` (N, connections), an array of another shape refused with a ValueError."""
    if np.shape(weights) != (len(weights), network.params):
        raise ValueError(f"expected {network.params} weights for each candidate, not an array {np.shape(weights)}")
    return np.asarray(weights)


def _check(network: SharedWeightNetwork, inputs: int, sources: Index, targets: Index) -> None:
    if not 1 <= network.outputs <= len(network.activations):
        raise ValueError(
            f"a network of {len(network.activations)} computed nodes cannot have {network.outputs} outputs"
        )
    unknown = sorted(set(network.activations) - set(NAMES))
    if unknown:
        raise ValueError(f"there is no activation {unknown[0]}; there are {min(NAMES)} to {max(NAMES)}")
    if len(sources) != len(targets) or np.any(np.diff(targets) < 0):
        raise ValueError("connections need a source and a target each, sorted by target")
    if np.any(sources < 0) or np.any(sources >= targets):
        raise ValueError("a connection must lead from a node to a later one; this network has a cycle")
    if np.any(targets < inputs) or np.any(targets >= network.node_count):
        raise ValueError("a connection must lead to a hidden node or an output")
