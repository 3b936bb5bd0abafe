"""Ops on images. Shapes are (channels, height, width)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import ClassVar, Literal

from .base import Op, Shape

Activation = Literal["relu", "relu6", "hswish", "none"]
Gate = Literal["hard_sigmoid", "sigmoid"]
Skip = Literal["none", "identity", "pool"]


@dataclass(frozen=True)
class Conv(Op):
    """Convolution, batch norm, activation; `pool` and `identity` skips need equal shapes at both ends."""

    kind: ClassVar[str] = "conv"
    out_channels: int
    kernel: int
    stride: int = 1
    activation: Activation = "relu"
    skip: Skip = "none"

    @cached_property
    def out_shape(self) -> Shape:
        return (self.out_channels, *strided(self.in_shape, self.stride))

    @cached_property
    def params(self) -> int:
        return self.in_shape[0] * self.out_channels * self.kernel**2 + 2 * self.out_channels

    @cached_property
    def macs(self) -> int:
        return self.in_shape[0] * self.out_channels * self.kernel**2 * area(self.out_shape)

    @cached_property
    def family(self) -> str:
        return replace(self, in_shape=(1, *self.in_shape[1:]), out_channels=1).key

    @cached_property
    def kin(self) -> str:
        return replace(self, in_shape=(1, 1, 1), out_channels=1).key


@dataclass(frozen=True)
class MBConv(Op):
    """Mobile inverted bottleneck (arXiv 1801.04381) with squeeze-and-excitation after the depthwise layer (1905.02244).

    Expansion 1x1, depthwise kxk, SE gate of `se_channels` (0: none) through `se_gate`, linear projection 1x1. With
    `expanded_channels == in_shape[0]` there is no expansion layer: that is a depthwise-separable convolution.
    """

    kind: ClassVar[str] = "mbconv"
    out_channels: int
    kernel: int
    stride: int
    expanded_channels: int
    se_channels: int = 0
    activation: Activation = "relu"
    skip: Skip = "none"
    se_gate: Gate = "hard_sigmoid"

    @property
    def expands(self) -> bool:
        return self.expanded_channels != self.in_shape[0]

    @cached_property
    def out_shape(self) -> Shape:
        return (self.out_channels, *strided(self.in_shape, self.stride))

    @cached_property
    def params(self) -> int:
        cin, mid, out, se = self.in_shape[0], self.expanded_channels, self.out_channels, self.se_channels
        expansion = (cin * mid + 2 * mid) if self.expands else 0
        gate = (2 * mid * se + se + mid) if se else 0
        return expansion + (self.kernel**2 * mid + 2 * mid) + gate + (mid * out + 2 * out)

    @cached_property
    def macs(self) -> int:
        cin, mid = self.in_shape[0], self.expanded_channels
        expansion = cin * mid * area(self.in_shape) if self.expands else 0
        per_output = self.kernel**2 * mid + mid * self.out_channels
        return expansion + per_output * area(self.out_shape) + 2 * mid * self.se_channels

    @cached_property
    def family(self) -> str:
        return self._without_widths((1, *self.in_shape[1:])).key

    @cached_property
    def kin(self) -> str:
        return self._without_widths((1, 1, 1)).key

    def _without_widths(self, shape: Shape) -> MBConv:
        squeezed, expanded = min(1, self.se_channels), 1 + self.expands
        return replace(self, in_shape=shape, out_channels=1, expanded_channels=expanded, se_channels=squeezed)


@dataclass(frozen=True)
class Classifier(Op):
    """Global average pool, an optional hidden linear layer with activation and no batch norm, linear output."""

    kind: ClassVar[str] = "classifier"
    outputs: int
    hidden: int = 0
    activation: Activation = "hswish"

    @cached_property
    def out_shape(self) -> Shape:
        return (self.outputs,)

    @cached_property
    def params(self) -> int:
        return sum(a * b + b for a, b in pairwise(self._widths))

    @cached_property
    def macs(self) -> int:
        return sum(a * b for a, b in pairwise(self._widths))

    @cached_property
    def family(self) -> str:
        return replace(self, in_shape=(1, *self.in_shape[1:])).key

    @cached_property
    def kin(self) -> str:
        return replace(self, in_shape=(1, 1, 1), outputs=1, hidden=min(self.hidden, 1)).key

    @property
    def _widths(self) -> tuple[int, ...]:
        return (self.in_shape[0], *((self.hidden,) if self.hidden else ()), self.outputs)


def strided(shape: Shape, stride: int) -> Shape:
    """Height and width after a same-padded window of this stride: ceil(side / stride)."""
    return tuple(-(-side // stride) for side in shape[1:])


def area(shape: Shape) -> int:
    return shape[1] * shape[2]
