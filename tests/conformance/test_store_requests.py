"""The lease contract, on both databases: one claim a request, and a result counts only under the attempt that holds."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from rows import add_job, add_trials

from nas_service.store import Claim, Store, requests, trials

THREADS = 8
REQUESTS = 120


@pytest.fixture
def claim(store: Store) -> Callable[..., list[Claim]]:
    """Claims for one holder, ten at a time unless told, until a lease of 60 s."""

    def run(holder: str = "a", limit: int = 10, *, until: float = 60.0, **rest: object) -> list[Claim]:
        with store.write() as conn:
            return requests.claim(conn, holder, until, limit, **rest)

    return run


@pytest.fixture
def held(store: Store, claim: Callable[..., list[Claim]]) -> Claim:
    """The one request of a job, claimed for the first time."""
    with store.write() as conn:
        add_job(conn)
        add_trials(conn, [0])
    return claim()[0]


def states(store: Store) -> dict[str, int]:
    with store.read() as conn:
        return requests.held(conn, [f"j.r{n}" for n in range(REQUESTS)])


def test_threads_claim_each_request_once(store: Store, claim: Callable[..., list[Claim]]) -> None:
    with store.write() as conn:
        add_job(conn)
        add_trials(conn, range(REQUESTS))
    start = Barrier(THREADS)

    def work(name: int) -> list[str]:
        start.wait()
        mine: list[str] = []
        while taken := claim(f"holder{name}", 7):
            assert len(taken) <= 7
            assert {c.attempt for c in taken} == {1}
            mine += [c.request_id for c in taken]
        return mine

    with ThreadPoolExecutor(THREADS) as pool:
        taken = [request for mine in pool.map(work, range(THREADS)) for request in mine]
    assert sorted(taken) == sorted(f"j.r{n}" for n in range(REQUESTS))
    assert len(states(store)) == REQUESTS


def test_claims_keep_to_kind_and_jobs(store: Store, claim: Callable[..., list[Claim]]) -> None:
    with store.write() as conn:
        for job_id in "jk":
            add_job(conn, job_id)
            add_trials(conn, [0, 1], job_id)
    assert claim(kind="export") == []
    assert {c.job_id for c in claim(job_ids=["k"])} == {"k"}
    assert [c.kind for c in claim()] == ["evaluate", "evaluate"]


def test_a_late_report_changes_nothing(store: Store, held: Claim, claim: Callable[..., list[Claim]]) -> None:
    with store.write() as conn:
        assert requests.reap(conn, 61.0) == [held.request_id]
    again = claim("b")[0]
    assert again.attempt == held.attempt + 1
    with store.write() as conn:
        assert requests.settle(conn, {(held.request_id, held.attempt): 1}) == set()
        assert requests.requeue(conn, held.request_id, held.attempt) is None
    assert states(store) == {again.request_id: again.attempt}


def test_a_result_counts_once(store: Store, held: Claim) -> None:
    mine = (held.request_id, held.attempt)
    with store.write() as conn:
        assert requests.settle(conn, {mine: 1}) == {mine}
        assert requests.settle(conn, {mine: 1}) == set()
    assert states(store) == {}


def test_two_that_settle_at_once_count_once(store: Store, held: Claim) -> None:
    start = Barrier(THREADS)

    def settle(_: int) -> int:
        start.wait()
        with store.write() as conn:
            return len(requests.settle(conn, {(held.request_id, held.attempt): 1}))

    with ThreadPoolExecutor(THREADS) as pool:
        assert sum(pool.map(settle, range(THREADS))) == 1


def test_a_request_of_many_trials_is_done_with_the_last(store: Store, held: Claim) -> None:
    mine = (held.request_id, held.attempt)
    with store.write() as conn:
        conn.execute(requests.requests.update().values(open_trials=3))
        assert requests.settle(conn, {mine: 2}) == {mine}
    assert states(store) == {held.request_id: 1}
    with store.write() as conn:
        assert requests.settle(conn, {mine: 1}) == {mine}
    assert states(store) == {}


def test_settling_nothing_is_nothing(store: Store) -> None:
    with store.write() as conn:
        assert requests.settle(conn, {}) == set()


def test_requeue_counts_the_deaths_of_workers(store: Store, held: Claim, claim: Callable[..., list[Claim]]) -> None:
    for death in (1, 2, 3):
        with store.write() as conn:
            assert requests.requeue(conn, held.request_id, death) == death
        assert claim()[0].attempt == death + 1


def test_a_request_that_was_given_up_is_not_claimed_again(
    store: Store, held: Claim, claim: Callable[..., list[Claim]]
) -> None:
    with store.write() as conn:
        requests.requeue(conn, held.request_id, held.attempt)
        requests.give_up(conn, held.request_id)
    assert claim() == []


def test_the_heartbeat_prolongs_what_is_known_to_be_held(
    store: Store, held: Claim, claim: Callable[..., list[Claim]]
) -> None:
    with store.write() as conn:
        add_trials(conn, [1])
    lost = claim(until=60.0)[0]  # its answer never arrived
    with store.write() as conn:
        assert requests.extend(conn, "a", [held.request_id], 100.0) == 1
        assert requests.extend(conn, "b", [held.request_id], 200.0) == 0
        assert requests.reap(conn, 60.0) == []
        assert requests.reap(conn, 99.0) == [lost.request_id]
        assert requests.reap(conn, 101.0) == [held.request_id]


def test_who_takes_a_job_puts_back_what_others_held_for_it(
    store: Store, held: Claim, claim: Callable[..., list[Claim]]
) -> None:
    with store.write() as conn:
        trials.start(conn, ["j.t0"], 3.0)
        assert requests.abandon(conn, "a", ["j"]) == []
        assert requests.abandon(conn, "b", ["k"]) == []
        trials.restart(conn, requests.abandon(conn, "b", ["j"]))
        assert trials.get(conn, "j.t0").state == "queued"
    assert claim("b")[0].attempt == held.attempt + 1


def test_closing_a_job_ends_its_requests(store: Store, held: Claim, claim: Callable[..., list[Claim]]) -> None:
    with store.write() as conn:
        add_trials(conn, [1])
        assert requests.close(conn, "j") == [held.request_id]
        assert requests.settle(conn, {(held.request_id, held.attempt): 1}) == set()
        assert not requests.any_queued(conn, "evaluate")
    assert claim() == []
