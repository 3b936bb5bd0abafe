"""The torch module of a shared-weight network, with a weight for each connection so that they can be tuned."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from ..ops import SharedWeightNetwork
from ..wann.layers import Layer, layers

ACTIVATIONS: dict[int, Callable[[Tensor], Tensor]] = {
    1: lambda x: x,
    2: lambda x: (x > 0).to(x.dtype),
    3: lambda x: torch.sin(torch.pi * x),
    4: lambda x: torch.exp(-x * x / 2),
    5: torch.tanh,
    6: torch.sigmoid,
    7: torch.neg,
    8: torch.abs,
    9: torch.relu,
    10: lambda x: torch.cos(torch.pi * x),
    11: torch.square,
}


class MaskedProduct(nn.Module):
    """One topological layer: the columns that it reads times a matrix that is zero but for its connections."""

    connections: Tensor
    reads: Tensor
    rows: Tensor
    columns: Tensor

    def __init__(self, layer: Layer) -> None:
        super().__init__()
        reads = sorted(set(layer.rows))
        self.width = len(layer.nodes)
        self.numbers = [number for number, _ in layer.groups]
        self.counts = [count for _, count in layer.groups]
        self._index("connections", layer.connections)
        self._index("reads", reads)
        self._index("rows", [reads.index(row) for row in layer.rows])
        self._index("columns", layer.columns)

    def _index(self, name: str, values: tuple[int, ...] | list[int]) -> None:
        self.register_buffer(name, torch.tensor(values, dtype=torch.long), persistent=False)

    def forward(self, values: Tensor, weight: Tensor) -> Tensor:
        matrix = weight.new_zeros(len(self.reads), self.width)
        matrix = matrix.index_put((self.rows, self.columns), weight[self.connections])
        sums = torch.split(values.index_select(1, self.reads) @ matrix, self.counts, 1)
        return torch.cat([ACTIVATIONS[number](part) for number, part in zip(self.numbers, sums, strict=True)], 1)


class SharedWeightModule(nn.Module):
    """Takes (batch, inputs), gives (batch, outputs). `weight` (connections,) starts as 1 everywhere."""

    def __init__(self, op: SharedWeightNetwork) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(len(op.sources)))
        self.layers = nn.ModuleList(MaskedProduct(layer) for layer in layers(op))

    def forward(self, x: Tensor) -> Tensor:
        values = torch.cat([x.new_ones(len(x), 1), x], 1)
        *hidden, output = self.layers
        for layer in hidden:
            values = torch.cat([values, layer(values, self.weight)], 1)
        outputs: Tensor = output(values, self.weight)
        return outputs
