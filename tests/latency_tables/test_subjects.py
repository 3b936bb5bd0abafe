"""What is exported for one op, and the cost that is read from it."""

from __future__ import annotations

from collections import Counter

import onnx
import onnxruntime
import pytest
from onnxruntime import GraphOptimizationLevel as Level

from device_agent.measure import Measurement
from latency_tables.subjects import (
    COPIES,
    REFERENCE,
    both,
    entry,
    export_copies,
    export_network,
    in_precision,
    of_network,
    of_op,
    several_of,
    to_measure,
)
from search_spaces import Architecture
from search_spaces.ops import Classifier, ClipAdd, ClipConv, ClipGate, ClipPool, Conv, MBConv
from search_spaces.tvn.block import Block
from search_spaces.tvn.network import Clip, TinyVideoNetwork

STEM = Conv((1, 8, 8), 8, 3, 2, "hswish")
BLOCK = MBConv((8, 4, 4), 8, 3, 1, 24, 8, "relu", "identity")
HEAD = Classifier((8, 4, 4), 10, 16)


def convolutions(model: bytes) -> int:
    return sum(node.op_type == "Conv" for node in onnx.load_from_string(model).graph.node)


def taken(model: bytes) -> list[int]:
    return [size.dim_value for size in onnx.load_from_string(model).graph.input[0].type.tensor_type.shape.dim]


@pytest.mark.parametrize(("op", "each", "prefix"), [(STEM, 1, 0), (BLOCK, 5, 1), (HEAD, 0, 1)])
def test_copies_have_weights_of_their_own(op, each, prefix):
    single, several = export_copies(op, 1), export_copies(op, COPIES)
    assert convolutions(single) == prefix + each
    assert convolutions(several) == prefix + COPIES * each
    assert taken(single) == taken(several) == [1, *((4, 4, 4) if prefix else STEM.in_shape)]


@pytest.mark.parametrize(
    ("op", "copies"),
    [
        (BLOCK, COPIES),
        (Conv((160, 7, 7), 200, 7), 2),  # 6 MB
        (Conv((160, 7, 7), 200, 5), 4),
        (Classifier((960, 7, 7), 1000, 1280), 2),  # 10 MB
        (Classifier((960, 7, 7), 1000), 4),
    ],
)
def test_the_weights_of_all_copies_fit_into_a_cache_together(op, copies):
    assert several_of(op) == copies
    assert [subject.name for subject in both(op)] == [f"1 x {op.key}", f"{copies} x {op.key}"]


CLIP = (16, 4, 8, 8)


@pytest.mark.parametrize(
    ("op", "kind"),
    [
        (ClipPool(CLIP, "max", (1, 3, 3), (1, 2, 2)), "MaxPool"),
        (ClipPool(CLIP, "avg", (1, 3, 3)), "AveragePool"),
        (ClipPool(CLIP, "max", (2, 1, 1), (2, 1, 1)), "MaxPool"),
        (ClipGate(CLIP), "GlobalAveragePool"),
        (ClipConv(CLIP, 16, (3, 1, 1)), "Transpose"),
        (ClipConv(CLIP, 16, (1, 3, 3), (1, 2, 2), 16), "FusedConv"),
        (ClipAdd(CLIP, gated=True), "Add"),
    ],
    ids=lambda value: value.key if hasattr(value, "key") else value,
)
def test_runtime_computes_every_copy_of_an_op_on_clips(op, kind, tmp_path):
    """Equal computations are merged by onnxruntime, which would make an op without weights free."""
    single, several = (optimised(export_copies(op, n), tmp_path) for n in (1, COPIES))
    one = several[kind] - single[kind]
    assert one
    assert one % (COPIES - 1) == 0


@pytest.mark.parametrize(("se", "inverted"), [(0.0, False), (0.5, False), (0.5, True)])
def test_ops_of_a_block_that_skips_add_up_to_its_layers(se, inverted, tmp_path):
    """Where a sum is computed depends on what gives its two maps: a convolution may take it in, a gate does not."""
    block = Block("std", 3, 2, "1d", 1, 1, 16, 1, se=se, skip=True, inverted=inverted)
    network = TinyVideoNetwork(Clip(2, 16), (block,)).architecture(10)
    layers = optimised(export_network(network), tmp_path, Level.ORT_ENABLE_ALL)
    added: Counter[str] = Counter()
    for op in network.ops[:-1]:
        single, several = (optimised(export_copies(op, n), tmp_path, Level.ORT_ENABLE_ALL) for n in (1, COPIES))
        several.subtract(single)
        added.update({kind: count // (COPIES - 1) for kind, count in several.items()})
    for kind in ("Add", "Conv", "Conv with sum", "Mul", "Relu"):
        assert added[kind] == layers[kind], kind


def optimised(model: bytes, folder, level: Level = Level.ORT_ENABLE_EXTENDED) -> Counter[str]:
    """How often each kind of layer is left when onnxruntime has merged what it can: on any machine, or on this one."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = level
    options.optimized_model_filepath = str(folder / "optimised.onnx")
    options.log_severity_level = 3  # a file for this machine only, it warns
    onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return Counter(map(kind_of, onnx.load(folder / "optimised.onnx").graph.node))


def kind_of(node: onnx.NodeProto) -> str:
    """Convolutions with a fourth input add it to what they give."""
    sums = node.op_type in ("Conv", "FusedConv") and len(node.input) > 3 and node.input[3]
    return "Conv with sum" if sums else node.op_type


def test_cost_is_shared_among_the_further_copies():
    cost = entry(Measurement(0.5, 0.03, 20), Measurement(0.8, 0.04, 30), 4)
    assert cost.latency_ms == pytest.approx(0.3 / 3)
    assert cost.spread_ms == pytest.approx(0.05 / 3)
    assert cost.runs == 50


def test_noise_never_makes_a_cost_negative():
    assert entry(Measurement(0.5, 0.1, 20), Measurement(0.4, 0.1, 20), 4).latency_ms > 0


def test_names_tell_subjects_apart(all_networks):
    names = {of_op(BLOCK, 1).name, of_op(BLOCK, 4).name, of_op(HEAD, 1).name, of_network(all_networks[0]).name}
    assert len(names) == 4


def test_int8_networks_are_those_of_exports_with_ranges_of_random_inputs():
    for subject in (of_op(STEM, 1), REFERENCE):
        plain, int8 = subject.export(), in_precision(subject, "int8").export()
        assert "QuantizeLinear" in {node.op_type for node in onnx.load_from_string(int8).graph.node}
        assert convolutions(int8) == convolutions(plain)


def test_a_deep_network_whose_last_gates_hardly_move_is_quantised_too():
    """Untrained, each block leaves less of what comes in, until the values of a gate are too alike for a histogram."""
    gated = MBConv((8, 8, 8), 8, 3, 1, 16, 8, "relu", "none")
    network = Architecture.chain([Conv((1, 8, 8), 8, 3), *[gated] * 6, Classifier((8, 8, 8), 3)])
    int8 = in_precision(of_network(network), "int8").export()
    assert b"QuantizeLinear" in int8
    onnxruntime.InferenceSession(int8, providers=["CPUExecutionProvider"])


def test_a_classifier_alone_is_quantised_as_it_is_within_a_network():
    int8 = in_precision(of_op(HEAD, 1), "int8").export()
    gemms = {i.name for i in onnx.load_from_string(int8).graph.initializer if i.data_type == onnx.TensorProto.INT8}
    assert len(gemms) >= 2


def test_float32_is_what_a_subject_is():
    assert in_precision(REFERENCE, "float32") is REFERENCE
    assert to_measure([(REFERENCE, 3)], "float32") == ([(REFERENCE, 3)], REFERENCE)
