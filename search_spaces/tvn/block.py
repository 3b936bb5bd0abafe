"""The block of Tiny Video Networks (arXiv 1910.06961), as the released code applies it.

One application, with E = filters * expansion and the working width f (E where the bottleneck is inverted, or filters):

1. inverted only: 1x1 convolution to E, ReLU;
2. spatial op, left out with its stride where the kernel is 1: `std` and `depthwise` are a 1x1 convolution to f and then
   kxk; pools keep the channels;
3. temporal op, left out where there is one frame, where the kernel is 1 and on every second repeat;
4. non-local layer, if chosen;
5. not inverted: 1x1 convolution to E, no activation;
6. squeeze-and-excitation, then context gating, if chosen;
7. inverted only: 1x1 convolution to filters, no activation;
8. skip, if chosen and the number of frames is unchanged: a 1x1 convolution of the block's input, added;
9. the activation.

All convolutions have batch norm and no bias. The released code ignores its non-local flag, so the layer's place is
ours: where channels are fewest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..ops import Activation, ClipAdd, ClipConv, ClipGate, ClipPool, NonLocal, Pool
from .graph import Graph

Spatial = Literal["std", "depthwise", "maxpool", "avgpool"]
Temporal = Literal["1d", "maxpool", "avgpool"]

LEAST_SQUEEZED = 8  # channels between the layers of squeeze-and-excitation
_POOLS: dict[str, Pool] = {"maxpool": "max", "avgpool": "avg"}


@dataclass(frozen=True)
class Activations:
    """Of the spatial op, of the temporal op, and of the whole block."""

    spatial: Activation = "relu"
    temporal: Activation = "relu"
    block: Activation = "relu"


@dataclass(frozen=True)
class Block:
    """One block. `se` is the share of E between the layers of squeeze-and-excitation, 0 for none.

    Strides are those of the first repeat.
    """

    spatial: Spatial
    spatial_kernel: int
    spatial_stride: int
    temporal: Temporal
    temporal_kernel: int
    temporal_stride: int
    filters: int
    expansion: int
    repeats: int = 1
    se: float = 0.0
    context_gate: bool = False
    non_local: bool = False
    skip: bool = False
    inverted: bool = False
    activations: Activations = Activations()

    @property
    def expanded(self) -> int:
        return self.filters * self.expansion

    @property
    def width(self) -> int:
        """Channels that the spatial and the temporal op work on."""
        return self.expanded if self.inverted else self.filters

    @property
    def squeezed(self) -> int:
        return max(int(self.expanded * self.se), LEAST_SQUEEZED) if self.se else 0


def add_block(graph: Graph, source: int, block: Block) -> int:
    """All repeats of the block after node `source`; gives the last node.

    The first repeat has the strides; later ones have the temporal op off, on, off, ...
    """
    for repeat in range(block.repeats):
        source = _Application(graph, source, block, first=repeat == 0, temporal=repeat % 2 == 0).add()
    return source


class _Application:
    """One repeat of a block; `at` is the node that the next one reads."""

    def __init__(self, graph: Graph, source: int, block: Block, *, first: bool, temporal: bool) -> None:
        self.graph, self.source, self.block = graph, source, block
        self.at = source
        self.spatial_stride = block.spatial_stride if first else 1
        self.temporal_stride = block.temporal_stride if first else 1
        self.temporal = temporal

    def add(self) -> int:
        block = self.block
        if block.inverted:
            self._conv(block.expanded)
        if block.spatial_kernel != 1:
            self._spatial()
        if self.temporal and self.graph.shape(self.at)[1] > 1 and block.temporal_kernel != 1:
            self._temporal()
        if block.non_local:
            self.at = self.graph.add(NonLocal(self.graph.shape(self.at)), self.at)
        self._last_layers()
        return self.at

    def _last_layers(self) -> None:
        """From the expansion on. Whatever stands last carries the block's activation, for a runtime to fuse."""
        block, final = self.block, self.block.activations.block
        skips = block.skip and self.graph.shape(self.at)[1] == self.graph.shape(self.source)[1]
        layers = [("conv", block.expanded)] if not block.inverted else []
        layers += [("gate", block.squeezed)] if block.se else []
        layers += [("gate", 0)] if block.context_gate else []
        layers += [("conv", block.filters)] if block.inverted else []
        for place, (layer, channels) in enumerate(layers, start=1):
            activation = final if place == len(layers) and not skips else "none"
            add = self._conv if layer == "conv" else self._gate
            add(channels, activation=activation)
        if skips:
            self._skip()

    def _conv(self, channels: int, kernel: int = 1, stride: int = 1, *, activation: Activation = "relu") -> None:
        shape = self.graph.shape(self.at)
        op = ClipConv(shape, channels, (1, kernel, kernel), (1, stride, stride), 1, activation)
        self.at = self.graph.add(op, self.at)

    def _gate(self, hidden: int, *, activation: Activation) -> None:
        self.at = self.graph.add(ClipGate(self.graph.shape(self.at), hidden, activation), self.at)

    def _spatial(self) -> None:
        block, kernel, stride = self.block, self.block.spatial_kernel, self.spatial_stride
        activation = block.activations.spatial
        if pool := _POOLS.get(block.spatial):
            shape = self.graph.shape(self.at)
            self.at = self.graph.add(ClipPool(shape, pool, (1, kernel, kernel), (1, stride, stride)), self.at)
            return
        self._conv(block.width, activation=activation)
        if block.spatial == "std":
            self._conv(block.width, kernel, stride, activation=activation)
            return
        shape = self.graph.shape(self.at)
        window, step = (1, kernel, kernel), (1, stride, stride)
        self.at = self.graph.add(ClipConv(shape, block.width, window, step, block.width, activation), self.at)

    def _temporal(self) -> None:
        block, shape = self.block, self.graph.shape(self.at)
        window, step = (block.temporal_kernel, 1, 1), (self.temporal_stride, 1, 1)
        if pool := _POOLS.get(block.temporal):
            self.at = self.graph.add(ClipPool(shape, pool, window, step), self.at)
        else:
            op = ClipConv(shape, block.width, window, step, 1, block.activations.temporal)
            self.at = self.graph.add(op, self.at)

    def _skip(self) -> None:
        """A 1x1 convolution of the block's input, strided if the map has become smaller."""
        before, after = self.graph.shape(self.source), self.graph.shape(self.at)
        stride = self.spatial_stride if before[2:] != after[2:] else 1
        shortcut = ClipConv(before, after[0], (1, 1, 1), (1, stride, stride), 1, "none")
        side = self.graph.add(shortcut, self.source)
        gated = not self.block.inverted and (self.block.context_gate or self.block.se > 0)
        self.at = self.graph.add(ClipAdd(after, self.block.activations.block, gated), self.at, side)
