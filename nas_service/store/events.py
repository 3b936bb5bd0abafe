"""Events of a job: appended in the transaction of what they tell, numbered without gaps."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, select, update

from .bulk import Bulk, text
from .records import Event
from .schema import events, jobs

_EVENTS = Bulk.into(events)


def append(conn: Connection, job_id: str, at: float, items: Iterable[tuple[str, dict[str, Any]]]) -> None:
    """Add (type, data) pairs. The job's counter is raised first, which orders writers of the same job."""
    listed = list(items)
    if not listed:
        return
    raised = update(jobs).where(jobs.c.id == job_id).values(events=jobs.c.events + len(listed)).returning(jobs.c.events)
    last: int = conn.execute(raised).scalar_one()
    first = last - len(listed) + 1
    rows = [
        {"job_id": job_id, "seq": first + i, "at": at, "type": kind, "data": text(data)}
        for i, (kind, data) in enumerate(listed)
    ]
    _EVENTS.run(conn, rows)


def after(conn: Connection, job_id: str, seq: int, limit: int = 500) -> list[Event]:
    """The events that follow `seq`, oldest first."""
    query = select(events).where(events.c.job_id == job_id, events.c.seq > seq).order_by(events.c.seq).limit(limit)
    return [Event(**row) for row in conn.execute(query).mappings()]


def keyed(conn: Connection, job_id: str, kind: str, key: str) -> Event | None:
    """The event of this type whose data has this `key`."""
    mine = (events.c.job_id == job_id, events.c.type == kind, events.c.data["key"].as_string() == key)
    row = conn.execute(select(events).where(*mine)).mappings().first()
    return None if row is None else Event(**row)
