"""Quotas of owners, and how far they are used. Who decides by one locks its row, so that no two take the last place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import Connection, bindparam, delete, func, insert, select

from nas_service.errors import NotFound

from .records import Quota
from .schema import jobs, quotas, trials
from .trials import OPEN

NONE = Quota("")

_OF = select(quotas.c.owner, quotas.c.jobs, quotas.c.trials).where(quotas.c.owner == bindparam("of"))
_LOCKED = _OF.with_for_update()


def of(conn: Connection, owner: str, *, locked: bool = False) -> Quota:
    """The quota of an owner, without limits where none was set; `locked` until the transaction ends."""
    row = conn.execute(_LOCKED if locked else _OF, {"of": owner}).first()
    return Quota(*row) if row else NONE


def listed(conn: Connection) -> Sequence[Quota]:
    """All, by name."""
    return [Quota(*row) for row in conn.execute(select(quotas).order_by(quotas.c.owner))]


def put(conn: Connection, quota: Quota) -> None:
    """Set the quota of an owner, in place of one that was there."""
    conn.execute(delete(quotas).where(quotas.c.owner == quota.owner))
    conn.execute(insert(quotas), asdict(quota))


def remove(conn: Connection, owner: str) -> None:
    """Raises NotFound where there is none."""
    if conn.execute(delete(quotas).where(quotas.c.owner == owner)).rowcount == 0:
        raise NotFound(f"{owner or '-'} has no quota; `nas quota list` lists those that there are")


def running_jobs(conn: Connection, owner: str) -> list[str]:
    """The ids of an owner's jobs that run, oldest first."""
    query = select(jobs.c.id).where(jobs.c.state == "running", jobs.c.owner == owner).order_by(jobs.c.number)
    return list(conn.execute(query).scalars())


def open_trials(conn: Connection, owner: str) -> int:
    """Trials of an owner's live jobs that are queued or running."""
    mine = select(jobs.c.id).where(jobs.c.state.in_(("running", "paused")), jobs.c.owner == owner)
    query = select(func.count()).select_from(trials).where(trials.c.job_id.in_(mine), trials.c.state.in_(OPEN))
    return conn.execute(query).scalar_one()
