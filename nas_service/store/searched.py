"""What a search proposed, in order: how its proposals ended, and which genotypes it tried."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Integer, Text, case, cast, func, null, or_, select

from . import plain
from .json_text import decode
from .listed import among
from .names import number_in, trial
from .plain import Numbers
from .schema import candidates, proposals, trials

PROPOSED: Final = ("number", "candidate", "trial", "control", "spent", "status", "got")
TRAINED: Final = ("number", "full", "completed", "created_at", "ended_at")
AWAITED: Final = 0  # a status: none yet
STATUSES: Final = {"completed": 1, "failed": 2, "stopped": 3, "cancelled": 4, "reused": 5}


class Tried(NamedTuple):
    """A proposal of the search itself that took a trial. `token` is None where it was not asked for."""

    number: int
    candidate_number: int
    genotype: dict[str, Any]
    token: Any


def proposed(conn: Connection, job_id: str, since: int = 0, waited: Collection[int] = ()) -> Numbers:
    """Columns `PROPOSED` of all proposals from a number on and of those that `waited` names.

    Those that were screened out before any training are left out. `candidate` and `trial` are numbers, `status` one of
    `STATUSES` or `AWAITED`, `got` is the proposal's own reward: that of its candidate is the latest of several.
    """
    p = proposals.c
    query = select(
        p.number,
        number_in(p.candidate_id, job_id),
        number_in(p.trial_id, job_id),
        cast(p.control, Integer),
        cast(p.spent, Integer),
        case(STATUSES, value=p.status, else_=AWAITED),
        p.reward,
    ).where(p.job_id == job_id, or_(p.status.is_(None), p.status != "infeasible"))
    return plain.since(conn, query, p.number, since, waited)


def trained(conn: Connection, job_id: str, numbers: Collection[int] | None = None) -> Numbers:
    """Columns `TRAINED` of all trials of a job or of those with these numbers."""
    t = trials.c
    completed = case((t.state == "completed", 1), else_=0)
    query = select(t.number, cast(t.full, Integer), completed, t.created_at, t.ended_at)
    if numbers is None:
        return plain.numbers(conn, query.where(t.job_id == job_id))
    return plain.numbers(conn, query.where(among(t.id, "ids")), {"ids": [trial(job_id, number) for number in numbers]})


def first_token(conn: Connection, job_id: str) -> Any:
    """The token of the search's first proposal; None where there is none."""
    p = proposals.c
    query = select(p.token).where(p.job_id == job_id, p.spent, p.control.is_(False)).order_by(p.number).limit(1)
    return conn.execute(query).scalar_one_or_none()


def tried(conn: Connection, job_id: str, since: int = 0, *, tokens: bool) -> Iterator[list[Tried]]:
    """The proposals of the search that took a trial, those from a number on, in their order, many at a time."""
    p, c = proposals.c, candidates.c
    genotype = func.coalesce(cast(p.genotype, Text), cast(c.genotype, Text))
    query = (
        select(p.number, c.number, genotype, cast(p.token, Text) if tokens else null())
        .join_from(proposals, candidates, c.id == p.candidate_id)
        .where(p.job_id == job_id, p.number >= since, p.spent, p.control.is_(False))
        .order_by(p.number)
    )
    for rows in plain.rows(conn, query):
        numbers, brought, genotypes, noted = zip(*rows, strict=True)
        read = _decoded(noted) if tokens else noted
        yield list(map(Tried, numbers, brought, _decoded(genotypes), read))


def _decoded(texts: Sequence[str | None]) -> list[Any]:
    """Of JSON: all at once, which is quicker than one by one."""
    found: list[Any] = decode(f"[{','.join(text or 'null' for text in texts)}]")
    return found
