"""Jobs, events, candidates and trials as the store keeps them, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest
from rows import add_job, add_trials, report
from sqlalchemy import update

from nas_service.errors import Conflict, NotFound
from nas_service.store import (
    Candidate,
    NewProposal,
    Store,
    asks,
    candidate_lists,
    candidates,
    events,
    exports,
    jobs,
    schema,
    trials,
)
from nas_service.store.asks import Reusable
from nas_service.store.candidate_lists import ALL, Listing
from nas_service.store.candidates import Result
from nas_service.strategies import Outcome, State

WRITERS = 6


@pytest.fixture
def searched(store: Store) -> Store:
    """One job with twelve candidates; all but the last have ended, with rewards that tie in pairs."""
    with store.write() as conn:
        add_job(conn)
        add_trials(conn, range(12))
        candidates.save(conn, [_result(n) for n in range(11)])
    return store


def _result(n: int) -> Result:
    return Result(f"j.c{n}", "completed", "", n != 10, {"val_accuracy": n / 100}, n / 100, 100.0 * n, float(n // 2))


def test_the_same_key_and_spec_give_the_same_job(store: Store) -> None:
    with store.write() as conn:
        first = add_job(conn, "a", key="k")
        again = add_job(conn, "b", key="k")
        with pytest.raises(Conflict, match="by job a"):
            add_job(conn, "c", key="k", spec_hash="1")
    assert again == first
    with store.read() as conn:
        assert [job.id for job in jobs.listed(conn)] == ["a"]


def test_an_idempotency_key_is_its_owners(store: Store) -> None:
    with store.write() as conn:
        mine, theirs = (add_job(conn, owner or "nobody", key="k", owner=owner) for owner in ("ann", ""))
        assert (mine.id, theirs.id) == ("ann", "nobody")
        assert add_job(conn, "b", key="k", owner="ann") == mine
        assert [job.id for job in jobs.listed(conn, owner="ann")] == ["ann"]


def test_submissions_that_race(store: Store) -> None:
    start = Barrier(WRITERS)

    def submit(i: int) -> str:
        start.wait()
        with store.write() as conn:
            add_job(conn, f"own{i}")
            return add_job(conn, f"same{i}", key="k").id

    with ThreadPoolExecutor(WRITERS) as pool:
        made = set(pool.map(submit, range(WRITERS)))
    assert len(made) == 1
    with store.read() as conn:
        numbers = [job.number for job in jobs.listed(conn)]
    assert numbers == list(range(WRITERS + 1, 0, -1))


def test_jobs_are_listed_newest_first_in_pages(store: Store) -> None:
    with store.write() as conn:
        for name in "abcde":
            add_job(conn, name)
        jobs.move(conn, "b", ["queued"], "running", "", 1.0)
    with store.read() as conn:
        first = jobs.listed(conn, limit=2)
        rest = jobs.listed(conn, before=first[-1].number)
        assert [job.id for job in [*first, *rest]] == list("edcba")
        assert [job.id for job in jobs.listed(conn, state="running")] == ["b"]
        assert [job.id for job in jobs.in_state(conn, jobs.LIVE)] == list("abcde")
        assert jobs.counts(conn) == {"queued": 4, "running": 1}


def test_the_account_of_running_time_leaves_pauses_out(store: Store) -> None:
    with store.write() as conn:
        add_job(conn)
        assert jobs.move(conn, "j", ["queued"], "running", "", 10.0)
        assert jobs.move(conn, "j", ["running"], "paused", "", 15.0)
        assert jobs.move(conn, "j", ["paused"], "running", "", 100.0)
        assert jobs.take(conn, jobs.get(conn, "j"), "a", 160.0)
        jobs.account(conn, "a", 103.0)
        jobs.account(conn, "b", 300.0)  # somebody else's jobs
        jobs.restart_clock(conn, ["j"], 500.0)  # nobody ran the job between 103 and 500
        assert jobs.move(conn, "j", ["running"], "finished", "done", 502.0)
        job = jobs.get(conn, "j")
    assert job.active_seconds == pytest.approx(5 + 3 + 2)
    assert (job.started_at, job.ended_at, job.active_since) == (10.0, 502.0, None)
    assert (job.state, job.reason) == ("finished", "done")


def test_a_job_is_taken_once_from_where_it_was_read(store: Store) -> None:
    with store.write() as conn:
        free = add_job(conn)
        assert (free.holder, free.lease_until, free.fence) == (None, None, 0)
        assert jobs.take(conn, free, "a", 60.0)
        assert not jobs.take(conn, free, "b", 60.0)
        taken = jobs.get(conn, "j")
        assert (taken.holder, taken.lease_until, taken.fence) == ("a", 60.0, 1)
        assert jobs.take(conn, taken, "b", 90.0)
        jobs.keep(conn, "a", 120.0)
        assert jobs.get(conn, "j").lease_until == 90.0
        jobs.keep(conn, "b", 120.0)
        assert (jobs.get(conn, "j").lease_until, jobs.standing(conn, "j")) == (120.0, ("queued", 2))


def test_who_lost_a_job_cannot_say_why_it_waits(store: Store) -> None:
    with store.write() as conn:
        for fence in (0, 1):
            assert jobs.take(conn, add_job(conn) if fence == 0 else jobs.get(conn, "j"), "a", 60.0)
        jobs.move(conn, "j", ["queued"], "running", "", 1.0)
        jobs.set_reason(conn, "j", 1, "stale")
        assert jobs.get(conn, "j").reason == ""
        jobs.set_reason(conn, "j", 2, "no worker is free")
        assert jobs.get(conn, "j").reason == "no worker is free"


def test_nobody_holds_a_job_that_is_over(store: Store) -> None:
    with store.write() as conn:
        assert jobs.take(conn, add_job(conn), "a", 60.0)
        jobs.move(conn, "j", jobs.LIVE, "cancelled", "", 2.0)
        over = jobs.get(conn, "j")
        assert (over.holder, over.lease_until, over.fence) == (None, None, 1)
        assert not jobs.take(conn, over, "b", 60.0)


def test_a_move_from_another_state_changes_nothing(store: Store) -> None:
    with store.write() as conn:
        before = add_job(conn)
        assert not jobs.move(conn, "j", ["running"], "paused", "", 2.0)
        assert not jobs.move(conn, "none", ["queued"], "running", "", 2.0)
        assert jobs.get(conn, "j") == before
        assert len(events.after(conn, "j", 0)) == 1


def test_of_moves_that_race_one_happens(store: Store) -> None:
    with store.write() as conn:
        add_job(conn)
    start = Barrier(WRITERS)

    def move(i: int) -> bool:
        start.wait()
        with store.write() as conn:
            return jobs.move(conn, "j", ["queued"], "running", str(i), 2.0)

    with ThreadPoolExecutor(WRITERS) as pool:
        assert sum(pool.map(move, range(WRITERS))) == 1


def test_events_have_no_gaps_under_concurrent_writers(store: Store) -> None:
    with store.write() as conn:
        add_job(conn)
    start = Barrier(WRITERS)

    def write(i: int) -> None:
        start.wait()
        for n in range(10):
            with store.write() as conn:
                events.append(conn, "j", float(n), [("trial", {"writer": i, "n": n}), ("epoch", {})])

    seen: list[int] = []
    with ThreadPoolExecutor(WRITERS) as pool:
        writing = [pool.submit(write, i) for i in range(WRITERS)]
        while not all(future.done() for future in writing) or not seen or seen[-1] <= WRITERS * 20:
            with store.read() as conn:
                seen += [event.seq for event in events.after(conn, "j", seen[-1] if seen else 0, limit=7)]
    assert seen == list(range(1, WRITERS * 20 + 2))
    with store.read() as conn:
        told = [e.data for e in events.after(conn, "j", 1) if e.type == "trial"]
    for i in range(WRITERS):
        assert [data["n"] for data in told if data["writer"] == i] == list(range(10))


def test_strategy_state_comes_back_as_it_was(store: Store) -> None:
    with store.write() as conn:
        add_job(conn)
        assert jobs.strategy_state(conn, "j") is None
        jobs.add(conn, "j", State({"rng": str(2**127)}, b"\x00moments"), trials=3)
        jobs.add(conn, "j", State({"rng": "2"}), trials=1)
        assert jobs.strategy_state(conn, "j") == State({"rng": "2"}, b"\x00moments")
        assert jobs.get(conn, "j").trials == 4


def test_points_are_those_of_feasible_evaluated_candidates(searched: Store) -> None:
    with searched.read() as conn:
        assert candidates.points(conn, "j") == [(f"j.c{n}", n / 100, 100.0 * n) for n in range(10)]
        assert jobs.best(conn, "j") == ("j.c8", 4.0)


def test_the_best_is_known_by_a_proposal_and_rather_by_one_with_weights(searched: Store) -> None:
    """Of two that tie, candidate 8 came first; proposal 12 names it too, and its trial has left weights."""
    again = NewProposal(12, "j.c8", "j.t9", (), None, "reused", 4.0, {"val_accuracy": 0.08})
    with searched.write() as conn:
        assert asks.best(conn, "j") is None
        trials.tell(conn, "j", [Outcome(8, "completed", {"choices": [8]}, reward=4.0)])
        assert asks.best(conn, "j") == 8
        asks.record(conn, "j", 2.0, [], [], [again])
        assert asks.best(conn, "j") == 8
        trials.finish(conn, [replace(report(9, 1), artifacts={"weights": "w"})], 3.0)
        assert asks.best(conn, "j") == 12
        assert asks.left_by(conn, "j", {8, 12}) == {12: {"weights": "w"}}
        assert asks.best(conn, "none") is None


def test_unknown_ids_are_named(store: Store) -> None:
    with store.read() as conn:
        for look_up in (jobs.get, candidates.get, trials.get, exports.get):
            with pytest.raises(NotFound, match="'nothing'"):
                look_up(conn, "nothing")


def test_an_outcome_is_written_once(searched: Store) -> None:
    told = Outcome(0, "completed", {"choices": [0]}, reward=0.5, metrics={"val_accuracy": 0.5})
    with searched.write() as conn:
        trials.tell(conn, "j", [told])
        trials.tell(conn, "j", [Outcome(0, "failed", {"choices": [0]})])
        assert asks.outcomes(conn, "j", [1, 0]) == [told]


def test_a_trial_ends_once(searched: Store) -> None:
    with searched.write() as conn:
        trials.start(conn, ["j.t3"], 5.0)
        trials.finish(conn, [report(3, 1)], 6.0)
        trials.finish(conn, [report(3, 1, "failed")], 7.0)
        trial = trials.get(conn, "j.t3")
    assert (trial.state, trial.started_at, trial.ended_at, trial.metrics) == (
        "completed",
        5.0,
        6.0,
        {"val_accuracy": 0.03},
    )


def test_results_are_found_by_their_key(searched: Store) -> None:
    with searched.write() as conn:
        trials.start(conn, ["j.t3"], 4.0)
        trials.finish(conn, [report(3, 1), report(4, 1, "failed")], 6.0)
        found, in_flight = asks.of_keys(conn, "j", ["j3", "j4", "j5"])
        assert found == {"j3": Reusable("j.t3", "j", {"val_accuracy": 0.03}, seconds=2.0)}
        assert in_flight == {"j5": "j.t5"}


def test_of_equal_results_the_jobs_own_counts_or_else_the_first(searched: Store) -> None:
    with searched.write() as conn:
        for at, name in enumerate(("later", "first", "last"), 6):
            add_job(conn, name)
            add_trials(conn, [3], name, key="j")
            trials.finish(conn, [report(3, 1, job_id=name)], 5.0 if name == "first" else at)
        trials.finish(conn, [report(3, 1)], 9.0)
        add_job(conn, "other")
        of = {job_id: asks.of_keys(conn, job_id, ["j3"])[0]["j3"].trial_id for job_id in ("j", "later", "other")}
    assert of == {"j": "j.t3", "later": "later.t3", "other": "first.t3"}


def test_results_of_another_owner_are_not_taken_over(searched: Store) -> None:
    with searched.write() as conn:
        for job_id, owner in (("hers", "ann"), ("hers too", "ann"), ("his", "bob")):
            add_job(conn, job_id, owner=owner)
        add_trials(conn, [3], "hers", key="j")
        for name in ("j", "hers"):
            trials.finish(conn, [report(3, 1, job_id=name)], 5.0)
        of = {job_id: asks.of_keys(conn, job_id, ["j3"])[0] for job_id in ("hers too", "his")}
    assert (of["hers too"]["j3"].trial_id, of["his"]) == ("hers.t3", {})


def test_trials_that_ran_together_took_equal_shares(store: Store) -> None:
    with store.write() as conn:
        add_job(conn)
        add_trials(conn, range(4))
        conn.execute(update(schema.trials).where(schema.trials.c.number < 3).values(request_id="j.r0"))
        trials.start(conn, [f"j.t{n}" for n in range(4)], 10.0)
        for n, at in enumerate((11.0, 13.0, 16.0, 17.0)):
            trials.finish(conn, [report(n, 1)], at)
        assert trials.took(conn, ["j.r0", "j.r3", "none"]) == {"j.r0": 2.0, "j.r3": 7.0}
        assert trials.took(conn, []) == {}


def test_a_candidate_names_the_trial_that_its_result_is_from(searched: Store) -> None:
    with searched.write() as conn:
        candidates.save(conn, [replace(_result(11), reused_from="k.t7")])
        assert candidates.get(conn, "j.c11").reused_from == "k.t7"
        candidates.save(conn, [_result(11)])
        assert candidates.get(conn, "j.c11").reused_from is None


def test_a_curve_is_that_of_the_newest_attempt(searched: Store) -> None:
    curve = [report(3, attempt, "progress", epoch=epoch) for attempt, epoch in [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2)]]
    with searched.write() as conn:
        trials.add_epochs(conn, "j", curve)
        trials.add_epochs(conn, "j", [curve[-1]])  # said twice
        assert [point["epoch"] for point in trials.learning_curve(conn, "j.t3")] == [1, 2]


def test_curves_of_several_trials_are_read_together(searched: Store) -> None:
    told = [(3, 1, 1), (3, 2, 1), (3, 2, 2), (4, 1, 1), (4, 1, 2), (4, 1, 3)]
    with searched.write() as conn:
        trials.add_epochs(conn, "j", [report(n, attempt, "progress", epoch=epoch) for n, attempt, epoch in told])
        found = trials.learning_curves(conn, ["j.t5", "j.t4", "j.t3"])
        assert {name: [point["epoch"] for point in curve] for name, curve in found.items()} == {
            "j.t5": [],
            "j.t4": [1, 2, 3],
            "j.t3": [1, 2],
        }


def test_cancelling_ends_what_is_open(searched: Store) -> None:
    with searched.write() as conn:
        trials.finish(conn, [report(n, 1) for n in range(11)], 6.0)
        assert trials.cancel(conn, "j", "cancelled", 7.0) == ["j.t11"]
        assert len(trials.open_in(conn, "j")) == 0
        assert candidates.get(conn, "j.c11").state == "cancelled"
        assert candidates.get(conn, "j.c3").state == "completed"


def test_exports_are_numbered_one_by_one(searched: Store) -> None:
    start = Barrier(WRITERS)

    def create(_: int) -> str:
        start.wait()
        with searched.write() as conn:
            return exports.create(conn, "j", "j.c8", 3, 9.0).id

    with ThreadPoolExecutor(WRITERS) as pool:
        assert sorted(pool.map(create, range(WRITERS))) == [f"j.e{n}" for n in range(1, WRITERS + 1)]


def save(store: Store, accuracy: float | None, *, full: bool) -> Candidate:
    """The candidate that had no result, after one more."""
    state = "failed" if accuracy is None else "completed"
    metrics = {} if accuracy is None else {"val_accuracy": accuracy}
    feasible = True
    with store.write() as conn:
        candidates.save(conn, [Result("j.c11", state, "", feasible, metrics, accuracy, 1.0, accuracy, full)])
        return candidates.get(conn, "j.c11")


def test_a_partial_result_is_kept_but_counts_for_nothing(searched: Store) -> None:
    found = save(searched, 9.0, full=False)
    assert (found.state, found.full, found.reward, found.metrics) == ("completed", False, 9.0, {"val_accuracy": 9.0})
    with searched.read() as conn:
        assert jobs.best(conn, "j") == ("j.c8", 4.0)
        assert "j.c11" not in {c for c, _, _ in candidates.points(conn, "j")}
        assert 11 not in candidates.evaluated(conn, "j")[candidates.PLACED.index("number")]
        for order, listed in ((Listing("reward"), False), (ALL, True)):
            assert ("j.c11" in candidate_lists.ids(conn, "j", order)) is listed


def test_a_full_result_replaces_a_partial_one_and_not_the_other_way_round(searched: Store) -> None:
    save(searched, 9.0, full=False)
    assert save(searched, 7.0, full=False).reward == 7.0
    assert save(searched, 6.0, full=True).reward == 6.0
    assert save(searched, 8.0, full=False).reward == 6.0
    assert save(searched, 5.0, full=True).reward == 5.0
    with searched.read() as conn:
        assert jobs.best(conn, "j") == ("j.c11", 5.0)


@pytest.mark.parametrize("full", [True, False])
def test_a_failure_takes_no_result_away(searched: Store, full: bool) -> None:
    save(searched, 6.0, full=full)
    found = save(searched, None, full=True)
    assert (found.state, found.reward, found.full) == ("completed", 6.0, full)


def test_a_failure_is_told_where_there_is_no_result(searched: Store) -> None:
    assert save(searched, None, full=True).state == "failed"
    assert save(searched, 3.0, full=False).state == "completed"
