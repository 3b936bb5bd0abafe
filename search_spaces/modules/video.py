"""Torch modules for ops on clips. Attributes stand in the order of execution.

All convolutions are 2-D, for which runtimes have fast paths: between ops a clip is a batch of frames,
(batch * frames, channels, height, width), and a convolution along time is a window of (frames, 1) over (frames, cells).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from ..ops import ClipAdd, ClipClassifier, ClipConv, ClipGate, ClipPool, NonLocal, Op, Shape
from .activation import activation
from .windows import Window, WindowConv, WindowPool

DROPOUT = 0.5  # before the output layer (arXiv 1910.06961)


class FoldFrames(nn.Module):
    """(batch, channels, frames, height, width) to (batch * frames, channels, height, width); the latter stays so."""

    def __init__(self, clip_shape: Shape) -> None:
        super().__init__()
        channels, _, height, width = clip_shape
        self.frame_shape = (channels, height, width)

    def forward(self, x: Tensor) -> Tensor:
        return x if x.dim() == 4 else x.transpose(1, 2).reshape(-1, *self.frame_shape)


class OfClips(nn.Module):
    """An op's module on clips as they are: frames are folded before it and unfolded after it."""

    def __init__(self, op: Op, module: nn.Module) -> None:
        super().__init__()
        self.fold = FoldFrames(op.in_shape)
        self.module = module
        self.out_shape = op.out_shape

    def forward(self, *clips: Tensor) -> Tensor:
        y: Tensor = self.module(*(self.fold(clip) for clip in clips))
        if len(self.out_shape) != 4:
            return y
        channels, frames, height, width = self.out_shape
        return y.reshape(-1, frames, channels, height, width).transpose(1, 2)


class SpatialConv(nn.Module):
    """1xkxk, or kxkxk on frames whose neighbours are stacked as further channels."""

    def __init__(self, op: ClipConv) -> None:
        super().__init__()
        channels, _, height, width = op.in_shape
        self.neighbours = Neighbours(op) if (op.kernel[0], op.stride[0]) != (1, 1) else nn.Identity()
        window = Window((height, width), op.kernel[1:], op.stride[1:], op.padding)
        self.conv = WindowConv(op.kernel[0] * channels, op.out_channels, window, op.groups)
        self.bn = nn.BatchNorm2d(op.out_channels)
        self.act = activation(op.activation)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.act(self.bn(self.conv(self.neighbours(x))))
        return y


class Neighbours(nn.Module):
    """Every `stride`-th frame with those around it: (batch * frames, channels, ...) to (..., kernel * channels, ...).

    Channels of one group stand together, frame after frame.
    """

    def __init__(self, op: ClipConv) -> None:
        super().__init__()
        channels, frames, height, width = op.in_shape
        self.kernel, self.stride = op.kernel[0], op.stride[0]
        self.grouped = (frames, op.groups, channels // op.groups, height, width)
        self.stacked = (self.kernel * channels, height, width)
        self.pads = Window((frames, 1), (self.kernel, 1), (self.stride, 1), op.padding).pads[0]
        self.windows = frames + sum(self.pads) - self.kernel + 1

    def forward(self, x: Tensor) -> Tensor:
        x = x.reshape(-1, *self.grouped)
        if any(self.pads):
            x = nn.functional.pad(x, (0,) * 8 + self.pads)
        shifted = [x[:, start : start + self.windows : self.stride] for start in range(self.kernel)]
        return torch.cat(shifted, 3).reshape(-1, *self.stacked)


class TemporalConv(nn.Module):
    """kx1x1, as a (k, 1) window over (frames, cells)."""

    def __init__(self, op: ClipConv) -> None:
        super().__init__()
        self.in_shape, self.out_shape = op.in_shape, op.out_shape
        _, frames, height, width = op.in_shape
        window = Window((frames, height * width), (op.kernel[0], 1), (op.stride[0], 1), op.padding)
        self.conv = WindowConv(op.in_shape[0], op.out_channels, window, op.groups)
        self.bn = nn.BatchNorm2d(op.out_channels)
        self.act = activation(op.activation)

    def forward(self, x: Tensor) -> Tensor:
        channels, frames, height, width = self.in_shape
        x = x.reshape(-1, frames, channels, height * width).transpose(1, 2)
        y: Tensor = self.act(self.bn(self.conv(x)))
        return y.transpose(1, 2).reshape(-1, self.out_shape[0], height, width)


class ClipPoolModule(nn.Module):
    """A window over each frame, then one over frames: for a maximum and for an average that is the whole window.

    The latter is 3-D, for onnxruntime takes a third of the time over one that is 2-D with all cells in a row.
    """

    def __init__(self, op: ClipPool) -> None:
        super().__init__()
        channels, frames, height, width = op.in_shape
        out_height, out_width = op.out_shape[2:]
        self.out_shape = op.out_shape
        in_space = Window((height, width), op.kernel[1:], op.stride[1:], op.padding)
        self.space = _pool(op, in_space)
        self.values = (1, frames, channels * out_height, out_width)
        self.time = _pool(op, Window((frames, 1, 1), (op.kernel[0], 1, 1), (op.stride[0], 1, 1), op.padding))

    def forward(self, x: Tensor) -> Tensor:
        x = self.space(x)
        if isinstance(self.time, nn.Identity):
            return x
        channels, _, height, width = self.out_shape
        y: Tensor = self.time(x.reshape(-1, *self.values))
        return y.reshape(-1, channels, height, width)


def _pool(op: ClipPool, window: Window) -> nn.Module:
    return nn.Identity() if set(window.kernel + window.stride) == {1} else WindowPool(op.pool, window)


class ClipGateModule(nn.Module):
    def __init__(self, op: ClipGate) -> None:
        super().__init__()
        self.channels, self.frames, *_ = op.in_shape
        channels = self.channels
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.reduce = nn.Conv2d(channels, op.hidden, 1) if op.hidden else nn.Identity()
        self.reduced = activation("relu") if op.hidden else nn.Identity()
        self.expand = nn.Conv2d(op.hidden or channels, channels, 1)
        self.gate = nn.Sigmoid()
        self.act = activation(op.activation)

    def forward(self, x: Tensor) -> Tensor:
        scale: Tensor = self.gate(self.expand(self.reduced(self.reduce(self._mean(x)))))
        if self.frames > 1:
            scale = scale.unsqueeze(1).expand(-1, self.frames, -1, -1, -1).reshape(-1, self.channels, 1, 1)
        y: Tensor = self.act(x * scale)
        return y

    def _mean(self, x: Tensor) -> Tensor:
        """Over time and space: (batch, channels, 1, 1)."""
        pooled: Tensor = self.pool(x)
        return pooled if self.frames == 1 else pooled.reshape(-1, self.frames, self.channels, 1, 1).mean(1)


class Attention(nn.Module):
    """Softmax attention; queries (batch, n, c), keys (batch, m, c) and values (batch, m, c) give (batch, n, c)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.scale = channels**-0.5

    def forward(self, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        return torch.softmax(self.scale * queries @ keys.transpose(1, 2), -1) @ values


class NonLocalModule(nn.Module):
    def __init__(self, op: NonLocal) -> None:
        super().__init__()
        self.op = op
        channels = op.in_shape[0]
        self.query = nn.Conv2d(channels, op.inner, 1, bias=False)
        self.pool = nn.MaxPool2d((min(2, op.in_shape[2]), min(2, op.in_shape[3])))
        self.key = nn.Conv2d(channels, op.inner, 1, bias=False)
        self.value = nn.Conv2d(channels, op.inner, 1, bias=False)
        self.attention = Attention(op.inner)
        self.projection = nn.Conv2d(op.inner, channels, 1, bias=False)
        self.bn = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        pooled = self.pool(x)
        keys, values = (
            self._rows(self.key(pooled), self.op.key_shape),
            self._rows(self.value(pooled), self.op.key_shape),
        )
        attended = self.attention(self._rows(self.query(x), self.op.in_shape), keys, values)
        y: Tensor = x + self.bn(self.projection(self._maps(attended)))
        return y

    def _rows(self, x: Tensor, shape: Shape) -> Tensor:
        """(batch * frames, inner, height, width) to (batch, frames * height * width, inner)."""
        _, frames, height, width = shape
        rows = x.reshape(-1, frames, self.op.inner, height * width).transpose(2, 3)
        return rows.reshape(-1, frames * height * width, self.op.inner)

    def _maps(self, rows: Tensor) -> Tensor:
        _, frames, height, width = self.op.in_shape
        maps = rows.reshape(-1, frames, height * width, self.op.inner).transpose(2, 3)
        return maps.reshape(-1, self.op.inner, height, width)


class ClipAddModule(nn.Module):
    def __init__(self, op: ClipAdd) -> None:
        super().__init__()
        self.act = activation(op.activation)

    def forward(self, x: Tensor, shortcut: Tensor) -> Tensor:
        y: Tensor = self.act(x + shortcut)
        return y


class ClipClassifierModule(nn.Module):
    def __init__(self, op: ClipClassifier) -> None:
        super().__init__()
        self.features = op.in_shape[:2]
        self.per_frame = op.head == "per_frame"
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(DROPOUT)
        self.output = nn.Linear(op.in_shape[0], op.outputs)

    def forward(self, x: Tensor) -> Tensor:
        channels, frames = self.features
        means = self.pool(x).reshape(-1, frames, channels)
        if not self.per_frame:
            y: Tensor = self.output(self.dropout(means.mean(1)))
            return y
        logits: Tensor = self.output(self.dropout(means))
        return (torch.softmax(logits, 1) * logits).sum(1)


def clip_conv(op: ClipConv) -> nn.Module:
    """The form in which this window is fastest."""
    temporal = op.kernel[0] > 1 and op.kernel[1:] == op.stride[1:] == (1, 1)
    return TemporalConv(op) if temporal else SpatialConv(op)


MODULES: dict[type[Op], Callable[[Any], nn.Module]] = {
    ClipConv: clip_conv,
    ClipPool: ClipPoolModule,
    ClipGate: ClipGateModule,
    NonLocal: NonLocalModule,
    ClipAdd: ClipAddModule,
    ClipClassifier: ClipClassifierModule,
}


def initialise(module: nn.Module) -> None:
    """Kaiming normal (fan in) for convolutions, N(0, 0.01) for linear layers, as the released networks start."""
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_in")
    elif isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, 0.0, 0.01)
    if isinstance(module, (nn.Conv2d, nn.Linear)) and module.bias is not None:
        nn.init.zeros_(module.bias)
