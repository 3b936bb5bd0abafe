"""Ops on clips. Shapes are (channels, frames, height, width).

Maps are same-padded as TensorFlow pads: ceil(size / stride) cells remain, and an odd cell of padding goes to the end.
`padding` "symmetric" is kernel // 2 at both ends, as the 3D ResNets pad; odd kernels give maps of the same size then.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import ClassVar, Literal

from .base import Op, Shape
from .image import Activation

Triple = tuple[int, int, int]  # along frames, height, width
Padding = Literal["same", "symmetric"]
Pool = Literal["max", "avg"]
Head = Literal["pooled", "per_frame"]

POINT: Triple = (1, 1, 1)


@dataclass(frozen=True)
class ClipOp(Op):
    """Base of ops on clips. There are millions of them, for a map's size depends on every choice before it."""

    interned: ClassVar[bool] = False


@dataclass(frozen=True)
class Weightless(ClipOp):
    """Base of those that have no parameters and multiply nothing."""

    @property
    def params(self) -> int:
        return 0

    @property
    def macs(self) -> int:
        return 0


@dataclass(frozen=True)
class ClipConv(ClipOp):
    """Convolution, batch norm, activation: 1xkxk is a spatial one, kx1x1 a temporal one."""

    kind: ClassVar[str] = "clip_conv"
    out_channels: int
    kernel: Triple = POINT
    stride: Triple = POINT
    groups: int = 1
    activation: Activation = "relu"
    padding: Padding = "same"

    @cached_property
    def out_shape(self) -> Shape:
        return (self.out_channels, *strided_clip(self.in_shape, self.stride))

    @cached_property
    def params(self) -> int:
        return self._weights + 2 * self.out_channels

    @cached_property
    def macs(self) -> int:
        return self._weights * prod(self.out_shape[1:])

    @property
    def _weights(self) -> int:
        return self.in_shape[0] // self.groups * self.out_channels * prod(self.kernel)


@dataclass(frozen=True)
class ClipPool(Weightless):
    """Maximum or average over a window; cells of the padding count for neither."""

    kind: ClassVar[str] = "clip_pool"
    pool: Pool
    kernel: Triple
    stride: Triple = POINT
    padding: Padding = "same"

    @cached_property
    def out_shape(self) -> Shape:
        return (self.in_shape[0], *strided_clip(self.in_shape, self.stride))


@dataclass(frozen=True)
class ClipGate(ClipOp):
    """A sigmoid for each channel from the mean over time and space, multiplied in; then the activation.

    With `hidden` channels between two linear layers it is squeeze-and-excitation (arXiv 1709.01507), with none (0) it
    is context gating (arXiv 1706.06905), one linear layer. All of them have biases.
    """

    kind: ClassVar[str] = "clip_gate"
    hidden: int = 0
    activation: Activation = "none"

    @property
    def out_shape(self) -> Shape:
        return self.in_shape

    @cached_property
    def params(self) -> int:
        channels, hidden = self.in_shape[0], self.hidden
        return self.macs + (hidden + channels if hidden else channels)

    @cached_property
    def macs(self) -> int:
        return 2 * self.in_shape[0] * self.hidden if self.hidden else self.in_shape[0] ** 2


@dataclass(frozen=True)
class NonLocal(ClipOp):
    """Embedded-Gaussian attention over all positions of a clip, added to its input (arXiv 1711.07971).

    Queries, keys and values have half the channels; keys and values come from a map that is max-pooled 2x2 in space
    where that is possible. Products are divided by the root of the inner channels, without which the softmax is as
    good as one-hot from the start. The two products of the attention count as MACs.
    """

    kind: ClassVar[str] = "non_local"

    @property
    def out_shape(self) -> Shape:
        return self.in_shape

    @property
    def inner(self) -> int:
        """Channels of queries, keys and values."""
        return max(1, self.in_shape[0] // 2)

    @property
    def key_shape(self) -> Shape:
        """Shape of the map that keys and values are made from."""
        return (self.in_shape[0], self.in_shape[1], *(max(1, side // 2) for side in self.in_shape[2:]))

    @cached_property
    def params(self) -> int:
        return 4 * self.in_shape[0] * self.inner + 2 * self.in_shape[0]

    @cached_property
    def macs(self) -> int:
        queries, keys = prod(self.in_shape[1:]), prod(self.key_shape[1:])
        return 2 * self.inner * (self.in_shape[0] * (queries + keys) + queries * keys)


@dataclass(frozen=True)
class ClipAdd(Weightless):
    """The sum of two clips of one shape, then the activation: where a block and its shortcut meet.

    `gated` where the block ends with a gate: a runtime that adds up inside of a convolution has to do without.
    """

    kind: ClassVar[str] = "clip_add"
    arity: ClassVar[int] = 2
    activation: Activation = "relu"
    gated: bool = False

    @property
    def out_shape(self) -> Shape:
        return self.in_shape


@dataclass(frozen=True)
class ClipClassifier(ClipOp):
    """Mean over time and space, then a linear layer. `per_frame` applies the layer to each frame's mean instead.

    The logits of frames are then summed, weighted by their softmax over time: for long clips whose label may belong to
    a short part of them (arXiv 1910.06961).
    """

    kind: ClassVar[str] = "clip_classifier"
    outputs: int
    head: Head = "pooled"

    @property
    def out_shape(self) -> Shape:
        return (self.outputs,)

    @property
    def params(self) -> int:
        return self.in_shape[0] * self.outputs + self.outputs

    @property
    def macs(self) -> int:
        return self.in_shape[0] * self.outputs * (self.in_shape[1] if self.head == "per_frame" else 1)


def strided_clip(shape: Shape, stride: Triple) -> Triple:
    """Frames, height and width after a same-padded window of this stride: ceil(size / stride)."""
    frames, height, width = (-(-size // step) for size, step in zip(shape[1:], stride, strict=True))
    return frames, height, width
