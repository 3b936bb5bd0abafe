"""Columns of a whole job, kept in memory: what is new is taken in, on both databases, and is what is read at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NoReturn

import numpy as np
import pytest
from searches import TINY, Lab, spec
from sqlalchemy import select

from nas_service.api.architectures import bound_space
from nas_service.columns import Columns, Proposals, Results
from nas_service.genes import Tries
from nas_service.store import Job, Store, candidates, jobs, schema, searched

CHUNKS = {"task": {"name": "landscape", "epochs": 2, "batch": 4}, "workers": {"parallel": 8}}
RUNGS = {"task": {"name": "landscape", "epochs": 4}, "early_stopping": {"factor": 2}}
CONTROL = {"control": {"share": 0.4}}
WANN = {
    "space": {"name": "wann"},
    "task": {"name": "landscape", "kind": "vector", "channels": 3, "outputs": 2, "sizes": [1, 1]},
    "objective": {"reward": "metric", "cost": "params"},
    "strategy": {"name": "wann", "population": 6, "generations": 3, "tournament": 2, "check_every": 1, "finalists": 2},
}
AGAIN = {"space": TINY, "control": {"share": 0.5}}
KINDS = pytest.mark.parametrize(
    "changes",
    [{}, CHUNKS, RUNGS, CONTROL, AGAIN],
    ids=["one by one", "in chunks", "in rungs", "with a control", "again"],
)


@pytest.fixture
def lab(store: Store) -> Iterator[Lab]:
    made = Lab(store)
    yield made
    made.dispatcher.close()


def table(columns: Columns) -> list[list[float | None]]:
    """Its rows, with None for what is unknown."""
    return [[None if np.isnan(one) else float(one) for one in row] for row in columns._rows.T]


def test_rows_stand_in_the_order_of_their_keys_and_the_last_one_of_a_key_stands() -> None:
    rng = np.random.default_rng(0)
    columns, expected = Columns(("key", "one", "two")), {}
    for size in (0, 1, 7, 3, 0, 20, 1):
        keys = rng.choice(40, size, replace=False).astype(float)
        new = np.stack([keys, rng.random(size), rng.random(size)])
        columns.take_in(new)
        expected |= {row[0]: row for row in new.T.tolist()}
        assert table(columns) == [expected[key] for key in sorted(expected)]
    places, known = columns.places(np.array([*expected, -1.0, 99.0]))
    assert known.tolist() == [True] * len(expected) + [False, False]
    assert columns["key"][places[known]].tolist() == list(expected)


@KINDS
def test_what_was_taken_in_step_by_step_is_what_is_read_at_once(
    store: Store, lab: Lab, changes: dict[str, Any]
) -> None:
    results, proposals = Results(), Proposals()
    sizes = set()

    def look(job: Job) -> bool:
        with store.read() as conn:
            results.look(conn, job)
            proposals.look(conn, job)
        sizes.add((len(results), len(proposals)))
        return job.state in jobs.FINAL

    lab.submit(spec(40, **changes))
    lab.until(look)
    whole_results, whole_proposals = Results(), Proposals()
    with store.read() as conn:
        job = jobs.get(conn, "j")
        whole_results.look(conn, job)
        whole_proposals.look(conn, job)
    assert table(results) == table(whole_results)
    assert table(proposals) == table(whole_proposals)
    assert len(sizes) > 3


@KINDS
def test_proposals_are_told_with_their_trials(store: Store, lab: Lab, changes: dict[str, Any]) -> None:
    lab.run(spec(30, **changes))
    p, c, t = schema.proposals.c, schema.candidates.c, schema.trials.c
    query = (
        select(p.number, c.number, t.number, p.control, p.spent, p.status, p.reward)
        .add_columns(t.full, t.state, t.created_at, t.ended_at)
        .join_from(schema.proposals, schema.candidates, c.id == p.candidate_id)
        .outerjoin(schema.trials, t.id == p.trial_id)
        .where(p.job_id == "j", p.status != "infeasible")
        .order_by(p.number)
    )
    proposals = Proposals()
    with store.read() as conn:
        proposals.look(conn, jobs.get(conn, "j"))
        rows = conn.execute(query).all()
    assert len(rows) >= 30
    assert table(proposals) == [
        [
            *row[:5],
            searched.STATUSES[row[5]],
            row[6],
            row[7],
            None if row[8] is None else row[8] == "completed",
            *row[9:],
        ]
        for row in rows
    ]


def test_what_was_screened_out_is_left_out(store: Store, lab: Lab) -> None:
    job = lab.run(spec(20, objective={"cost": "macs", "limits": {"macs": 600_000}}))
    proposals = Proposals()
    with store.read() as conn:
        proposals.look(conn, job)
    assert job.infeasible > 0
    assert len(proposals) == job.proposals - job.infeasible


def test_what_could_not_be_read_is_read_the_next_time(store: Store, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.submit(spec(20))
    lab.until(lambda job: job.completed >= 5)
    results, proposals = Results(), Proposals()
    with store.read() as conn:
        results.look(conn, jobs.get(conn, "j"))
        proposals.look(conn, jobs.get(conn, "j"))
    job = lab.finish()
    with monkeypatch.context() as patched, store.read() as conn:
        patched.setattr(candidates, "evaluated", _fail)
        patched.setattr(searched, "trained", _fail)
        for columns in (results, proposals):
            with pytest.raises(OSError, match="the disk"):
                columns.look(conn, job)
    with store.read() as conn:
        results.look(conn, job)
        proposals.look(conn, job)
    assert (len(results), len(proposals)) == (job.completed, job.proposals)
    assert (proposals["status"] != searched.AWAITED).all()


def _fail(*_: object) -> NoReturn:
    raise OSError("the disk")


@pytest.mark.parametrize(("changes", "generational"), [(CONTROL, False), (WANN, True)], ids=["choices", "generations"])
def test_tries_are_read_once(store: Store, lab: Lab, changes: dict[str, Any], generational: bool) -> None:
    space = bound_space(lab.submit(spec(40, **changes)))
    tries, sizes = Tries(space), set()

    def look(job: Job) -> bool:
        with store.read() as conn:
            tries.look(conn, "j")
        sizes.add(len(tries))
        return job.state in jobs.FINAL

    lab.until(look)
    whole = Tries(space)
    with store.read() as conn:
        whole.look(conn, "j")
    assert tries.generational == whole.generational == generational
    assert tries.candidates.tolist() == whole.candidates.tolist()
    assert tries.generations.tolist() == whole.generations.tolist()
    assert tries.chosen.tolist() == whole.chosen.tolist()
    assert tries.traits == whole.traits
    assert len(sizes) > 3
