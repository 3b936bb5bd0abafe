"""What is compared, as the address says it."""

from __future__ import annotations

import pytest

from nas_service.dashboard.compare.wanted import Wanted
from nas_service.dashboard.page_address import comparison, listed


def test_an_address_names_jobs_and_candidates_and_is_read_again() -> None:
    wanted = Wanted(("a", "b"), ("a.c1", "c.c2"))
    assert wanted.address == "/compare?jobs=a,b&candidates=a.c1,c.c2"
    assert Wanted(listed("a,b"), listed("a.c1, c.c2,,a.c1")) == wanted
    assert Wanted().address == "/compare"
    assert comparison(candidates=["<b>&x"]) == "/compare?candidates=%3Cb%3E%26x"


@pytest.mark.parametrize(
    ("named", "address"),
    [
        ("b", "/compare?jobs=a,b&candidates=a.c1"),
        ("b.c7", "/compare?jobs=a&candidates=a.c1,b.c7"),
        ("a", "/compare?jobs=a&candidates=a.c1"),
    ],
)
def test_another_one_is_added_once(named: str, address: str) -> None:
    assert Wanted(("a",), ("a.c1",)).having(named).address == address


def test_one_is_left_out_or_put_before_all() -> None:
    wanted = Wanted(("a", "b"), ("a.c1", "b.c2"))
    assert wanted.without({"a": "gone", "b.c2": "gone"}) == Wanted(("b",), ("a.c1",))
    assert wanted.before_all("b.c2").candidates == ("b.c2", "a.c1")
    assert wanted.before_all("a.c9") == Wanted(("a", "b"), ("a.c9", "a.c1", "b.c2"))


def test_six_are_compared_candidates_before_jobs() -> None:
    candidates = tuple(f"a.c{n}" for n in range(5))
    assert Wanted(("a", "b"), candidates).compared == Wanted(("a",), candidates)
    assert Wanted(("a",), tuple(f"a.c{n}" for n in range(9))).compared == Wanted((), tuple(f"a.c{n}" for n in range(6)))
