"""Costs that contradict each other are found, and none that agree."""

from __future__ import annotations

from latency_tables.suspects import implausible
from latency_tables.table import Entry
from search_spaces.ops import Conv, MBConv

NARROW, WIDE, OTHER = Conv((8, 16, 16), 16, 1), Conv((8, 16, 16), 32, 1), Conv((8, 16, 16), 32, 3)
BLOCKS = [MBConv((16, 8, 8), 16, 3, 1, channels) for channels in (32, 48, 64)]


def table(*costs: tuple[object, float], spread: float = 0.001) -> dict[str, Entry]:
    return {op.key: Entry(cost, spread, 60) for op, cost in costs}


def test_a_smaller_op_that_is_clearly_dearer_is_found_with_the_larger_one():
    assert implausible(table((NARROW, 0.5), (WIDE, 0.2), (OTHER, 0.1))) == {NARROW.key, WIDE.key}


def test_what_noise_explains_is_not():
    assert implausible(table((NARROW, 0.5), (WIDE, 0.2), spread=0.2)) == set()
    assert implausible(table((NARROW, 0.21), (WIDE, 0.2))) == set()


def test_costs_that_rise_with_width_are_not():
    assert implausible(table(*zip(BLOCKS, (0.1, 0.2, 0.3), strict=True))) == set()
    assert implausible({}) == set()


def test_only_the_odd_one_of_many_and_its_betters_are_found():
    costs = table(*zip(BLOCKS, (0.1, 0.9, 0.3), strict=True))
    assert implausible(costs) == {BLOCKS[1].key, BLOCKS[2].key}
