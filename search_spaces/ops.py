"""Ops: the nodes of an architecture, at the grain at which a runtime fuses work.

An op is a frozen description, never a module: it states shapes, parameters and MACs, and a `key` under which a latency
table files what it costs. Two equal ops are one object, so what is derived from an op is derived once a process.
Image shapes are (channels, height, width). MACs count convolutions and linear layers only (MobileNetV3's MAdds).
"""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import pairwise
from typing import Any, ClassVar, Literal

Shape = tuple[int, ...]
Activation = Literal["relu", "relu6", "hswish", "none"]
Gate = Literal["hard_sigmoid", "sigmoid"]
Skip = Literal["none", "identity", "pool"]


class _Interned(ABCMeta):
    """Makes equal ops identical, so that `key`, `params` and `macs` are computed once."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        op = super().__call__(*args, **kwargs)
        return _POOL.setdefault(op, op)


_POOL: dict[Any, Any] = {}


@dataclass(frozen=True)
class Op(metaclass=_Interned):
    """One node of an architecture. Subclasses add their own fields; every field is part of `key`."""

    kind: ClassVar[str]
    in_shape: Shape

    @property
    @abstractmethod
    def out_shape(self) -> Shape:
        """Shape of one output sample, without the batch."""

    @property
    @abstractmethod
    def params(self) -> int:
        """Trainable parameters, batch norm's scale and shift included."""

    @property
    @abstractmethod
    def macs(self) -> int:
        """Multiply-accumulates of convolutions and linear layers for one sample."""

    @cached_property
    def key(self) -> str:
        """Stable, readable name: `mbconv(in_shape=16x112x112,out_channels=24,...)`."""
        shown = (f"{f.name}={_text(getattr(self, f.name))}" for f in fields(self))
        return f"{self.kind}({','.join(shown)})"

    def to_json(self) -> dict[str, Any]:
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {"kind": self.kind} | {k: list(v) if isinstance(v, tuple) else v for k, v in values.items()}


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

    @property
    def _widths(self) -> tuple[int, ...]:
        return (self.in_shape[0], *((self.hidden,) if self.hidden else ()), self.outputs)


OPS: dict[str, type[Op]] = {"conv": Conv, "mbconv": MBConv, "classifier": Classifier}


def op_from_json(data: Mapping[str, Any]) -> Op:
    """The op that `to_json` described. Raises KeyError for an unknown kind, TypeError for unknown fields."""
    values = {k: tuple(v) if isinstance(v, list) else v for k, v in data.items() if k != "kind"}
    return OPS[data["kind"]](**values)


def strided(shape: Shape, stride: int) -> Shape:
    """Height and width after a same-padded window of this stride: ceil(side / stride)."""
    return tuple(-(-side // stride) for side in shape[1:])


def area(shape: Shape) -> int:
    return shape[1] * shape[2]


def _text(value: Any) -> str:
    return "x".join(map(str, value)) if isinstance(value, tuple) else str(value)
