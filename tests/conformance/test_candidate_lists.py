"""Lists of candidates on both databases: every order from page to page, and every way to narrow one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from rows import add_job, add_trials
from sqlalchemy import update

from nas_service.store import Candidate, Store, candidate_lists, candidates, schema
from nas_service.store.candidate_lists import ALL, ORDERS, Listing
from nas_service.store.candidates import Result


@pytest.fixture
def searched(store: Store) -> Store:
    """Twelve candidates beside those of another job: 10 is infeasible, 11 has no result, 9 none of full fidelity.

    Rewards and latencies tie in pairs, the odd numbers are of the control, and 1, 2 and 12 are children of 0 and 10.
    """
    with store.write() as conn:
        for job_id in ("j", "other"):
            add_job(conn, job_id)
            add_trials(conn, range(13), job_id)
        candidates.save(conn, [_result(n) for n in range(11)])
        c, p = schema.candidates, schema.proposals
        for n in range(11):
            conn.execute(update(c).where(c.c.id == f"j.c{n}").values(latency_ms=(10 - n) // 2 / 10))
        conn.execute(update(p).where(p.c.job_id == "j", p.c.number % 2 == 1).values(control=True))
        for child, parent in ((1, "j.c0"), (2, "j.c0"), (12, "j.c10")):
            conn.execute(update(c).where(c.c.id == f"j.c{child}").values(parents=["j.c7", parent]))
    return store


def _result(n: int) -> Result:
    found = Result(f"j.c{n}", "completed", "", n != 10, {"val_accuracy": n / 100}, n / 100, 100.0 * n, float(n // 2))
    return replace(found, full=n != 9)


def listed(store: Store, wanted: Listing, limit: int = 3) -> list[Candidate]:
    """All of them, page by page."""
    found: list[Candidate] = []
    with store.read() as conn:
        while True:
            after = wanted.key(found[-1]) if found else None
            page = candidate_lists.page(conn, "j", wanted, after=after, limit=limit)
            if not page:
                assert candidate_lists.count(conn, "j", wanted) == len(found)
                assert candidate_lists.ids(conn, "j", wanted) == [one.id for one in found]
                return found
            found += page


def numbers(store: Store, **wanted: Any) -> list[int]:
    return [one.number for one in listed(store, Listing(**wanted))]


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("order", ORDERS)
def test_pages_of_every_order_follow_each_other(searched: Store, order: Any, descending: bool) -> None:
    wanted = Listing(order, descending)
    found = listed(searched, wanted)
    sign = -1 if descending else 1
    expected = sorted(found, key=lambda one: (sign * (getattr(one, order)), one.number))
    assert [one.number for one in found] == [one.number for one in expected]
    assert len({one.number for one in found}) == {"reward": 10, "value": 10, "latency_ms": 11}.get(order, 13)


def test_the_best_come_first_where_nothing_else_is_said(searched: Store) -> None:
    assert numbers(searched, order="reward")[:3] == [10, 8, 6]
    assert numbers(searched, order="latency_ms")[:3] == [9, 10, 7]
    assert numbers(searched) == list(range(13))


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"state": "proposed"}, [11, 12]),
        ({"feasible": True, "state": "completed"}, list(range(10))),
        ({"feasible": False}, [10]),
        ({"control": True}, [1, 3, 5, 7, 9, 11]),
        ({"control": False, "state": "completed"}, [0, 2, 4, 6, 8, 10]),
        ({"parent": "j.c0"}, [1, 2]),
        ({"parent": "j.c1"}, []),
        ({"text": "c1"}, [1, 10, 11, 12]),
        ({"text": "j.c12"}, [12]),
        ({"text": "j"}, []),
        ({"text": "%"}, []),
        ({"value_min": 0.08}, [8, 9, 10]),
        ({"latency_ms_max": 0.1}, [7, 8, 9, 10]),
        ({"params_max": 20}, [0, 1, 2]),
        ({"macs_max": 300, "params_max": 20, "order": "reward"}, [2, 0, 1]),
    ],
)
def test_lists_are_narrowed(searched: Store, wanted: dict[str, Any], expected: list[int]) -> None:
    assert numbers(searched, **wanted) == expected


def test_candidates_are_read_in_the_order_of_their_names(searched: Store) -> None:
    with searched.read() as conn:
        found = candidate_lists.named(conn, ["j.c5", "gone", "j.c2"])
        assert [one.id for one in found] == ["j.c5", "j.c2"]
        assert candidate_lists.page(conn, "j", ALL, limit=1)[0] == candidates.get(conn, "j.c0")
