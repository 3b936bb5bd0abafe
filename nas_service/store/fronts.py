"""The Pareto front of each job, kept with every result, so that it is read at once however large the job is."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import BindParameter, Connection, bindparam, delete, select

from nas_service.pareto import pareto_front

from . import candidates as candidate_rows
from .bulk import Bulk
from .candidates import Result
from .listed import among
from .schema import candidates, fronts

Point = tuple[float, float]  # value to maximise, cost to minimise
Front = Mapping[str, Point]  # by candidate, cheapest first

_JOB: BindParameter[str] = bindparam("job")
_MEMBERS = (
    select(fronts.c.candidate_id, fronts.c.value, fronts.c.cost).where(fronts.c.job_id == _JOB).order_by(fronts.c.cost)
)
_IN_ORDER = select(candidates.c.id).where(among(candidates.c.id, "ids")).order_by(candidates.c.number)
_LEAVE = delete(fronts).where(fronts.c.job_id == _JOB, among(fronts.c.candidate_id, "ids"))
_JOIN = Bulk.into(fronts)


def of_job(conn: Connection, job_id: str) -> Front:
    return {name: (value, cost) for name, value, cost in conn.execute(_MEMBERS, {"job": job_id})}


def take_in(conn: Connection, job_id: str, members: Front, saved: Sequence[Result]) -> None:
    """Account for results that were just saved with their candidates; the front had these members before."""
    latest = {r.candidate_id: r for r in saved if r.full and r.value is not None and r.cost is not None}
    new = {
        name: (r.value, r.cost)
        for name, r in latest.items()
        if r.feasible and r.value is not None and r.cost is not None
    }
    if any(name in latest and not _at_least(new.get(name), point) for name, point in members.items()):
        every = candidate_rows.points(conn, job_id)  # what a member kept from the front may be on it now
        _replace(conn, job_id, members, {name: (value, cost) for name, value, cost in every})
    elif contenders := {name: point for name, point in new.items() if not _beaten(point, members.values())}:
        pool = {**members, **contenders}
        in_order = conn.execute(_IN_ORDER, {"ids": list(pool)}).scalars()
        _replace(conn, job_id, members, {name: pool[name] for name in in_order})


def _replace(conn: Connection, job_id: str, members: Front, points: Mapping[str, Point]) -> None:
    """Make the front that of these points, which stand in the order of proposing."""
    listed = list(points.items())
    front = dict(listed[i] for i in pareto_front([point for _, point in listed]))
    gone = [name for name, point in members.items() if front.get(name) != point]
    if gone:
        conn.execute(_LEAVE, {"job": job_id, "ids": gone})
    rows = [
        {"job_id": job_id, "candidate_id": name, "value": point[0], "cost": point[1]}
        for name, point in front.items()
        if members.get(name) != point
    ]
    _JOIN.run(conn, rows)


def _at_least(point: Point | None, before: Point) -> bool:
    return point is not None and point[0] >= before[0] and point[1] <= before[1]


def _beaten(point: Point, members: Collection[Point]) -> bool:
    """Whether a member is better; an equal one is not."""
    return any(_at_least(member, point) and member != point for member in members)
