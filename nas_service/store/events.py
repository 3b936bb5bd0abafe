"""Events of a job: appended in the transaction of what they tell, numbered without gaps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from .bulk import Bulk
from .records import Event
from .schema import events, jobs

_COLUMNS = [events.c[field.name] for field in fields(Event)]
_EVENTS = Bulk.into(events)
_RAISE = (
    update(jobs)
    .where(jobs.c.id == bindparam("job"))
    .values(events=jobs.c.events + bindparam("more"))
    .returning(jobs.c.events)
)


def append(conn: Connection, job_id: str, at: float, items: Iterable[tuple[str, dict[str, Any]]]) -> None:
    """Add (type, data) pairs. The job's counter is raised first, which orders writers of the same job."""
    listed = list(items)
    if not listed:
        return
    last: int = conn.execute(_RAISE, {"job": job_id, "more": len(listed)}).scalar_one()
    first = last - len(listed) + 1
    rows = [
        {"job_id": job_id, "seq": first + i, "at": at, "type": kind, "data": data}
        for i, (kind, data) in enumerate(listed)
    ]
    _EVENTS.run(conn, rows)


def after(conn: Connection, job_id: str, seq: int, limit: int = 500) -> list[Event]:
    """The events that follow `seq`, oldest first."""
    query = select(*_COLUMNS).where(events.c.job_id == job_id, events.c.seq > seq).order_by(events.c.seq).limit(limit)
    return [Event(*row) for row in conn.execute(query)]


def keyed(conn: Connection, job_id: str, kind: str, key: str) -> Event | None:
    """The event of this type whose data has this `key`."""
    mine = (events.c.job_id == job_id, events.c.type == kind, events.c.data["key"].as_string() == key)
    row = conn.execute(select(*_COLUMNS).where(*mine)).first()
    return None if row is None else Event(*row)
