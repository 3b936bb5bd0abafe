"""Which ops a space can meet."""

from __future__ import annotations

import numpy as np

from latency_tables import cover


def test_finds_every_op_of_a_small_space(tiny_space, all_networks):
    found = cover(tiny_space, np.random.default_rng(0), quiet=100)
    expected = sorted({op.key for network in all_networks for op in network.ops})
    assert [op.key for op in found.ops] == expected
    assert found.exhausted
    assert found.samples > 100


def test_says_when_it_stopped_early(tiny_space):
    found = cover(tiny_space, np.random.default_rng(0), quiet=100, most=2)
    assert not found.exhausted
    assert found.samples == 2
    assert found.ops
