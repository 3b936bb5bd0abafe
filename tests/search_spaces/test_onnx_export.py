"""One self-contained ONNX file that computes what the torch module computes."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from search_spaces import Signature, get_space
from search_spaces.modules import build, build_op, export_onnx
from search_spaces.ops import MBConv


def run(model: bytes, x: torch.Tensor) -> np.ndarray:
    (output,) = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"]).run(None, {"input": x.numpy()})
    return output


def randn(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


def test_op_agrees_with_torch_and_folds_batch_norm():
    op = MBConv((8, 8, 8), 8, 5, 1, 24, 8, "hswish", "identity")
    module = build_op(op).eval()
    model = export_onnx(module, op.in_shape)
    onnx.checker.check_model(onnx.load_from_string(model), full_check=True)
    assert "BatchNormalization" not in {node.op_type for node in onnx.load_from_string(model).graph.node}
    x = randn(1, *op.in_shape)
    np.testing.assert_allclose(run(model, x), module(x).detach().numpy(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_network_agrees_with_torch_at_any_batch(seed):
    space = get_space("mobilenetv3", resolution=[16], width=0.5, hidden=32, backbone="small")
    bound = space.bind(Signature("image", 1, 10, (8, 32)))
    architecture = bound.architecture(bound.sample(np.random.default_rng(seed)))
    module = build(architecture).eval()
    model = export_onnx(module, architecture.input_shape, outputs=["logits"], dynamic_batch=True)
    x = randn(3, *architecture.input_shape)
    np.testing.assert_allclose(run(model, x), module(x).detach().numpy(), rtol=1e-3, atol=1e-5)
    assert onnx.load_from_string(model).graph.output[0].name == "logits"
