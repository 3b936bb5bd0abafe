"""A set of places that finds neighbours, against a sorted list."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas_service.places import Places

LARGEST = 64 * 64 * 2  # three levels


@pytest.mark.parametrize("size", [1, 64, 65, LARGEST])
def test_an_empty_set_has_no_neighbours(size: int) -> None:
    places = Places(size)
    assert (places.before(size - 1), places.after(0)) == (None, None)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, LARGEST - 1)), max_size=60), st.integers(0, LARGEST - 1))
def test_neighbours_are_those_of_a_sorted_list(changes: list[tuple[bool, int]], place: int) -> None:
    places, members = Places(LARGEST), set()
    for joins, one in changes:
        (places.add if joins else places.discard)(one)
        (members.add if joins else members.discard)(one)
    for asked in {place, *members}:
        assert places.before(asked) == max((one for one in members if one < asked), default=None)
        assert places.after(asked) == min((one for one in members if one > asked), default=None)


def test_members_at_the_ends_of_words_are_found() -> None:
    places = Places(LARGEST)
    for one in (0, 63, 64, 4095, 4096, LARGEST - 1):
        places.add(one)
    assert [places.after(one) for one in (0, 63, 64, 4095, 4096, LARGEST - 1)] == [
        63,
        64,
        4095,
        4096,
        LARGEST - 1,
        None,
    ]
    places.discard(64)
    assert (places.after(63), places.before(4095)) == (4095, 63)
