"""Which ops of two networks correspond, and in what they differ."""

from __future__ import annotations

import pytest
from op_views import op, sampled

from nas_service.dashboard.compare.differences import Pair, paired


def test_a_network_does_not_differ_from_itself() -> None:
    ops = sampled("mobilenetv3").ops
    pairs = paired(ops, ops)
    assert [(pair.left, pair.right) for pair in pairs] == [(one, one) for one in ops]
    assert not any(pair.differences for pair in pairs)


def test_what_changed_in_an_op_is_named_from_left_to_right() -> None:
    [pair] = paired([op(kernel=3, activation="relu")], [op(kernel=5, activation="relu")])
    assert pair.differences == ("kernel 3 → 5",)
    assert Pair(pair.right, pair.left).differences == ("kernel 5 → 3",)


def test_a_layer_more_stands_alone_and_the_others_keep_their_partners() -> None:
    first, more, last = op(kernel=3), op(kernel=7), op("classifier", hidden=8)
    assert [(p.left, p.right) for p in paired([first, last], [first, more, last])] == [
        (first, first),
        (None, more),
        (last, last),
    ]
    assert [p.differences for p in paired([first, more, last], [first, last])] == [(), ("missing",), ()]
    assert paired([first, last], [first, more, last])[1].differences == ("added",)


def test_ops_of_other_kinds_are_no_partners() -> None:
    assert [p.differences for p in paired([op("conv")], [op("mbconv")])] == [("missing",), ("added",)]


def test_ops_on_other_maps_are_partners_that_differ_in_channels_and_kinds_of_map_alone() -> None:
    def told(shape: list[int]) -> tuple[str, ...]:
        [pair] = paired([op(kernel=3)], [op(kernel=3, shape=shape)])
        return pair.differences

    assert told([16, 4, 4]) == ()
    assert told([24, 4, 4]) == ("out channels 16 → 24",)
    assert told([16]) == ("out 16×8×8 → 16",)


def test_properties_have_the_names_that_they_have_elsewhere() -> None:
    [pair] = paired([op(expanded_channels=24, se_channels=8)], [op(expanded_channels=96, se_channels=0)])
    assert pair.differences == ("expansion 24 → 96", "SE 8 → 0")


def test_a_field_that_one_side_lacks_is_a_dash() -> None:
    [pair] = paired([op(kernel=3)], [op(kernel=3, dilation=2)])
    assert pair.differences == ("dilation – → 2",)


@pytest.mark.parametrize("space", ["mobilenetv3", "tvn"])
def test_no_op_is_lost(space: str) -> None:
    a, b = sampled(space, 1).ops, sampled(space, 2).ops
    pairs = paired(a, b)
    assert [pair.left for pair in pairs if pair.left] == a
    assert [pair.right for pair in pairs if pair.right] == b
