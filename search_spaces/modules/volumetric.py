"""Networks on clips as they are usually written, with 3-D layers: what the 2-D ones of `video` are compared with.

A network from `build_volumetric` computes what `build` makes of the same architecture, and takes its weights. It is
for benchmarks and tests; nothing is trained in this form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import chain
from math import inf
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..architecture import Architecture
from ..ops import ClipAdd, ClipClassifier, ClipConv, ClipGate, ClipPool, NonLocal, Op
from .activation import activation
from .build import Graph
from .video import ClipAddModule
from .windows import Window


class Volume(nn.Module):
    """Pads a clip for a window; padding that is the same at both ends is left to the layer (`even`) where it can."""

    def __init__(self, op: ClipConv | ClipPool, value: float, *, layer_pads: bool) -> None:
        super().__init__()
        sizes = zip(op.in_shape[1:], op.kernel, op.stride, strict=True)
        pads = [Window((n, 1), (k, 1), (s, 1), op.padding).pads[0] for n, k, s in sizes]
        symmetric = layer_pads and all(before == after for before, after in pads)
        self.even = (pads[0][0], pads[1][0], pads[2][0]) if symmetric else (0, 0, 0)
        self.pads = [0] * 6 if symmetric else list(chain.from_iterable(reversed(pads)))
        self.value = value

    def forward(self, x: Tensor) -> Tensor:
        return functional.pad(x, self.pads, value=self.value) if any(self.pads) else x


class Conv3dModule(nn.Module):
    def __init__(self, op: ClipConv) -> None:
        super().__init__()
        cin, cout = op.in_shape[0], op.out_channels
        self.pad = Volume(op, 0.0, layer_pads=True)
        self.conv = nn.Conv3d(cin, cout, op.kernel, op.stride, self.pad.even, groups=op.groups, bias=False)
        self.bn = nn.BatchNorm3d(cout)
        self.act = activation(op.activation)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.act(self.bn(self.conv(self.pad(x))))
        return y


class Pool3dModule(nn.Module):
    cells: Tensor

    def __init__(self, op: ClipPool) -> None:
        super().__init__()
        self.op = op
        self.pad = Volume(op, -inf if op.pool == "max" else 0.0, layer_pads=op.pool == "max")
        filled = Volume(op, 0.0, layer_pads=False)(torch.ones(1, 1, *op.in_shape[1:]))
        self.register_buffer("cells", functional.avg_pool3d(filled, op.kernel, op.stride), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        if self.op.pool == "max":
            return functional.max_pool3d(self.pad(x), self.op.kernel, self.op.stride, self.pad.even)
        return functional.avg_pool3d(self.pad(x), self.op.kernel, self.op.stride) / self.cells


class Gate3dModule(nn.Module):
    def __init__(self, op: ClipGate) -> None:
        super().__init__()
        channels = op.in_shape[0]
        self.pool = nn.AdaptiveAvgPool3d(1)
        self.reduce = nn.Conv3d(channels, op.hidden, 1) if op.hidden else nn.Identity()
        self.reduced = activation("relu") if op.hidden else nn.Identity()
        self.expand = nn.Conv3d(op.hidden or channels, channels, 1)
        self.act = activation(op.activation)

    def forward(self, x: Tensor) -> Tensor:
        scale = torch.sigmoid(self.expand(self.reduced(self.reduce(self.pool(x)))))
        y: Tensor = self.act(x * scale)
        return y


class NonLocal3dModule(nn.Module):
    def __init__(self, op: NonLocal) -> None:
        super().__init__()
        self.op = op
        channels = op.in_shape[0]
        self.query = nn.Conv3d(channels, op.inner, 1, bias=False)
        self.pool = nn.MaxPool3d((1, min(2, op.in_shape[2]), min(2, op.in_shape[3])))
        self.key = nn.Conv3d(channels, op.inner, 1, bias=False)
        self.value = nn.Conv3d(channels, op.inner, 1, bias=False)
        self.projection = nn.Conv3d(op.inner, channels, 1, bias=False)
        self.bn = nn.BatchNorm3d(channels)

    def forward(self, x: Tensor) -> Tensor:
        pooled = self.pool(x)
        query, key, value = (z.flatten(2) for z in (self.query(x), self.key(pooled), self.value(pooled)))
        weights = torch.softmax(query.transpose(1, 2) @ key / self.op.inner**0.5, 2)
        attended = (value @ weights.transpose(1, 2)).reshape(-1, self.op.inner, *self.op.in_shape[1:])
        y: Tensor = x + self.bn(self.projection(attended))
        return y


class Classifier3dModule(nn.Module):
    def __init__(self, op: ClipClassifier) -> None:
        super().__init__()
        per_frame = op.head == "per_frame"
        self.pool = nn.AdaptiveAvgPool3d((op.in_shape[1] if per_frame else 1, 1, 1))
        self.output = nn.Linear(op.in_shape[0], op.outputs)

    def forward(self, x: Tensor) -> Tensor:
        logits = self.output(self.pool(x).flatten(2).transpose(1, 2))
        y: Tensor = (torch.softmax(logits, 1) * logits).sum(1)
        return y


_MODULES: dict[type[Op], Callable[[Any], nn.Module]] = {
    ClipConv: Conv3dModule,
    ClipPool: Pool3dModule,
    ClipGate: Gate3dModule,
    NonLocal: NonLocal3dModule,
    ClipAdd: ClipAddModule,
    ClipClassifier: Classifier3dModule,
}


def build_volumetric(architecture: Architecture, weights: Mapping[str, Tensor] | None = None) -> nn.Module:
    """The network with 3-D layers; it takes (batch, channels, frames, height, width).

    `weights` are the state dict of one that `build` made of this architecture.
    """
    network = Graph(architecture, lambda op: _MODULES[type(op)](op))
    if weights is not None:
        state = network.state_dict()
        fitted = {name: _volume(name, weights[name], like, architecture) for name, like in state.items()}
        network.load_state_dict(fitted)
    return network


def _volume(name: str, weight: Tensor, like: Tensor, architecture: Architecture) -> Tensor:
    """A 2-D layer's weight as the 3-D layer's. Windows over space hold neighbouring frames as further channels."""
    op = architecture.ops[int(name.split(".")[1])]
    if isinstance(op, ClipConv) and name.endswith("conv.weight"):
        frames, height, width = op.kernel
        if height == width == 1 and weight.shape[2] == frames:
            return weight.reshape(like.shape)
        cin = op.in_shape[0] // op.groups
        return weight.reshape(op.out_channels, frames, cin, height, width).transpose(1, 2)
    return weight.reshape(like.shape)
