"""Nothing that a step does reads a table from end to end: its cost must not grow with the job."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import empty_stores
import pytest
from searches import Lab, spec
from sqlalchemy import Connection, event

from nas_service.api.architectures import bound_space
from nas_service.api.held import Held
from nas_service.columns import Proposals
from nas_service.genes import Tries
from nas_service.store import asks, candidate_lists, candidates, jobs, trials
from nas_service.store.candidate_lists import ORDERS, Listing, Order

GROWING = ("candidates", "proposals", "requests", "trials", "epochs", "events")


class Watched:
    """A laboratory on SQLite that remembers every statement, with the first parameters it came with."""

    def __init__(self, path: Path) -> None:
        self.store = empty_stores.opened(path / "nas.sqlite")
        self.statements: dict[str, Any] = {}
        self.lab = Lab(self.store)
        event.listen(self.store.engine, "before_cursor_execute", self._note)

    def _note(self, _conn: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        self.statements.setdefault(statement, parameters[0] if many else parameters)

    def steps(self, of: str) -> list[str]:
        """The plans of the statements that read this table."""
        found = {s: p for s, p in self.statements.items() if f"FROM {of}" in s}
        with self.store.read() as conn:
            return [row[-1] for s, p in found.items() for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {s}", p)]

    def scans(self) -> dict[str, list[str]]:
        """Statement to the steps of its plan that read a whole table, or its whole index."""
        event.remove(self.store.engine, "before_cursor_execute", self._note)
        wanted = {s: p for s, p in self.statements.items() if s.split()[0] in ("SELECT", "UPDATE", "DELETE", "WITH")}
        with self.store.read() as conn:
            plans = {s: conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {s}", p).all() for s, p in wanted.items()}
        found = {s: [row[-1] for row in plan if _is_scan(row[-1])] for s, plan in plans.items()}
        return {s: steps for s, steps in found.items() if steps}


def _is_scan(step: str) -> bool:
    return step.startswith("SCAN") and any(f"SCAN {table}" in step for table in GROWING)


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    made = Watched(tmp_path)
    yield made
    made.lab.dispatcher.close()
    made.store.close()


@pytest.mark.parametrize(
    "wanted",
    [
        spec(20, objective={"cost": "macs", "limits": {"macs": 900_000}}),
        spec(20, task={"name": "landscape", "epochs": 2, "batch": 4}, workers={"parallel": 8}),
    ],
    ids=["one by one", "in chunks"],
)
def test_a_search_seeks_what_it_reads(watched: Watched, wanted: dict[str, Any]) -> None:
    watched.lab.run(wanted)
    watched.lab.hire()
    watched.lab.run(wanted, "again")
    assert len(watched.statements) > 30
    assert watched.scans() == {}


def test_results_are_sought_by_their_key_and_not_among_the_trials_of_their_owner(watched: Watched) -> None:
    watched.lab.run(spec(5))
    watched.statements.clear()
    with watched.store.read() as conn:
        asks.of_keys(conn, "j", ["a", "b"])
    steps = watched.steps("trials")
    assert any("USING INDEX ix_trials_key" in step for step in steps)
    assert not any("owner" in step for step in steps)


def test_a_lost_coordinator_seeks_what_it_restores(watched: Watched) -> None:
    watched.lab.submit(spec(20))
    watched.lab.until(lambda job: job.completed >= 10)
    watched.lab.hire()
    watched.lab.finish()
    assert watched.scans() == {}


def test_pages_and_the_incumbent_are_sought(watched: Watched) -> None:
    watched.lab.run(spec(10))
    watched.statements.clear()
    with watched.store.read() as conn:
        jobs.best(conn, "j")
        for order in ("reward", "number"):
            turned(conn, Listing(order))
        candidates.points(conn, "j")
        candidates.figures(conn, [job.incumbent for job in jobs.listed(conn, name="j") if job.incumbent])
    assert len(watched.statements) == 8
    assert any("reward<" in step for step in watched.steps("candidates"))  # a page begins where the one before it ended
    assert watched.scans() == {}


def test_the_same_network_is_sought_in_each_other_job(watched: Watched) -> None:
    for job in ("j", "k", "l"):
        watched.lab.run(spec(10), job)
    watched.statements.clear()
    with watched.store.read() as conn:
        first = next(iter(candidates.genotypes(conn, "j"))).id
        found = candidates.twins(conn, candidates.get(conn, first), 5)
        assert [twin.job_id for twin in found] == ["l", "k"]
        assert {twin.hash for twin in found} == {candidates.get(conn, first).hash}
        assert [twin.job_id for twin in candidates.twins(conn, found[0], 1)] == ["k"]
    assert any("job_id=? AND hash=?" in step for step in watched.steps("candidates"))
    assert watched.scans() == {}


@pytest.mark.parametrize("order", ORDERS)
def test_a_page_reads_no_other_job_and_skips_no_rows(watched: Watched, order: Order) -> None:
    watched.lab.run(spec(10))
    watched.statements.clear()
    everything = {
        "state": "completed",
        "feasible": True,
        "control": False,
        "parent": "j.c0",
        "text": "c",
        "macs_max": 1,
    }
    with watched.store.read() as conn:
        turned(conn, Listing(order, descending=True))
        turned(conn, Listing(order, descending=False))
        turned(conn, Listing(order, **everything))
        candidate_lists.count(conn, "j", Listing(order, **everything))
    steps = [step for step in watched.steps("candidates") if "SEARCH candidates" in step]
    assert all("job_id=?" in step for step in steps)
    as_they_lie = ["number>" in step or "number<" in step for step in steps]
    assert all(as_they_lie) if order != "reward" else as_they_lie.count(True) == 1, "which is that of the count"
    assert watched.scans() == {}


def turned(conn: Connection, wanted: Listing) -> None:
    """Two pages of a list."""
    first = candidate_lists.page(conn, "j", wanted, limit=3)
    candidate_lists.page(conn, "j", wanted, after=wanted.key(first[-1]) if first else (0.0, 0), limit=3)


def test_curves_are_sought_in_one_statement(watched: Watched) -> None:
    watched.lab.run(spec(10))
    watched.statements.clear()
    with watched.store.read() as conn:
        found = trials.learning_curves(conn, [f"j.t{number}" for number in range(10)])
    assert len(found) == 10
    assert len(watched.statements) == 1
    assert watched.scans() == {}


def test_a_scatter_seeks_what_is_new(watched: Watched) -> None:
    watched.lab.submit(spec(20))
    held = Held(watched.store)
    for completed in (5, 10):
        watched.lab.until(lambda job, completed=completed: job.completed >= completed)
        watched.statements.clear()
        held.look("j", lambda one, conn, job: one.cloud.points(conn, job, 10, None))
    plans = [*watched.steps("candidates"), *watched.steps("proposals")]
    assert any("(id=?)" in step for step in plans)
    assert any("number>?" in step for step in plans)
    assert not any("ix_candidates" in step for step in plans)  # by which all of the job's would be read
    assert watched.scans() == {}


def test_the_course_of_a_search_seeks_what_is_new(watched: Watched) -> None:
    watched.lab.submit(spec(20, workers={"parallel": 4}))
    proposals, tries = Proposals(), None
    for completed in (5, 10):
        job = watched.lab.until(lambda job, completed=completed: job.completed >= completed)
        tries = tries or Tries(bound_space(job))
        watched.statements.clear()
        with watched.store.read() as conn:
            proposals.look(conn, job)
            tries.look(conn, "j")
    assert [step for step in watched.steps("trials") if "trials" in step] == [
        "SEARCH trials USING INDEX sqlite_autoindex_trials_1 (id=?)"
    ]
    assert sum("number>?" in step for step in watched.steps("proposals")) == 2
    assert watched.scans() == {}


def test_what_scans_is_found(watched: Watched) -> None:
    watched.lab.run(spec(2))
    with watched.store.read() as conn:
        conn.exec_driver_sql("SELECT * FROM trials WHERE message = ?", ("none",)).all()
    assert list(watched.scans().values()) == [["SCAN trials"]]
