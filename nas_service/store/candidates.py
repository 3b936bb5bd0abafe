"""Candidates: their results, and the points of a front."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, Update, cast, not_, select, true, update

from nas_service.errors import NotFound

from .bulk import Bulk, Row, Values
from .listed import among
from .plain import Numbers, numbers
from .records import Candidate
from .schema import candidates, fronts, jobs

_COLUMNS = [candidates.c[field.name] for field in fields(Candidate)]
PLACED = ("number", "value", "cost", "reward", "latency_ms", "latency_error_ms", "feasible")  # of a point, as numbers
FETCHED = 1000  # rows at a time
_SAVED = ("state", "reason", "feasible", "metrics", "value", "cost", "reward", "full", "reused_from")


def _saving(condition: ColumnElement[bool]) -> Bulk:
    def saved(given: Values) -> Update:
        new = {name: given[f"new_{name}"] for name in _SAVED}
        return update(candidates).where(candidates.c.id == given["candidate"], condition).values(new)

    return Bulk(saved, candidate=candidates.c.id, **{f"new_{name}": candidates.c[name] for name in _SAVED})


_FULL, _PARTIAL, _FAILED = map(_saving, (true(), not_(candidates.c.full), candidates.c.value.is_(None)))


@dataclass(frozen=True)
class Result:
    """What a trial says of its candidate; without reward, that the trial did not complete.

    `full` tells whether it ran at the task's full fidelity; `reused_from` names the trial where it ran in another job.
    """

    candidate_id: str
    state: str
    reason: str
    feasible: bool
    metrics: Mapping[str, float]
    value: float | None = None
    cost: float | None = None
    reward: float | None = None
    full: bool = True
    reused_from: str | None = None


def get(conn: Connection, candidate_id: str) -> Candidate:
    """Raises NotFound for an id that is none."""
    row = conn.execute(select(*_COLUMNS).where(candidates.c.id == candidate_id)).first()
    if row is None:
        raise NotFound(f"there is no candidate {candidate_id!r}")
    return Candidate(*row)


def points(conn: Connection, job_id: str) -> list[tuple[str, float, float]]:
    """(id, value to maximise, cost to minimise) of feasible candidates with a full result, in order of proposing."""
    query = (
        select(candidates.c.id, candidates.c.value, candidates.c.cost)
        .where(candidates.c.job_id == job_id, candidates.c.full, candidates.c.value.is_not(None), candidates.c.feasible)
        .order_by(candidates.c.number)
    )
    return [(row.id, row.value, row.cost) for row in conn.execute(query)]


def evaluated(conn: Connection, job_id: str, ids: Collection[str] | None = None) -> Numbers:
    """Columns `PLACED` of the candidates with a full result: all of a job, or those that `ids` names."""
    c = candidates.c
    places = [cast(c[name], Integer) if name == "feasible" else c[name] for name in PLACED]
    query = select(*places).where(c.full, c.value.is_not(None))
    if ids is None:  # by their numbers, beside which they lie
        return numbers(conn, query.where(c.job_id == job_id).order_by(c.number))
    return numbers(conn, query.where(among(c.id, "ids")), {"ids": list(ids)})  # of the job: SQLite would read it all


def figures(conn: Connection, ids: Sequence[str]) -> dict[str, tuple[dict[str, float], float | None]]:
    """Candidate id to (metrics, latency_ms), for those of these that there are."""
    query = select(candidates.c.id, candidates.c.metrics, candidates.c.latency_ms).where(among(candidates.c.id, "ids"))
    return {row.id: (row.metrics, row.latency_ms) for row in conn.execute(query, {"ids": list(ids)})}


def genotypes(conn: Connection, job_id: str) -> Iterator[Any]:
    """Rows (id, number, genotype, metrics, full) of all candidates, in order, a few at a time."""
    c = candidates.c
    query = select(c.id, c.number, c.genotype, c.metrics, c.full).where(c.job_id == job_id).order_by(c.number)
    yield from conn.execution_options(yield_per=FETCHED).execute(query)


def by_hash(conn: Connection, job_id: str, hashes: Sequence[str]) -> dict[str, tuple[str, int]]:
    """Architecture hash to (id, number) of the job's candidate."""
    c = candidates.c
    query = select(c.hash, c.id, c.number).where(c.job_id == job_id, c.hash.in_(hashes))
    return {row.hash: (row.id, row.number) for row in conn.execute(query)}


def twins(conn: Connection, candidate: Candidate, most: int) -> list[Candidate]:
    """The candidates of other jobs with the same architecture, newest job first. Each job is sought in its index."""
    c = candidates.c
    made = select(jobs.c.number).where(jobs.c.id == c.job_id).scalar_subquery()
    others = select(jobs.c.id).where(jobs.c.id != candidate.job_id)
    query = select(*_COLUMNS).where(c.hash == candidate.hash, c.job_id.in_(others)).order_by(made.desc()).limit(most)
    return [Candidate(*row) for row in conn.execute(query)]


def on_front(conn: Connection, job_id: str) -> list[Candidate]:
    """The candidates of the job's front, cheapest first."""
    members = candidates.join(fronts, fronts.c.candidate_id == candidates.c.id)
    query = select(*_COLUMNS).select_from(members).where(fronts.c.job_id == job_id).order_by(fronts.c.cost)
    return [Candidate(*row) for row in conn.execute(query)]


def save(conn: Connection, results: Sequence[Result]) -> None:
    """Write what trials said of their candidates.

    The latest of equal fidelity stands, for the best of several would be the luckiest. Less than full fidelity does not
    replace full, and a failure no result.
    """
    full = [r for r in results if r.full and r.value is not None]
    partial = [r for r in results if not r.full and r.value is not None]
    failed = [r for r in results if r.value is None]
    for statement, listed in ((_FULL, full), (_PARTIAL, partial), (_FAILED, failed)):
        latest = {r.candidate_id: r for r in listed}
        statement.run(conn, [_row(r) for r in latest.values()])


def set_state(conn: Connection, ids: Sequence[str], state: str, *, sources: Collection[str]) -> None:
    """Change the state of those of these candidates that are in one of `sources`."""
    if ids:
        mine = (candidates.c.id.in_(ids), candidates.c.state.in_(sources))
        conn.execute(update(candidates).where(*mine).values(state=state))


def _row(one: Result) -> Row:
    return {
        "candidate": one.candidate_id,
        "new_state": one.state,
        "new_reason": one.reason,
        "new_feasible": one.feasible,
        "new_metrics": one.metrics,
        "new_value": one.value,
        "new_cost": one.cost,
        "new_reward": one.reward,
        "new_full": one.full and one.value is not None,
        "new_reused_from": one.reused_from,
    }
