"""The one ONNX exporter, for single ops and for whole networks.

It is the TorchScript exporter: equal latency in onnxruntime, 0.02 s a block where the dynamo exporter took 0.8 s, and
one self-contained file. Its options are part of a latency table's fingerprint, for they decide what the runtime can
fuse.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import nn

from ..export_format import OPSET
from ..ops import Shape


def export_onnx(
    module: nn.Module,
    input_shape: Shape,
    *,
    outputs: Sequence[str] = ("output",),
    dynamic_batch: bool = False,
    batch: int = 1,
) -> bytes:
    """The module in eval mode as one ONNX file; batch norm is folded into the convolutions before it.

    The file's input is `input`, float32 of (`batch`, *input_shape), the first of which is free with `dynamic_batch`.
    A network on clips becomes one on a batch of frames with the frame's shape as `input_shape`, and `batch` frames.
    """
    module.eval()
    example = torch.zeros(batch, *input_shape)
    axes = {name: {0: "batch"} for name in ("input", *outputs)} if dynamic_batch else None
    with TemporaryDirectory() as folder, warnings.catch_warnings(), torch.no_grad():
        path = Path(folder, "model.onnx")
        warnings.simplefilter("ignore")  # the exporter announces its successor, the choice is recorded above
        torch.onnx.export(
            module,
            (example,),
            path,
            dynamo=False,
            opset_version=OPSET,
            input_names=["input"],
            output_names=list(outputs),
            dynamic_axes=axes,
        )
        return path.read_bytes()
