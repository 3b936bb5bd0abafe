"""Ops against counts made by hand."""

from __future__ import annotations

import pytest

from search_spaces.ops import (
    OPS,
    Classifier,
    ClipAdd,
    ClipClassifier,
    ClipConv,
    ClipGate,
    ClipPool,
    Conv,
    MBConv,
    NonLocal,
    SharedWeightNetwork,
    op_from_json,
    strided,
)

EXAMPLES = [
    # op, output shape, parameters, MACs
    (Conv((3, 8, 8), 4, 3, 2), (4, 4, 4), 3 * 4 * 9 + 2 * 4, 3 * 4 * 9 * 16),
    (Conv((3, 7, 5), 4, 1), (4, 7, 5), 3 * 4 + 2 * 4, 3 * 4 * 35),
    (MBConv((4, 8, 8), 6, 5, 2, 4), (6, 4, 4), (25 * 4 + 8) + (4 * 6 + 12), (25 * 4 + 4 * 6) * 16),
    (
        MBConv((4, 8, 8), 6, 3, 2, 12, 8),
        (6, 4, 4),
        (4 * 12 + 24) + (9 * 12 + 24) + (12 * 8 + 8 + 8 * 12 + 12) + (12 * 6 + 12),
        4 * 12 * 64 + (9 * 12 + 12 * 6) * 16 + 2 * 12 * 8,
    ),
    (Classifier((16, 4, 4), 10), (10,), 16 * 10 + 10, 160),
    (Classifier((16, 4, 4), 10, 32), (10,), 16 * 32 + 32 + 32 * 10 + 10, 16 * 32 + 320),
    (
        ClipConv((3, 4, 7, 8), 6, (1, 4, 4), (1, 2, 2)),
        (6, 4, 4, 4),
        3 * 6 * 16 + 12,
        3 * 6 * 16 * 4 * 4 * 4,
    ),
    (ClipConv((4, 5, 6, 6), 4, (3, 1, 1), (2, 1, 1)), (4, 3, 6, 6), 4 * 4 * 3 + 8, 4 * 4 * 3 * 3 * 36),
    (ClipConv((4, 2, 6, 6), 4, (1, 3, 3), groups=4), (4, 2, 6, 6), 4 * 9 + 8, 4 * 9 * 2 * 36),
    (ClipPool((4, 5, 7, 7), "max", (2, 3, 3), (2, 2, 2)), (4, 3, 4, 4), 0, 0),
    (ClipGate((8, 2, 4, 4), 3), (8, 2, 4, 4), 8 * 3 + 3 + 3 * 8 + 8, 2 * 8 * 3),
    (ClipGate((8, 2, 4, 4)), (8, 2, 4, 4), 8 * 8 + 8, 64),
    (NonLocal((8, 2, 4, 5)), (8, 2, 4, 5), 4 * 8 * 4 + 16, 2 * 8 * 4 * 40 + 2 * 8 * 4 * 8 + 2 * 40 * 8 * 4),
    (ClipAdd((8, 2, 4, 4)), (8, 2, 4, 4), 0, 0),
    (ClipClassifier((16, 3, 4, 4), 10), (10,), 16 * 10 + 10, 160),
    (ClipClassifier((16, 3, 4, 4), 10, "per_frame"), (10,), 16 * 10 + 10, 480),
    (SharedWeightNetwork((2,), 1, (5, 1), (0, 1, 3), (3, 3, 4)), (1,), 3, 3),
]


@pytest.mark.parametrize(("op", "out_shape", "params", "macs"), EXAMPLES)
def test_counts(op, out_shape, params, macs):
    assert (op.out_shape, op.params, op.macs) == (out_shape, params, macs)


@pytest.mark.parametrize("op", [example[0] for example in EXAMPLES], ids=lambda op: op.key)
def test_json_gives_the_same_object_back(op):
    again = op_from_json(op.to_json())
    assert again == op
    assert (again is op) == op.interned


def test_every_kind_has_an_example():
    assert {type(op) for op, *_ in EXAMPLES} == set(OPS.values())


def test_equal_ops_are_one_object():
    assert Conv((3, 8, 8), 4, 3) is Conv((3, 8, 8), 4, 3, stride=1)
    assert Conv((3, 8, 8), 4, 3) is not Conv((3, 8, 8), 4, 5)


def test_keys_are_stable():
    """Latency tables on disk are filed under these texts."""
    assert Conv((3, 8, 8), 4, 3, 2).key == (
        "conv(in_shape=3x8x8,out_channels=4,kernel=3,stride=2,activation=relu,skip=none)"
    )
    assert MBConv((4, 8, 8), 6, 3, 2, 12, 8, "hswish", "identity").key == (
        "mbconv(in_shape=4x8x8,out_channels=6,kernel=3,stride=2,expanded_channels=12,se_channels=8,"
        "activation=hswish,skip=identity,se_gate=hard_sigmoid)"
    )
    assert Classifier((16, 4, 4), 10).key == "classifier(in_shape=16x4x4,outputs=10,hidden=0,activation=hswish)"


def test_unknown_kind_and_field_are_refused():
    with pytest.raises(KeyError, match="pooling"):
        op_from_json({"kind": "pooling", "in_shape": [3, 8, 8]})
    with pytest.raises(TypeError, match="dilation"):
        op_from_json(Conv((3, 8, 8), 4, 3).to_json() | {"dilation": 2})


@pytest.mark.parametrize(("side", "stride", "out"), [(7, 2, 4), (8, 2, 4), (9, 2, 5), (1, 2, 1), (7, 1, 7)])
def test_strided_rounds_up(side, stride, out):
    assert strided((3, side, side), stride) == (out, out)
