"""Convolution and pooling whose padding may differ at its two ends, as TensorFlow's SAME padding does.

Torch pads such a map first. In an ONNX file the padding becomes part of the layer itself, for onnxruntime fuses no
padding into what follows and would leave its own memory layout around it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from math import inf
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..ops import Padding, Pool

Sizes = tuple[int, ...]


@dataclass(frozen=True)
class Window:
    """A window over a map of `size`: (height, width), or (frames, height, width)."""

    size: Sizes
    kernel: Sizes
    stride: Sizes
    padding: Padding

    @property
    def pads(self) -> tuple[tuple[int, int], ...]:
        """Cells of padding before and after, along each side."""
        sides = zip(self.size, self.kernel, self.stride, strict=True)
        return tuple(_pads(n, k, s, self.padding) for n, k, s in sides)

    @property
    def even(self) -> Sizes | None:
        """The padding at both ends, if it is the same at both."""
        befores, afters = zip(*self.pads, strict=True)
        return befores if befores == afters else None

    def padded(self, x: Tensor, value: float = 0.0) -> Tensor:
        return functional.pad(x, list(chain.from_iterable(reversed(self.pads))), value=value)

    @property
    def attributes(self) -> dict[str, list[int]]:
        """What an ONNX layer says of its window."""
        pads = list(chain.from_iterable(zip(*self.pads, strict=True)))
        return {"kernel_shape_i": list(self.kernel), "strides_i": list(self.stride), "pads_i": pads}


def _pads(size: int, kernel: int, stride: int, padding: Padding) -> tuple[int, int]:
    if padding == "symmetric":
        return kernel // 2, kernel // 2
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


class WindowConv(nn.Conv2d):
    """2-D convolution without bias over a window.

    Where a window of one cell skips some, those are taken out first: oneDNN (of torch 2.13) writes beyond its memory
    in the backward pass of such a convolution of a few channels.
    """

    def __init__(self, cin: int, cout: int, window: Window, groups: int = 1) -> None:
        super().__init__(cin, cout, window.kernel, window.stride, window.even or 0, groups=groups, bias=False)  # type: ignore[arg-type]
        self.window = window
        self.skips = window.kernel == (1, 1) and window.stride != (1, 1)

    def forward(self, x: Tensor) -> Tensor:
        if self.skips and not torch.onnx.is_in_onnx_export():
            down, right = self.window.stride
            return functional.conv2d(x[:, :, ::down, ::right], self.weight, groups=self.groups)
        if self.window.even is not None:
            return super().forward(x)
        if torch.onnx.is_in_onnx_export():
            y: Tensor = _UnevenConv.apply(x, self.weight, self.window, self.groups)  # type: ignore[no-untyped-call]
            return y
        return super().forward(self.window.padded(x))


class WindowPool(nn.Module):
    """Maximum or average over a window of two or three sides; cells of the padding count for neither.

    A window side of 1 without padding may move over a map of any length.
    """

    cells: Tensor

    def __init__(self, pool: Pool, window: Window) -> None:
        super().__init__()
        self.pool, self.window = pool, window
        flat = len(window.size) == 2
        self.maximum: Callable[..., Tensor] = functional.max_pool2d if flat else functional.max_pool3d
        self.average: Callable[..., Tensor] = functional.avg_pool2d if flat else functional.avg_pool3d
        self.even = window.even if flat or pool == "max" else None  # avg_pool3d refuses maps shorter than the window
        counted = self.average(window.padded(torch.ones(1, 1, *window.size)), window.kernel, window.stride)
        self.register_buffer("cells", counted, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        window, even = self.window, self.even
        if even is None and torch.onnx.is_in_onnx_export():
            y: Tensor = _UnevenPool.apply(x, self)  # type: ignore[no-untyped-call]
            return y
        if even is None:
            return self.padded(x)
        if self.pool == "max":
            return self.maximum(x, window.kernel, window.stride, even)
        return self.average(x, window.kernel, window.stride, even, count_include_pad=False)

    def padded(self, x: Tensor) -> Tensor:
        """The pool over a map that was padded first."""
        window = self.window
        if self.pool == "max":
            return self.maximum(window.padded(x, -inf), window.kernel, window.stride)
        return self.average(window.padded(x), window.kernel, window.stride) / self.cells


class _UnevenConv(torch.autograd.Function):
    """Stands for one convolution with its padding while a network is written to ONNX."""

    @staticmethod
    def forward(_: Any, x: Tensor, weight: Tensor, window: Window, groups: int) -> Tensor:
        return functional.conv2d(window.padded(x), weight, stride=window.stride, groups=groups)

    @staticmethod
    def symbolic(graph: Any, x: Any, weight: Any, window: Window, groups: int) -> Any:
        return graph.op("Conv", x, weight, group_i=groups, **window.attributes)


class _UnevenPool(torch.autograd.Function):
    """Stands for one pool with its padding while a network is written to ONNX."""

    @staticmethod
    def forward(_: Any, x: Tensor, module: WindowPool) -> Tensor:
        return module.padded(x)

    @staticmethod
    def symbolic(graph: Any, x: Any, module: WindowPool) -> Any:
        kind = "MaxPool" if module.pool == "max" else "AveragePool"
        return graph.op(kind, x, **module.window.attributes)
