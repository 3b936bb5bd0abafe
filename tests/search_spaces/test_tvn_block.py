"""The block as built, against one written straight from the released code's description: frame by frame, no graph."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch
from slow_video import activate, normalise
from torch import Tensor, nn
from torch.nn import functional

from search_spaces.modules import build
from search_spaces.tvn.block import Activations, Block
from search_spaces.tvn.network import Clip, TinyVideoNetwork

PLAIN = Block("std", 3, 2, "1d", 3, 2, 8, 2, repeats=3)
SWISH = Activations("hswish", "relu", "hswish")
BLOCKS = [
    PLAIN,
    replace(PLAIN, spatial_kernel=4, se=0.9, context_gate=True, activations=SWISH),
    replace(PLAIN, spatial="depthwise", spatial_kernel=5, spatial_stride=3, temporal="maxpool", skip=True),
    replace(PLAIN, spatial="maxpool", temporal_stride=1, temporal_kernel=2, skip=True, context_gate=True),
    replace(PLAIN, spatial="avgpool", spatial_kernel=4, temporal="avgpool", temporal_kernel=5, temporal_stride=3),
    replace(PLAIN, inverted=True, spatial="depthwise", se=0.3, skip=True, temporal_stride=1, activations=SWISH),
    replace(PLAIN, spatial_kernel=1, skip=True, temporal_kernel=1),
]


class Layers:
    """The convolutions of a network in the order of execution, each with its batch norm."""

    def __init__(self, network: nn.Module) -> None:
        self.convs: Iterator[nn.Conv2d] = (m for m in network.modules() if isinstance(m, nn.Conv2d))
        self.norms: Iterator[nn.BatchNorm2d] = (m for m in network.modules() if isinstance(m, nn.BatchNorm2d))

    def conv(self, x: Tensor, cout: int, kernel: int = 1, stride: int = 1, groups: int = 1) -> Tensor:
        """On (frames, channels, height, width)."""
        conv = next(self.convs)
        assert conv.weight.shape == (cout, x.shape[1] // groups, kernel, kernel)
        y = functional.conv2d(same(x, kernel, stride, 2, 3), conv.weight, stride=stride, groups=groups)
        return self._normalised(y)

    def conv_in_time(self, x: Tensor, cout: int, kernel: int, stride: int) -> Tensor:
        """On (frames, channels, height, width): each frame of the output is a sum over its neighbours."""
        weight = next(self.convs).weight
        assert weight.shape == (cout, x.shape[1], kernel, 1)
        padded = same(x, kernel, stride, 0)
        starts = range(0, padded.shape[0] - kernel + 1, stride)
        frames = [
            sum(torch.einsum("oc,chw->ohw", weight[:, :, j, 0], padded[i + j]) for j in range(kernel)) for i in starts
        ]
        return self._normalised(torch.stack(frames))

    def dense(self, x: Tensor) -> Tensor:
        """On (channels,)."""
        layer = next(self.convs)
        return layer.weight.flatten(1) @ x + layer.bias

    def _normalised(self, y: Tensor) -> Tensor:
        return normalise(next(self.norms), y)


def same(x: Tensor, kernel: int, stride: int, *dims: int, value: float = 0.0) -> Tensor:
    """TensorFlow's SAME padding of these dimensions."""
    for dim in dims:
        size = x.shape[dim]
        total = max(0, kernel - (size % stride or stride))
        edges = [
            x.new_full((*x.shape[:dim], cells, *x.shape[dim + 1 :]), value) for cells in (total // 2, -(-total // 2))
        ]
        x = torch.cat([edges[0], x, edges[1]], dim)
    return x


def pooled(x: Tensor, kind: str, kernel: int, stride: int, *dims: int) -> Tensor:
    if kind == "maxpool":
        x = same(x, kernel, stride, *dims, value=-torch.inf)
        for dim in dims:
            x = x.unfold(dim, kernel, stride).amax(-1)
        return x
    counts = torch.ones_like(x)
    x, counts = (same(z, kernel, stride, *dims) for z in (x, counts))
    for dim in dims:
        x, counts = (z.unfold(dim, kernel, stride).sum(-1) for z in (x, counts))
    return x / counts


def spatial(block: Block, layers: Layers, x: Tensor, width: int, stride: int) -> Tensor:
    if block.spatial in ("maxpool", "avgpool"):
        return pooled(x, block.spatial, block.spatial_kernel, stride, 2, 3)
    x = activate(block.activations.spatial, layers.conv(x, width))
    groups = width if block.spatial == "depthwise" else 1
    return activate(block.activations.spatial, layers.conv(x, width, block.spatial_kernel, stride, groups))


def in_time(block: Block, layers: Layers, x: Tensor, width: int, stride: int) -> Tensor:
    if block.temporal != "1d":
        return pooled(x, block.temporal, block.temporal_kernel, stride, 0)
    return activate(block.activations.temporal, layers.conv_in_time(x, width, block.temporal_kernel, stride))


def one_repeat(block: Block, layers: Layers, x: Tensor, stride: int, temporal_stride: int, *, temporal: bool) -> Tensor:
    before = x
    expanded = max(block.filters * block.expansion, block.filters)
    width = expanded if block.inverted else block.filters
    if block.inverted:
        x = torch.relu(layers.conv(x, expanded))
    if block.spatial_kernel != 1:
        x = spatial(block, layers, x, width, stride)
    if temporal and x.shape[0] > 1 and block.temporal_kernel != 1:
        x = in_time(block, layers, x, width, temporal_stride)
    if not block.inverted:
        x = layers.conv(x, expanded)
    if block.se > 0:
        hidden = torch.relu(layers.dense(x.mean((0, 2, 3))))
        assert len(hidden) == max(int(expanded * block.se), 8)
        x = x * torch.sigmoid(layers.dense(hidden))[:, None, None]
    if block.context_gate:
        x = x * torch.sigmoid(layers.dense(x.mean((0, 2, 3))))[:, None, None]
    if block.inverted:
        x = layers.conv(x, block.filters)
    if block.skip and len(x) == len(before):
        x = x + layers.conv(before, x.shape[1], 1, stride if before.shape[2:] != x.shape[2:] else 1)
    return activate(block.activations.block, x)


def slow_block(block: Block, layers: Layers, x: Tensor) -> Tensor:
    for repeat in range(block.repeats):
        strides = (block.spatial_stride, block.temporal_stride) if repeat == 0 else (1, 1)
        x = one_repeat(block, layers, x, *strides, temporal=repeat % 2 == 0)
    return x


@pytest.mark.parametrize("frames", [1, 5])
@pytest.mark.parametrize("block", BLOCKS)
def test_block_is_the_described_one(block, frames):
    torch.manual_seed(0)
    network = build(TinyVideoNetwork(Clip(frames, 15, channels=4), (block, replace(block, repeats=1))).architecture(3))
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            for values in (layer.weight, layer.bias, layer.running_mean, layer.running_var):
                nn.init.uniform_(values, 0.5, 1.5)
    layers, clip = Layers(network), torch.randn(4, frames, 15, 15)
    with torch.no_grad():
        x = slow_block(replace(block, repeats=1), layers, slow_block(block, layers, clip.transpose(0, 1)))
        given = network.eval()(clip[None])[0]
        torch.testing.assert_close(given, network.nodes[-1].output(x.mean((0, 2, 3))), rtol=1e-3, atol=1e-4)
