"""A graph of ops while it is being put together: what comes next is appended, and positions are handed about."""

from __future__ import annotations

from ..architecture import INPUT, Architecture, Node
from ..ops import Op, Shape


class Graph:
    """Nodes so far. `add` gives the position of the new node, which later ones may read; `INPUT` is the clip itself."""

    def __init__(self, input_shape: Shape) -> None:
        self.input_shape = input_shape
        self.nodes: list[Node] = []

    def add(self, op: Op, *inputs: int) -> int:
        self.nodes.append(Node(op, inputs))
        return len(self.nodes) - 1

    def shape(self, position: int) -> Shape:
        """Shape of what the node at `position` gives."""
        return self.input_shape if position == INPUT else self.nodes[position].op.out_shape

    def architecture(self, frame_rate: float | None = None) -> Architecture:
        return Architecture(self.input_shape, tuple(self.nodes), frame_rate)
