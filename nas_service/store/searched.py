"""What a search proposed, in order: how its proposals ended, and which genotypes it tried."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, or_, select

from .schema import candidates, proposals, trials

FETCHED = 1000  # rows at a time


class Ended(NamedTuple):
    """A proposal of the search, or of its `control`, with its candidate and the trial that it waited for, if any.

    `full`, `feasible`, `value`, `cost` and `reward` are the candidate's; `got` is the proposal's own reward.
    """

    number: int
    control: bool
    status: str | None
    spent: bool
    got: float | None
    candidate_id: str
    full: bool
    feasible: bool
    value: float | None
    cost: float | None
    reward: float | None
    trial_full: bool | None
    trial_state: str | None
    created_at: float | None
    ended_at: float | None


class Tried(NamedTuple):
    """A proposal of the search itself that took a trial. `token` is None where it was not asked for."""

    candidate_number: int
    genotype: dict[str, Any]
    token: Any


def ended(conn: Connection, job_id: str) -> list[Ended]:
    """All proposals but those that were screened out before any training, in the order of their numbers."""
    p, c, t = proposals.c, candidates.c, trials.c
    query = (
        select(
            p.number,
            p.control,
            p.status,
            p.spent,
            p.reward,
            c.id,
            c.full,
            c.feasible,
            c.value,
            c.cost,
            c.reward,
            t.full,
            t.state,
            t.created_at,
            t.ended_at,
        )
        .join_from(proposals, candidates, c.id == p.candidate_id)
        .outerjoin(trials, t.id == p.trial_id)
        .where(p.job_id == job_id, or_(p.status.is_(None), p.status != "infeasible"))
        .order_by(p.number)
    )
    return [Ended._make(row) for row in conn.execute(query)]


def first_token(conn: Connection, job_id: str) -> Any:
    """The token of the search's first proposal; None where there is none."""
    p = proposals.c
    query = select(p.token).where(p.job_id == job_id, p.spent, p.control.is_(False)).order_by(p.number).limit(1)
    return conn.execute(query).scalar_one_or_none()


def tried(conn: Connection, job_id: str, *, tokens: bool) -> Iterator[list[Tried]]:
    """The proposals of the search that took a trial, in the order of their numbers, a thousand at a time."""
    p, c = proposals.c, candidates.c
    columns = [c.number, func.coalesce(p.genotype, c.genotype, type_=c.genotype.type)]
    query = (
        select(*columns, *([p.token] if tokens else []))
        .join_from(proposals, candidates, c.id == p.candidate_id)
        .where(p.job_id == job_id, p.spent, p.control.is_(False))
        .order_by(p.number)
    )
    for rows in conn.execution_options(yield_per=FETCHED).execute(query).partitions():
        yield [Tried(row[0], row[1], row[2] if tokens else None) for row in rows]
