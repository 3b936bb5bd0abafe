"""What people use on video, as references to compare with: residual networks with 3D and with (2+1)D convolutions.

The 3D ones are those of arXiv 1711.09577, with projections (type B) as shortcuts throughout; its ResNet-18 and -34 have
parameter-free ones (type A) and so 0.2 million parameters less. The (2+1)D ones are those of arXiv 1711.11248 with the
intermediate widths of torchvision, which computes one for both convolutions of a block. Each takes 16 frames of
112x112 pixels and tells 400 classes (Kinetics).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from ..architecture import INPUT, Architecture
from ..ops import POINT, Activation, ClipAdd, ClipClassifier, ClipConv, ClipPool, Shape, Triple
from .graph import Graph

CLASSES = 400
INPUT_SHAPE: Shape = (3, 16, 112, 112)

Cell = Literal["basic", "bottleneck"]


@dataclass(frozen=True)
class VideoResNet:
    """`depths` are residual blocks a stage; a bottleneck's output is `growth` times its stage's width.

    `base` is the first stage's inner width a block; ResNeXt has `groups` of 4 channels there.
    """

    cell: Cell
    depths: tuple[int, int, int, int]
    factorised: bool = False
    base: int = 64
    growth: int = 4
    groups: int = 1

    def architecture(self, outputs: int = CLASSES, input_shape: Shape = INPUT_SHAPE) -> Architecture:
        """The network for clips of `input_shape` with `outputs` classes."""
        builder = _Builder(self, Graph(input_shape))
        builder.add_stem()
        for stage, depth in enumerate(self.depths):
            for block in range(depth):
                builder.add_block(self.base * 2**stage, stride=2 if stage and not block else 1)
        graph = builder.graph
        graph.add(ClipClassifier(graph.shape(builder.at), outputs), builder.at)
        return graph.architecture()


class _Builder:
    """Adds a network's layers to a graph; `at` is the node that the next one reads."""

    def __init__(self, network: VideoResNet, graph: Graph) -> None:
        self.network, self.graph = network, graph
        self.at = INPUT

    def add_stem(self) -> None:
        """7x7x7 and a pool; the (2+1)D stem has 45 channels between its parts and no pool."""
        if self.network.factorised:
            self._conv(45, (1, 7, 7), (1, 2, 2))
            self._conv(64, (3, 1, 1))
            return
        self._conv(64, (7, 7, 7), (1, 2, 2))
        pool = ClipPool(self.graph.shape(self.at), "max", (3, 3, 3), (2, 2, 2), "symmetric")
        self.at = self.graph.add(pool, self.at)

    def add_block(self, width: int, stride: int) -> None:
        """One residual block of inner `width`; the shortcut is projected where shapes differ."""
        source, before = self.at, self.graph.shape(self.at)
        out = self._main_path(width, stride)
        shortcut = source
        if stride != 1 or before[0] != out:
            shortcut = self.graph.add(_conv(before, out, POINT, (stride,) * 3, activation="none"), source)
        self.at = self.graph.add(ClipAdd(self.graph.shape(self.at)), self.at, shortcut)

    def _main_path(self, width: int, stride: int) -> int:
        """The layers beside the shortcut; gives the channels that they end with."""
        cin, network = self.graph.shape(self.at)[0], self.network
        if network.cell == "basic":
            self._window(cin, width, stride)
            self._window(cin, width, 1, activation="none")
            return width
        self._conv(width)
        self._window(cin, width, stride)
        self._conv(width * network.growth, activation="none")
        return width * network.growth

    def _window(self, block_in: int, width: int, stride: int, *, activation: Activation = "relu") -> None:
        """3x3x3, or 1x3x3 and 3x1x1 with about as many weights as a 3x3x3 from the block's input would have."""
        if not self.network.factorised:
            self._conv(width, (3, 3, 3), (stride,) * 3, activation=activation, groups=self.network.groups)
            return
        between = block_in * width * 27 // (block_in * 9 + 3 * width)
        self._conv(between, (1, 3, 3), (1, stride, stride))
        self._conv(width, (3, 1, 1), (stride, 1, 1), activation=activation)

    def _conv(
        self,
        out: int,
        kernel: Triple = POINT,
        stride: Triple = POINT,
        *,
        activation: Activation = "relu",
        groups: int = 1,
    ) -> None:
        op = replace(_conv(self.graph.shape(self.at), out, kernel, stride, activation=activation), groups=groups)
        self.at = self.graph.add(op, self.at)


def _conv(shape: Shape, out: int, kernel: Triple, stride: Triple, *, activation: Activation) -> ClipConv:
    return ClipConv(shape, out, kernel, stride, 1, activation, "symmetric")


RESNETS: Mapping[str, VideoResNet] = {
    "r2plus1d-18": VideoResNet("basic", (2, 2, 2, 2), factorised=True),
    "r2plus1d-34": VideoResNet("basic", (3, 4, 6, 3), factorised=True),
    "r2plus1d-50": VideoResNet("bottleneck", (3, 4, 6, 3), factorised=True),
    "r3d-18": VideoResNet("basic", (2, 2, 2, 2)),
    "r3d-34": VideoResNet("basic", (3, 4, 6, 3)),
    "r3d-50": VideoResNet("bottleneck", (3, 4, 6, 3)),
    "r3d-101": VideoResNet("bottleneck", (3, 4, 23, 3)),
    "resnext3d-101": VideoResNet("bottleneck", (3, 4, 23, 3), base=128, growth=2, groups=32),
}
