"""int8 files: static quantisation by onnxruntime, of exports and of what a latency table measures alike.

Activations are unsigned and weights signed, by channel: the fastest of what onnxruntime's CPU kernels
know. Weights keep 7 of their 8 bits, for processors without VNNI add up pairs of full ones in 16 bits, which overflows;
so the file answers alike wherever it runs. Ranges hold 99.999 % of the values: a few outliers would widen plain minima
and maxima, which cost a small network on CIFAR-10 1.5 points of accuracy where these cost 0 to 0.8. Where a tensor's
values are so close to one another that they have no such range, all of the file have their minima and maxima.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from itertools import takewhile
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

UNTRAINED_SEED = 20260103
_WEIGHTED = ("Conv", "Gemm", "MatMul")
_AT_ONCE = 8  # images whose every activation is held in memory
_QUIET = Lock()  # onnxruntime prints its progress, and stdout can be turned away by one thread at a time only


def quantised(model: bytes, images: NDArray[np.float32]) -> bytes:
    """The float32 file as an int8 one (QDQ format) of the same input and output, without its metadata.

    `images` (n, channels, height, width) are what the file takes; the values that a tensor had for them give its
    range. Normalisation at the head of a file stays in float32. Equal arguments give equal bytes.
    """
    images = images[: len(images) // _at_once(images) * _at_once(images)]
    with _QUIET, redirect_stdout(StringIO()):
        try:
            return _with_ranges(model, images, CalibrationMethod.Percentile)
        except ValueError:  # of numpy: too alike for a histogram, as the values of a gate that hardly moves
            return _with_ranges(model, images, CalibrationMethod.MinMax)


def quantised_untrained(model: bytes) -> bytes:
    """The int8 file of a network whose answers nobody asks for, only their time: its ranges are of random inputs."""
    (taken,) = onnx.load_from_string(model).graph.input
    shape = [size.dim_value for size in taken.type.tensor_type.shape.dim][1:]
    seen = np.random.default_rng(UNTRAINED_SEED).standard_normal((_AT_ONCE, *shape), dtype=np.float32)
    return quantised(model, seen)


def _with_ranges(model: bytes, images: NDArray[np.float32], method: CalibrationMethod) -> bytes:
    with TemporaryDirectory() as folder:
        source, target = Path(folder, "float32.onnx"), Path(folder, "int8.onnx")
        quant_pre_process(onnx.load_from_string(model), source)
        quantize_static(
            source,
            target,
            _Images(images),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
            reduce_range=True,
            calibrate_method=method,
            nodes_to_exclude=_head(source),
            extra_options={"CalibPercentile": 99.999, "CalibStridedMinMax": _at_once(images)},
        )
        return target.read_bytes()


class _Images(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime has no types
    """Hands out one image at a time; onnxruntime asks for one range of them after another."""

    def __init__(self, images: NDArray[np.float32]) -> None:
        self._images = images
        self._left: Iterator[NDArray[np.float32]] = iter(images)

    def __len__(self) -> int:
        return len(self._images)

    def set_range(self, start_index: int, end_index: int) -> None:
        self._left = iter(self._images[start_index:end_index])

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        image = next(self._left, None)
        return None if image is None else {"input": image[None]}


def _at_once(images: NDArray[np.float32]) -> int:
    """Onnxruntime wants whole strides."""
    return min(_AT_ONCE, len(images))


def _head(path: Path) -> list[str]:
    """Names of the nodes before the first that has weights to quantise: none, or the normalisation."""
    return [node.name for node in takewhile(lambda node: node.op_type not in _WEIGHTED, onnx.load(path).graph.node)]
