"""Graphs of ops: shapes that must meet, a hash that must not drift, JSON that must come back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from search_spaces import Architecture, Node, Signature, get_space
from search_spaces.ops import Classifier, Conv, MBConv

STEM = Conv((1, 16, 16), 8, 3, 2, "hswish")
BLOCK = MBConv((8, 8, 8), 8, 3, 1, 24, 8, "relu", "identity")
HEAD = Classifier((8, 8, 8), 10, 16)
TABLES = Path(__file__).parents[2] / "benchmarks" / "tables"


@pytest.fixture
def small() -> Architecture:
    return Architecture.chain([STEM, BLOCK, HEAD])


def test_sums_over_ops(small):
    assert small.params == STEM.params + BLOCK.params + HEAD.params
    assert small.macs == STEM.macs + BLOCK.macs + HEAD.macs
    assert (small.input_shape, small.output_shape) == ((1, 16, 16), (10,))


def test_hash_is_the_one_stored_in_databases(small):
    """A change here makes every stored result unfindable: raise the space's version with it."""
    assert small.hash == "7bf56b7bfeafc71e1bed6411fb28d69b"


def test_hash_tells_networks_apart(small):
    others = [
        Architecture.chain([STEM, HEAD]),
        Architecture.chain([STEM, BLOCK, BLOCK, HEAD]),
        Architecture.chain([STEM, MBConv((8, 8, 8), 8, 3, 1, 24, 8, "relu"), HEAD]),
        Architecture((1, 16, 16), (Node(STEM, (-1,)), Node(BLOCK, (0,)), Node(BLOCK, (0,)), Node(HEAD, (2,)))),
        Architecture((1, 16, 16), (Node(STEM, (-1,)), Node(BLOCK, (0,)), Node(BLOCK, (1,)), Node(HEAD, (2,)))),
    ]
    hashes = [small.hash, *(other.hash for other in others)]
    assert len(set(hashes)) == 5  # the last one is the second, written out


def test_json_round_trip(small):
    again = Architecture.from_json(json.loads(json.dumps(small.to_json())))
    assert again == small
    assert again.hash == small.hash


def test_frame_rate_is_part_of_the_network(small):
    slow, fast = (Architecture(small.input_shape, small.nodes, rate) for rate in (5.0, 25.0))
    assert len({small.hash, slow.hash, fast.hash}) == 3
    assert Architecture.from_json(json.loads(json.dumps(slow.to_json()))) == slow
    assert "frame_rate" not in small.to_json()


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ((Node(STEM, (-1,)), Node(Classifier((16, 8, 8), 10), (0,))), r"node 1 \(classifier\) takes .16, 8, 8."),
        ((Node(BLOCK, (-1,)),), r"node 0 \(mbconv\) takes .8, 8, 8., but is fed .1, 16, 16."),
        ((Node(STEM, (-1,)), Node(BLOCK, (1,))), "topological order"),
        ((Node(STEM, (-2,)),), "topological order"),
    ],
)
def test_shapes_and_order_must_fit(nodes, message):
    with pytest.raises(ValueError, match=message):
        Architecture((1, 16, 16), nodes)


@pytest.mark.parametrize(
    ("name", "signature", "table"),
    [
        ("mobilenetv3", Signature("image", 1, 10, (8, 64)), "digits_cells.json"),
        ("tvn", Signature("clip", 1, 8, (8, 64), (1, 16), (1.666, 25.0)), "tvn_moving_digits.json"),
    ],
)
def test_networks_of_committed_tables_keep_their_hashes(name, signature, table):
    """Each is built again from its choices, and found under the hash that its results are filed under."""
    stored = json.loads((TABLES / table).read_text())
    space = get_space(name, **stored["space"]).bind(signature)
    first = {position.name: position.options[0] for position in space.positions}
    for network in stored["networks"][::20]:
        assert space.architecture(space.encode(first | network["choices"])).hash == network["hash"]
