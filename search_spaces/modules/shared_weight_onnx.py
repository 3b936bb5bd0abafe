"""Shared-weight networks as ONNX files, written node by node: one product a topological layer, no tracing.

Every file takes `input`, float32 of (batch, inputs), and gives `output`. A layer multiplies all values so far with a
constant matrix that is zero but for its connections; values of earlier layers and the layer's own then stand side by
side for the next one. `onnx` is imported when a file is written.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..export_format import OPSET
from ..ops import SharedWeightNetwork
from ..wann.activations import IDS
from ..wann.layers import Layer, layers

Floats = NDArray[np.floating[Any]]

IR_VERSION = 10  # what onnxruntime 1.18 and later read
FLOAT = 1  # onnx.TensorProto.FLOAT
PLAIN = {
    IDS["sin"]: "Sin",
    IDS["tanh"]: "Tanh",
    IDS["sigmoid"]: "Sigmoid",
    IDS["abs"]: "Abs",
    IDS["relu"]: "Relu",
    IDS["cos"]: "Cos",
}
# What an activation multiplies its input with, here part of the matrices: -x is then no operation at all.
FACTORS = {
    IDS["sin"]: math.pi,
    IDS["cos"]: math.pi,
    IDS["inverse"]: -1.0,
    IDS["gaussian"]: math.sqrt(0.5),
}
Output = tuple[str, str, list[str | int]]


def shared_weight_onnx(network: SharedWeightNetwork, weight: float = 1.0) -> bytes:
    """A file whose second input, `shared_weight` (1,), may be left out: it is `weight` then."""
    _refuse_not_finite("the default of the shared weight", np.array([weight]))
    graph = _Graph(network, np.ones(len(network.sources)))
    graph.constant("shared_weight", [weight])
    graph.add("Identity", [graph.body("input", "shared_weight")], "output")
    return graph.file([_output(network)], ["shared_weight"])


def tuned_onnx(network: SharedWeightNetwork, weights: Floats) -> bytes:
    """A file with a weight of its own for each connection: `weights` (connections,), as the network orders them."""
    _refuse_not_finite("weights", weights)
    if np.shape(weights) != (len(network.sources),):
        raise ValueError(
            f"the network has {len(network.sources)} connections, but weights have the shape {np.shape(weights)}"
        )
    graph = _Graph(network, weights)
    graph.add("Identity", [graph.body("input")], "output")
    return graph.file([_output(network)])


def ensemble_onnx(network: SharedWeightNetwork, weights: Sequence[float], *, classification: bool) -> bytes:
    """One file that runs the network once under each of `weights` and joins what they say.

    `output` (batch, outputs) is the mean over the weights: of the outputs, or of their softmax for a `classification`.
    That has two outputs more: `votes` (batch, outputs), the share of the weights that choose a class, and `label`
    (batch,) int64, the class with the most votes, of two the one with the larger mean.
    """
    _refuse_not_finite("weights", np.asarray(weights))
    if not len(weights):
        raise ValueError("an ensemble needs at least one weight")
    graph = _Graph(network, np.ones(len(network.sources)))
    column = (len(weights), 1, 1)
    graph.constant("weights", np.reshape(weights, column))
    graph.constant("first_axis", [0], np.int64)
    repeated = graph.add("Mul", ["input", graph.constant("ones", np.ones(column))], "repeated")
    outputs = graph.body(repeated, "weights")
    if not classification:
        graph.add("ReduceMean", [outputs, "first_axis"], "output", keepdims=0)
        return graph.file([_output(network)])
    graph.vote(outputs, tie_break=0.5 / len(weights))
    return graph.file([_output(network), _output(network, "votes"), ("label", "INT64", ["batch"])])


def _output(network: SharedWeightNetwork, name: str = "output") -> Output:
    return name, "FLOAT", ["batch", network.outputs]


def _refuse_not_finite(name: str, values: Floats) -> None:
    if not np.isfinite(values).all():
        raise ValueError(f"{name} must be finite numbers; NaN or infinity is among them")


class _Graph:
    """The ONNX graph of one network, as it is being written; `weights` (connections,) are in its matrices."""

    def __init__(self, network: SharedWeightNetwork, weights: Floats) -> None:
        self.network = network
        self.weights = np.asarray(weights, dtype=np.float64)
        self.nodes: list[Any] = []
        self.constants: dict[str, Any] = {}

    def add(self, kind: str, inputs: Sequence[str], *outputs: str, **attributes: Any) -> str:
        """A node; returns the name of its first output."""
        from onnx import helper

        self.nodes.append(helper.make_node(kind, list(inputs), list(outputs), **attributes))
        return outputs[0]

    def constant(self, name: str, values: Any, kind: type[np.generic] = np.float32) -> str:
        from onnx import numpy_helper

        self.constants[name] = numpy_helper.from_array(np.asarray(values, dtype=kind), name)
        return name

    def body(self, values: str, weight: str = "") -> str:
        """All layers on `values` (..., batch, inputs); their sums are multiplied by the tensor `weight`, where named.

        Returns the name of the outputs (..., batch, outputs).
        """
        width = self.network.in_shape[0]
        *hidden, last = layers(self.network)
        for number, layer in enumerate(hidden):
            parts = self._layer(layer, f"layer{number}", values, width, weight)
            values = self.add("Concat", [values, *parts], f"layer{number}.values", axis=-1)
            width += len(layer.nodes)
        parts = self._layer(last, "outputs", values, width, weight)
        return parts[0] if len(parts) == 1 else self.add("Concat", parts, "outputs.values", axis=-1)

    def _layer(self, layer: Layer, name: str, values: str, width: int, weight: str) -> list[str]:
        """The layer's nodes, a tensor for each group of one activation."""
        sums = self._sums(layer, name, values, width)
        if weight:
            sums = self.add("Mul", [sums, weight], f"{name}.weighted")
        parts = [f"{name}.part{at}" for at in range(len(layer.groups))] if len(layer.groups) > 1 else [sums]
        if len(parts) > 1:
            counts = self.constant(f"{name}.counts", [count for _, count in layer.groups], np.int64)
            self.add("Split", [sums, counts], *parts, axis=-1)
        return [self._activated(number, part) for (number, _), part in zip(layer.groups, parts, strict=True)]

    def _sums(self, layer: Layer, name: str, values: str, width: int) -> str:
        """Sums over the connections; factors that an activation has for its input are in the matrix already."""
        matrix = np.zeros((1 + width, len(layer.nodes)))
        matrix[layer.rows, layer.columns] = self.weights[list(layer.connections)]
        matrix *= [FACTORS.get(number, 1.0) for number, count in layer.groups for _ in range(count)]
        sums = self.add("MatMul", [values, self.constant(f"{name}.matrix", matrix[1:])], f"{name}.sums")
        if not matrix[0].any():
            return sums
        return self.add("Add", [sums, self.constant(f"{name}.bias", matrix[0])], f"{name}.biased")

    def _activated(self, number: int, x: str) -> str:
        """The activation of sums that carry its factor already."""
        if number in PLAIN:
            return self.add(PLAIN[number], [x], f"{x}.{PLAIN[number].lower()}")
        if number == IDS["step"]:
            above = self.add("Greater", [x, self.constant("zero", 0)], f"{x}.above")
            return self.add("Cast", [above], f"{x}.step", to=FLOAT)
        if number == IDS["square"]:
            return self.add("Mul", [x, x], f"{x}.square")
        if number == IDS["gaussian"]:
            square = self.add("Mul", [x, x], f"{x}.square")
            return self.add("Exp", [self.add("Neg", [square], f"{x}.negative")], f"{x}.gaussian")
        return x

    def vote(self, outputs: str, tie_break: float) -> None:
        """Mean softmax, votes and label from outputs (weights, batch, classes)."""
        shares = self.add("Softmax", [outputs], "softmax", axis=-1)
        mean = self.add("ReduceMean", [shares, "first_axis"], "output", keepdims=0)
        chosen = self.add("ArgMax", [outputs], "chosen", axis=-1, keepdims=0)
        classes = self.constant("classes", self.network.outputs, np.int64)
        ballots = self.add("OneHot", [chosen, classes, self.constant("off_on", [0, 1])], "ballots", axis=-1)
        votes = self.add("ReduceMean", [ballots, "first_axis"], "votes", keepdims=0)
        less = self.add("Mul", [mean, self.constant("tie_break", tie_break)], "less_than_a_vote")
        self.add("ArgMax", [self.add("Add", [votes, less], "ranked")], "label", axis=-1, keepdims=0)

    def file(self, outputs: Sequence[Output], inputs: Sequence[str] = ()) -> bytes:
        """The checked file; its inputs are `input` and those constants that a caller may replace."""
        from onnx import TensorProto, checker, helper

        given = [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", self.network.in_shape[0]])]
        given += [helper.make_tensor_value_info(name, TensorProto.FLOAT, self.constants[name].dims) for name in inputs]
        told = [
            helper.make_tensor_value_info(name, TensorProto.DataType.Value(kind), dims) for name, kind, dims in outputs
        ]
        graph = helper.make_graph(self.nodes, "shared_weight_network", given, told, list(self.constants.values()))
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
        checker.check_model(model, full_check=True)
        content: bytes = model.SerializeToString()
        return content
