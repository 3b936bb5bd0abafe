"""The check of the database: silent about every search that ran, whatever became of it; and it names what is broken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from operator import attrgetter
from typing import Any

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from searches import TINY, Lab, Silence, spec
from sqlalchemy import Connection

from nas_service.store import Store, exports, jobs
from nas_service.store.invariants import RULES, broken
from workers.dispatchers import InlineDispatcher

LIMITED = {"cost": "macs", "limits": {"macs": 900_000}}
GENERATIONS: dict[str, Any] = {
    "space": {"name": "wann"},
    "task": {"name": "landscape", "kind": "vector", "channels": 3, "outputs": 2, "sizes": [1, 1], "batch": 3},
    "objective": {"reward": "metric", "cost": "params"},
    "strategy": {"name": "wann", "population": 8, "generations": 3, "repetitions": 1, "tournament": 1},
    "workers": {},
}
SEARCHES = {
    "one by one": spec(20, objective=LIMITED),
    "a small space, met again": spec(60, space=TINY, workers={"parallel": 3}),
    "stopped early": spec(
        20, task={"name": "landscape", "epochs": 9}, early_stopping={"method": "asha"}, workers={"parallel": 2}
    ),
    "with a control": spec(20, control={"share": 0.3}, objective=LIMITED),
    "generations": spec(1000, **GENERATIONS),
}


@pytest.fixture
def lab(store: Store) -> Iterator[Lab]:
    made = Lab(store, InlineDispatcher(3))
    yield made
    made.dispatcher.close()


def found(store: Store) -> list[str]:
    with store.read() as conn:
        return [str(finding) for finding in broken(conn)]


@pytest.mark.parametrize("wanted", SEARCHES.values(), ids=SEARCHES)
def test_a_search_that_runs_or_has_run_is_sound(lab: Lab, wanted: dict[str, Any]) -> None:
    lab.submit(wanted)
    assert found(lab.store) == []
    for done in (1, 5, 12):
        lab.until(lambda job, done=done: job.completed >= done or job.state in jobs.FINAL)
        assert found(lab.store) == []
    lab.finish()
    assert found(lab.store) == []


def test_results_of_another_job_are_sound(lab: Lab) -> None:
    for name in ("a", "b"):
        assert lab.run(spec(12), name).completed == 12
    assert found(lab.store) == []


def test_a_job_that_ends_before_its_trials_do_is_sound(store: Store) -> None:
    lab = Lab(store, Silence())
    lab.submit(spec(5, workers={"parallel": 3}, budget={"trials": 5, "hours": 1}))
    lab.until(lambda job: job.trials == 3)
    assert found(store) == []
    lab.clock.now += 3601
    assert lab.finish().state == "finished"
    assert found(store) == []


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def searched(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Job `done` has ended and its best is being exported; in job `j` trials 0 to 2 have, and 3 to 5 run."""
    sqlite = request.param == "sqlite"
    folder = tmp_path_factory.mktemp("searched")
    store = Store(f"sqlite:///{folder}/nas.sqlite" if sqlite else request.getfixturevalue("postgres").fresh())
    store.migrate()
    workers = Silence()
    lab = Lab(store, workers)
    done = spec(6, objective=LIMITED, workers={"parallel": 6})
    for name, wanted, told in (("done", done, 6), ("j", done | {"seed": 1}, 3)):
        lab.submit(wanted, name)
        lab.until(lambda _: len(workers.submitted) == 6, name)
        for place, sent in enumerate(sorted(workers.submitted, key=attrgetter("request_id"))[:told]):
            workers.say(sent, 0.5 + place / 10)
        workers.submitted.clear()
        lab.until(lambda job, told=told: job.completed == told, name)
    best = lab.finish("done").incumbent
    with store.write() as conn:
        exports.create(conn, "done", best, 1, 5.0)
    assert found(store) == []
    yield store
    store.close()


def found_after(change: Callable[[Connection], None], store: Store) -> list[str]:
    """What the check says after a change, which is undone then."""
    said: list[str] = []
    with suppress(InterruptedError), store.changing_schema() as conn:
        change(conn)
        said += map(str, broken(conn))
        raise InterruptedError
    return said


DROPPED = ("ix_candidates_job_id_full_reward", "uq_candidates_job_id_hash")
OF_ENDED = "(SELECT candidate_id FROM trials WHERE id = 'j.t0')"
COUNTERS = ("proposals", "trials", "completed", "failed", "infeasible", "reused", "events")


def set_(table: str, where: str, **values: str) -> str:
    """An UPDATE; values are SQL."""
    changes = ", ".join(f"{name} = {value}" for name, value in values.items())
    return f"UPDATE {table} SET {changes} WHERE {where}"  # noqa: S608 - of this file alone


FAULTS: dict[str, dict[str, str]] = {  # rule -> what is said -> the statement that brings it about
    "candidates are proposed": {"j.c0 was not brought": "DELETE FROM proposals WHERE job_id = 'j' AND number = 0"},
    "candidates are unique": {"j has several candidates of hash h": set_("candidates", "job_id = 'j'", hash="'h'")},
    "proposals name their own": {
        "j proposal 0 names a candidate": set_("proposals", "trial_id = 'j.t0'", candidate_id="'done.c0'"),
        "j proposal 0 names a trial": set_("proposals", "trial_id = 'j.t0'", trial_id="'done.t0'"),
    },
    "trials belong to their job": {
        "j.t0 is of a candidate of another": set_("trials", "id = 'j.t0'", candidate_id="'done.c0'"),
        "j.t0 is in a request of another": set_("trials", "id = 'j.t0'", request_id="'done.r0'"),
        "j.t0 was not brought by one": set_("proposals", "trial_id = 'j.t0'", spent="(1 = 0)"),
        "j.t7 has a learning curve": "INSERT INTO epochs (trial_id, attempt, epoch, job_id, metrics) "
        "VALUES ('j.t7', 1, 1, 'j', '{}')",
    },
    "who waits has a trial that runs": {
        "j proposal 0 was not told": set_("proposals", "trial_id = 'j.t0'", status="NULL"),
        "waits for a result, and has no": set_("candidates", f"id = {OF_ENDED}", state="'running'"),
    },
    "told once, as the trial ended": {
        "was told otherwise than": set_("proposals", "trial_id = 'j.t3'", status="'completed'"),
        "j.t0 completed, and was not told": set_("proposals", "trial_id = 'j.t0'", status="'reused'"),
        "has a result without a reward": set_("proposals", "trial_id = 'j.t0'", reward="NULL"),
    },
    "trials end once": {
        "j.t3 has not ended, and has": set_("trials", "id = 'j.t3'", ended_at="1"),
        "j.t0 has ended, and has no": set_("trials", "id = 'j.t0'", ended_at="NULL"),
        "j.t0 is in a state that no trial has": set_("trials", "id = 'j.t0'", state="'lost'"),
    },
    "ended jobs have nothing open": {
        "done.t0 is open": set_("trials", "id = 'done.t0'", state="'queued'"),
        "done.r0 is open": set_("requests", "id = 'done.r0'", state="'queued'"),
        "done has ended, and has no time": set_("jobs", "id = 'done'", ended_at="NULL"),
        "j is in a state that no job has": set_("jobs", "id = 'j'", state="'lost'"),
        "j does not count its time": set_("jobs", "id = 'j'", active_since="NULL"),
    },
    "counters count rows": {f"do: {name}": set_("jobs", "id = 'j'", **{name: f"{name} + 1"}) for name in COUNTERS},
    "numbers have no gaps": {
        "of its proposals": set_("proposals", "job_id = 'j' AND number = 1", number="1000"),
        "of its events": "DELETE FROM events WHERE job_id = 'j' AND seq = 1",
    },
    "requests hold what they say": {
        "j.r3 does not count": set_("requests", "id = 'j.r3'", open_trials="2"),
        "j.r3 is done, and has open trials": set_("requests", "id = 'j.r3'", state="'done'"),
        "j.r3 runs, and nobody holds it": set_("requests", "id = 'j.r3'", lease_until="NULL"),
        "j.r3 is queued, and somebody": set_("requests", "id = 'j.r3'", state="'queued'"),
        "j.t3 runs, and its request does not": set_("requests", "id = 'j.r3'", state="'queued'"),
    },
    "exports end with their request": {
        "done.e1 is of a candidate of another": set_("exports", "id = 'done.e1'", candidate_id="'j.c0'"),
        "done.e1 is open, and": set_("requests", "kind = 'export'", state="'done'"),
        "done.e1 has ended, and": set_("exports", "id = 'done.e1'", state="'failed'"),
    },
    "results have a source": {
        "has a result that no trial brought": set_("trials", "id = 'j.t0'", state="'failed'"),
        "has a part of a result": set_("candidates", f"id = {OF_ENDED}", cost="NULL"),
    },
    "incumbents are the best": {
        "j has an incumbent that": set_("jobs", "id = 'j'", incumbent="'done.c0'"),
        "j has an incumbent": set_("jobs", "id = 'j'", best_reward="NULL"),
    },
    "fronts are the best": {
        "is on the front, and not with": set_("fronts", "job_id = 'done'", cost="cost + 1"),
        "is better than the front": "DELETE FROM fronts WHERE job_id = 'done'",
        "is on the front, and another": (
            "INSERT INTO fronts (job_id, candidate_id, value, cost) "
            "SELECT f.job_id, c.id, f.value, f.cost FROM fronts f, "
            "candidates c WHERE f.job_id = 'done' AND c.id NOT IN (SELECT candidate_id FROM fronts) LIMIT 1"
        ),
    },
    "jobs are held under a lease": {
        "j has a holder without a lease": set_("jobs", "id = 'j'", lease_until="NULL"),
        "done is over, and a coordinator": set_("jobs", "id = 'done'", holder="'1'", lease_until="1"),
    },
}
PLANTED = [(rule, said, statement) for rule, faults in FAULTS.items() for said, statement in faults.items()]


@pytest.mark.parametrize(("rule", "said", "statement"), PLANTED, ids=[f"{rule}: {said}" for rule, said, _ in PLANTED])
def test_a_planted_fault_is_named(searched: Store, rule: str, said: str, statement: str) -> None:
    def plant(conn: Connection) -> None:
        if rule == "candidates are unique":
            drop(conn)
        assert conn.exec_driver_sql(statement).rowcount > 0

    found = found_after(plant, searched)
    assert any(line.startswith(f"{rule}: ") and said in line for line in found), found


def drop(conn: Connection) -> None:
    with Operations(MigrationContext.configure(conn)).batch_alter_table("candidates") as table:
        table.drop_index(DROPPED[0])
        table.drop_constraint(DROPPED[1])


def test_tables_that_are_not_those_of_the_code_are_named(searched: Store) -> None:
    found = found_after(drop, searched)
    assert all(any(name in line for line in found) for name in DROPPED)


def test_every_rule_has_a_planted_fault() -> None:
    assert FAULTS.keys() == RULES.keys()
