"""Which jobs may change: those under way, and of those that have ended whoever waits for an export or for finalists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, select, union

from .campaigns import OPEN as MEASURED
from .jobs import LIVE
from .listed import one_of
from .schema import campaigns, jobs, requests
from .trials import OPEN

_UNDER_WAY = union(  # each by an index of its own
    select(jobs.c.id).where(one_of(jobs.c.state, LIVE)),
    select(jobs.c.id).where(jobs.c.number > bindparam("newest")),
    select(jobs.c.id).where(one_of(jobs.c.finalists, ("waiting", "due"))),
    select(requests.c.job_id).where(one_of(requests.c.state, OPEN), requests.c.kind == "export"),
    select(campaigns.c.job_id).where(one_of(campaigns.c.state, MEASURED), campaigns.c.job_id.is_not(None)),
)
_MOVING = select(jobs.c.id, jobs.c.events).where(jobs.c.id.in_(_UNDER_WAY))
_ALL = select(func.count(), func.coalesce(func.max(jobs.c.number), 0))


@dataclass(frozen=True)
class Moving:
    """Job id to number of its last event, of those that may change; how many there are, and the newest number."""

    events: Mapping[str, int]
    total: int
    newest: int


def moving(conn: Connection, since: Moving | None) -> Moving:
    """As of now. A job that was submitted since the last look is in it, even if it has ended."""
    total, newest = conn.execute(_ALL).one()
    rows = conn.execute(_MOVING, {"newest": newest if since is None else since.newest})
    return Moving({row.id: row.events for row in rows}, total, newest)
