"""A network whose connections all carry one shared weight (arXiv 1906.04358), as a single op on a vector."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .base import Op, Shape


@dataclass(frozen=True)
class SharedWeightNetwork(Op):
    """Nodes in topological order: 0 is the bias, 1 to `in_shape[0]` the inputs, then hidden nodes, then `outputs`.

    `activations` are the ids (`search_spaces.wann.activations`) of hidden nodes and outputs. Connection k leads from
    node `sources[k]` to node `targets[k]`, later in the order, and never from an output; connections stand sorted by
    (target, source), no two with the same ends. A node's value is its activation of the weighted sum over its
    connections. Each connection counts as one parameter, for tuning gives each its own weight, and as one MAC.
    """

    kind: ClassVar[str] = "shared_weight_network"
    interned: ClassVar[bool] = False  # a search makes 10^5 of them, and no two jobs share one
    outputs: int
    activations: tuple[int, ...]
    sources: tuple[int, ...]
    targets: tuple[int, ...]

    @property
    def out_shape(self) -> Shape:
        return (self.outputs,)

    @property
    def params(self) -> int:
        return len(self.sources)

    @property
    def macs(self) -> int:
        return len(self.sources)

    @property
    def node_count(self) -> int:
        """Bias, inputs, hidden nodes and outputs."""
        return 1 + self.in_shape[0] + len(self.activations)

    @property
    def hidden_count(self) -> int:
        return len(self.activations) - self.outputs
