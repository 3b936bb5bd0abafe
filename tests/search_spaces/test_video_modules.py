"""Ops on clips, all of them 2-D inside, against slow 3-D ones; and the same in ONNX files."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections import Counter

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from slow_video import slow
from torch import nn

from search_spaces.modules import build, build_op, build_volumetric, export_onnx
from search_spaces.ops import ClipAdd, ClipClassifier, ClipConv, ClipGate, ClipPool, NonLocal, Op
from search_spaces.tvn.block import Activations, Block
from search_spaces.tvn.network import Clip, TinyVideoNetwork
from search_spaces.tvn.resnets import VideoResNet

SHAPE = (4, 5, 7, 7)
OPS = [
    ClipConv(SHAPE, 6),
    ClipConv(SHAPE, 6, stride=(1, 3, 3), activation="none"),
    ClipConv(SHAPE, 6, stride=(2, 2, 2), padding="symmetric"),
    *(ClipConv(SHAPE, 4, (1, k, k), (1, s, s), g) for k in (2, 3, 4, 5) for s in (1, 2, 3, 4) for g in (1, 4)),
    ClipConv((4, 5, 8, 6), 4, (1, 4, 3), (1, 2, 2), activation="hswish"),
    *(ClipConv(SHAPE, 6, (k, 1, 1), (s, 1, 1)) for k in (2, 3, 4, 5) for s in (1, 2, 3)),
    ClipConv(SHAPE, 6, (3, 1, 1), (2, 1, 1), padding="symmetric"),
    ClipConv((4, 1, 7, 7), 6, (3, 1, 1)),
    ClipConv(SHAPE, 6, (3, 3, 3)),
    ClipConv(SHAPE, 6, (3, 3, 3), (2, 2, 2), padding="symmetric"),
    ClipConv(SHAPE, 4, (3, 3, 3), (2, 2, 2), 2, padding="symmetric"),
    ClipConv((3, 6, 8, 8), 6, (7, 7, 7), (1, 2, 2), padding="symmetric"),
    *(ClipPool(SHAPE, p, (1, k, k), (1, s, s)) for p in ("max", "avg") for k in (2, 3, 4, 5) for s in (1, 2, 3)),
    *(ClipPool(SHAPE, p, (k, 1, 1), (s, 1, 1)) for p in ("max", "avg") for k in (2, 3, 5) for s in (1, 2, 3)),
    ClipPool(SHAPE, "max", (3, 3, 3), (2, 2, 2), "symmetric"),
    ClipPool(SHAPE, "avg", (2, 3, 3), (2, 2, 2)),
    ClipPool(SHAPE, "max", (1, 1, 1), (2, 2, 2)),
    ClipGate(SHAPE),
    ClipGate(SHAPE, 3, "relu"),
    ClipGate((4, 1, 7, 7), 3, "hswish"),
    NonLocal(SHAPE),
    NonLocal((5, 2, 1, 6)),
    ClipAdd(SHAPE),
    ClipAdd(SHAPE, "none"),
    ClipClassifier(SHAPE, 3),
    ClipClassifier(SHAPE, 3, "per_frame"),
]
BLOCKS = (
    Block("std", 4, 2, "1d", 3, 2, 8, 2, repeats=2, se=0.5, context_gate=True, skip=True),
    Block("avgpool", 4, 1, "avgpool", 2, 1, 8, 1, repeats=3, se=0.5, inverted=True, non_local=True, skip=True),
    Block("depthwise", 3, 2, "maxpool", 2, 2, 8, 2, context_gate=True, activations=Activations(*["hswish"] * 3)),
    Block("maxpool", 2, 1, "1d", 1, 1, 8, 2),
)
NETWORKS = {
    "tvn": TinyVideoNetwork(Clip(5, 17, 10.0), BLOCKS).architecture(3),
    "averages": TinyVideoNetwork(Clip(2, 8), (Block("avgpool", 3, 1, "avgpool", 3, 1, 8, 1),)).architecture(3),
    "per_frame": TinyVideoNetwork(Clip(4, 16, channels=1), BLOCKS[1:2]).architecture(3, "per_frame"),
    "r2plus1d": VideoResNet("basic", (1, 1, 1, 1), factorised=True, base=8).architecture(3, (3, 6, 24, 20)),
    "resnext3d": VideoResNet("bottleneck", (1, 1, 1, 1), base=8, growth=2, groups=4).architecture(3, (3, 8, 24, 24)),
}

every_op = pytest.mark.parametrize("op", OPS, ids=lambda op: op.key)
every_network = pytest.mark.parametrize("architecture", NETWORKS.values(), ids=NETWORKS)


def unlike_new(module: nn.Module) -> nn.Module:
    """Batch norms as after training, so that a statistic that is left out shows."""
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm2d):
            for values in (layer.weight, layer.bias, layer.running_mean, layer.running_var):
                nn.init.uniform_(values, 0.5, 1.5)
    return module.eval()


def clips(op: Op, batch: int = 2) -> list[torch.Tensor]:
    return [torch.randn(batch, *op.in_shape) for _ in range(2 if isinstance(op, ClipAdd) else 1)]


@every_op
def test_op_means_what_it_says(op):
    torch.manual_seed(0)
    module, given = unlike_new(build_op(op)), clips(op)
    with torch.no_grad():
        torch.testing.assert_close(module(*given), slow(op, module.module, *given), rtol=1e-4, atol=1e-5)


@every_op
def test_macs_and_parameters_are_those_of_the_module(op, measure):
    inputs = [op.in_shape] * (2 if isinstance(op, ClipAdd) else 1)
    built = measure(build_op(op), *inputs)
    assert (built.params, built.macs, built.out_shape) == (op.params, op.macs, op.out_shape)


def slow_network(architecture, network, x):
    values = []
    for node, module in zip(architecture.nodes, network.nodes, strict=True):
        values.append(slow(node.op, module, *(x if source < 0 else values[source] for source in node.inputs)))
    return values[-1]


@every_network
def test_network_means_what_it_says(architecture):
    torch.manual_seed(0)
    network, x = unlike_new(build(architecture)), torch.randn(2, *architecture.input_shape)
    with torch.no_grad():
        torch.testing.assert_close(network(x), slow_network(architecture, network, x), rtol=1e-3, atol=1e-4)


@every_network
def test_volumetric_network_is_the_same_network(architecture):
    torch.manual_seed(0)
    network, x = unlike_new(build(architecture)), torch.randn(2, *architecture.input_shape)
    usual = build_volumetric(architecture, network.state_dict()).eval()
    with torch.no_grad():
        torch.testing.assert_close(network(x), usual(x), rtol=1e-3, atol=1e-4)


def run(model: bytes, x: torch.Tensor) -> np.ndarray:
    (output,) = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"]).run(None, {"input": x.numpy()})
    return output


@every_network
@pytest.mark.parametrize("batch", [1, 3])
def test_onnx_agrees(architecture, batch):
    torch.manual_seed(0)
    network, x = unlike_new(build(architecture)), torch.randn(batch, *architecture.input_shape)
    model = export_onnx(network, architecture.input_shape, dynamic_batch=batch > 1)
    onnx.checker.check_model(onnx.load_from_string(model), full_check=True)
    with torch.no_grad():
        np.testing.assert_allclose(run(model, x), network(x).numpy(), rtol=1e-3, atol=1e-4)


@every_network
def test_onnx_takes_a_batch_of_frames(architecture):
    torch.manual_seed(0)
    channels, frames, *size = architecture.input_shape
    network, clip = unlike_new(build(architecture)), torch.randn(1, *architecture.input_shape)
    model = export_onnx(network, (channels, *size), batch=frames)
    with torch.no_grad():
        expected = network(clip).numpy()
    np.testing.assert_allclose(run(model, clip[0].transpose(0, 1).contiguous()), expected, rtol=1e-3, atol=1e-4)


@every_network
def test_onnx_has_no_shape_arithmetic_and_no_padding_of_its_own(architecture):
    """Both would stand in the way of what onnxruntime fuses."""
    nodes = onnx.load_from_string(export_onnx(build(architecture), architecture.input_shape)).graph.node
    counts = Counter(node.op_type for node in nodes)
    assert not counts.keys() & {"Shape", "Gather", "If", "BatchNormalization", "ScatterND"}
    in_time = sum(isinstance(op, ClipConv) and op.kernel[0] > 1 and op.kernel[1] > 1 for op in architecture.ops)
    assert counts["Pad"] == in_time


def test_a_strided_convolution_of_one_cell_and_few_channels_trains() -> None:
    """With torch's own one the process dies within a few steps; so it runs in a process of its own."""
    program = """
        import torch
        from search_spaces.modules.windows import Window, WindowConv

        torch.set_num_threads(1)
        conv = WindowConv(3, 16, Window((64, 64), (1, 1), (2, 2), "same")).to(memory_format=torch.channels_last)
        for _ in range(60):
            frames = torch.randn(16, 3, 64, 64).contiguous(memory_format=torch.channels_last)
            conv(frames).square().sum().backward()
        print("trained")
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=False)
    assert done.stdout == "trained\n", done.stderr
