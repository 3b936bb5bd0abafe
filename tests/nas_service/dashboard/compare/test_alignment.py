"""Rows of networks beside each other: corresponding ops share one, and none is lost."""

from __future__ import annotations

import pytest
from op_views import op, sampled

from nas_service.dashboard.compare.alignment import aligned

STEM, HEAD = op("conv", stride=2), op("classifier", hidden=8)


def test_one_network_stands_as_it_is() -> None:
    (rows,) = aligned([[STEM, op(kernel=3), HEAD]])
    assert (list(rows.of), rows.total, dict(rows.differing)) == ([0, 1, 2], 3, {})


def test_equal_ops_share_a_row_and_changes_are_told_against_the_first() -> None:
    first, second = aligned([[STEM, op(kernel=3), HEAD], [STEM, op(kernel=5), HEAD]])
    assert (list(first.of), dict(first.differing)) == ([0, 1, 2], {})
    assert (second.of, second.differing, second.missing) == ([0, 1, 2], {1: ("kernel 3 → 5",)}, [])


def test_what_others_have_more_makes_room_in_all_and_what_they_lack_is_missing() -> None:
    more, fewer = [STEM, op(kernel=3), op(kernel=7), op(kernel=7), HEAD], [STEM, HEAD]
    first, longer, shorter = aligned([[STEM, op(kernel=3), HEAD], more, fewer])
    assert (list(first.of), list(longer.of), list(shorter.of)) == ([0, 1, 4], [0, 1, 2, 3, 4], [0, 4])
    assert {one.total for one in (first, longer, shorter)} == {5}
    assert longer.differing == {2: ("added",), 3: ("added",)}
    assert (shorter.differing, shorter.missing) == ({}, [1])


def test_what_comes_before_the_first_op_and_behind_the_last_has_rows_too() -> None:
    first, other = aligned([[STEM], [op("pool"), STEM, op("pool")]])
    assert (list(first.of), other.of, other.total) == ([1], [0, 1, 2], 3)


@pytest.mark.parametrize("space", ["mobilenetv3", "tvn"])
def test_every_op_has_a_row_of_its_own_in_order(space: str) -> None:
    networks = [sampled(space, seed).ops for seed in range(6)]
    for ops, rows in zip(networks, aligned(networks), strict=True):
        assert len(rows.of) == len(ops)
        assert list(rows.of) == sorted(set(rows.of))
        assert rows.of[-1] < rows.total
        assert not {*rows.of} & {*rows.missing}
