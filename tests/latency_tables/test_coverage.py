"""Which ops a space can meet."""

from __future__ import annotations

import numpy as np

from latency_tables import cover


def test_finds_every_op_of_a_small_space(tiny_space, all_networks):
    found = cover(tiny_space, np.random.default_rng(0), quiet=100)
    assert {op.key for op in found.ops} == {op.key for network in all_networks for op in network.ops}
    assert len(set(found.ops)) == len(found.ops)
    assert found.exhausted
    assert found.samples > 100


def test_says_when_it_stopped_early(tiny_space):
    found = cover(tiny_space, np.random.default_rng(0), quiet=100, most=2)
    assert not found.exhausted
    assert found.samples == 2
    assert found.ops


def test_what_is_met_most_often_comes_first(tiny_space, all_networks):
    """The ends are in every network, each block in one of four."""
    found = cover(tiny_space, np.random.default_rng(0), quiet=100)
    everywhere = set.intersection(*(set(network.ops) for network in all_networks))
    assert set(found.ops[: len(everywhere)]) == everywhere
