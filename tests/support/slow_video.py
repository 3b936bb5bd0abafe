"""Ops on clips as slowly and plainly as can be: 3D convolutions, windows in loops, one clip layout throughout.

Clips are (batch, channels, frames, height, width). A window's weights come from the module under test.
"""

from __future__ import annotations

from itertools import product

import torch
from torch import Tensor, nn
from torch.nn import functional

from search_spaces.ops import ClipAdd, ClipClassifier, ClipConv, ClipGate, ClipPool, NonLocal, Op


def slow(op: Op, module: nn.Module, *clips: Tensor) -> Tensor:
    """What `op` means, with the weights and statistics of `module` (as networks hold it, in eval mode)."""
    forms = {
        ClipConv: conv,
        ClipPool: pool,
        ClipGate: gate,
        NonLocal: non_local,
        ClipAdd: add,
        ClipClassifier: classifier,
    }
    return forms[type(op)](op, module, *clips)


def pads(op, axis: int) -> tuple[int, int]:
    size, kernel, stride = op.in_shape[1 + axis], op.kernel[axis], op.stride[axis]
    if op.padding == "symmetric":
        return kernel // 2, kernel // 2
    covered = (-(-size // stride) - 1) * stride + kernel
    missing = max(0, covered - size)
    return missing // 2, missing - missing // 2


def padded(op, x: Tensor, value: float) -> Tensor:
    return functional.pad(x, [cells for axis in (2, 1, 0) for cells in pads(op, axis)], value=value)


def activate(name: str, x: Tensor) -> Tensor:
    if name == "none":
        return x
    return torch.relu(x) if name == "relu" else x * torch.clamp(x + 3, 0, 6) / 6


def normalise(bn: nn.BatchNorm2d, x: Tensor) -> Tensor:
    return functional.batch_norm(x, bn.running_mean, bn.running_var, bn.weight, bn.bias, eps=bn.eps)


def conv(op: ClipConv, module: nn.Module, x: Tensor) -> Tensor:
    frames, height, width = op.kernel
    cin = op.in_shape[0] // op.groups
    weight = module.conv.weight
    if weight.shape[2:] == (frames, 1) and frames > 1:
        weight = weight.reshape(op.out_channels, cin, frames, 1, 1)
    else:
        weight = weight.reshape(op.out_channels, frames, cin, height, width).transpose(1, 2)
    y = functional.conv3d(padded(op, x, 0.0), weight, stride=op.stride, groups=op.groups)
    return activate(op.activation, normalise(module.bn, y))


def pool(op: ClipPool, _: nn.Module, x: Tensor) -> Tensor:
    """NaN marks the padding."""
    x = padded(op, x, float("nan"))
    out = torch.empty(x.shape[0], *op.out_shape)
    for at in product(*(range(n) for n in op.out_shape[1:])):
        window = tuple(slice(i * s, i * s + k) for i, s, k in zip(at, op.stride, op.kernel, strict=True))
        cells = x[(slice(None), slice(None), *window)].flatten(2)
        value = cells.nanmean(2) if op.pool == "avg" else cells.nan_to_num(nan=-torch.inf).amax(2)
        out[(slice(None), slice(None), *at)] = value
    return out


def gate(op: ClipGate, module: nn.Module, x: Tensor) -> Tensor:
    scale = x.mean((2, 3, 4))
    for layer in (module.reduce, module.expand):
        if isinstance(layer, nn.Conv2d):
            hidden = torch.relu(scale) if layer is module.expand and op.hidden else scale
            scale = functional.linear(hidden, layer.weight.flatten(1), layer.bias)
    return activate(op.activation, x * torch.sigmoid(scale)[:, :, None, None, None])


def non_local(op: NonLocal, module: nn.Module, x: Tensor) -> Tensor:
    sides = [min(2, side) for side in op.in_shape[2:]]
    pooled = functional.max_pool3d(x, (1, *sides))
    query, key, value = (
        functional.conv3d(source, layer.weight.unsqueeze(2)).flatten(2)
        for source, layer in ((x, module.query), (pooled, module.key), (pooled, module.value))
    )
    weights = torch.softmax(torch.einsum("bcn,bcm->bnm", query, key) / op.inner**0.5, 2)
    attended = torch.einsum("bnm,bcm->bcn", weights, value).unflatten(2, op.in_shape[1:])
    return x + normalise(module.bn, functional.conv3d(attended, module.projection.weight.unsqueeze(2)))


def add(op: ClipAdd, _: nn.Module, x: Tensor, shortcut: Tensor) -> Tensor:
    return activate(op.activation, x + shortcut)


def classifier(op: ClipClassifier, module: nn.Module, x: Tensor) -> Tensor:
    if op.head == "pooled":
        return module.output(x.mean((2, 3, 4)))
    logits = torch.stack([module.output(frame.mean((2, 3))) for frame in x.unbind(2)], 1)
    weights = logits.exp() / logits.exp().sum(1, keepdim=True)
    return (weights * logits).sum(1)
