"""The activations of weight agnostic networks by their published ids (arXiv 1906.04358)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.floating[Any]]

NAMES = {
    1: "linear",
    2: "step",
    3: "sin",
    4: "gaussian",
    5: "tanh",
    6: "sigmoid",
    7: "inverse",
    8: "abs",
    9: "relu",
    10: "cos",
    11: "square",
}
IDS = {name: number for number, name in NAMES.items()}
LINEAR = 1
CONTROL = tuple(range(1, 11))  # what the paper's control tasks draw from
CLASSIFICATION = (1, *range(3, 11))  # and its image tasks: no step function

_FUNCTIONS: dict[int, Callable[[Values], Values]] = {
    1: lambda x: x,
    2: lambda x: (x > 0).astype(x.dtype),
    3: lambda x: np.sin(np.pi * x),
    4: lambda x: np.exp(-x * x / 2),
    5: np.tanh,
    6: lambda x: (np.tanh(x / 2) + 1) / 2,
    7: lambda x: -x,
    8: np.abs,
    9: lambda x: np.maximum(x, 0),
    10: lambda x: np.cos(np.pi * x),
    11: np.square,
}


def activate(number: int, x: Values) -> Values:
    """Activation `number` of every value of `x`: the reference that kernels and ONNX files are held to."""
    return _FUNCTIONS[number](x)
