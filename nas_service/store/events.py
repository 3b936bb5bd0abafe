"""Events of a job: appended in the transaction of what they tell, numbered without gaps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Any, Final, Literal, get_args

from sqlalchemy import ColumnElement, Connection, and_, bindparam, or_, select, true, update

from .bulk import Bulk
from .records import Event
from .schema import events, jobs

_COLUMNS = [events.c[field.name] for field in fields(Event)]
_EVENTS = Bulk.into(events)

Kind = Literal["all", "ends", "failures", "job"]
KINDS: Final = get_args(Kind)
LOOKED_THROUGH: Final = 20_000  # events of a page at the most, however few of them are of the kind
OF_TRIALS: Final = ("epoch", "trial", "trials", "screened")
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


def before(
    conn: Connection, job_id: str, seq: int, *, after: int = 0, kind: Kind = "all", limit: int
) -> tuple[list[Event], int | None]:
    """Events of a kind with numbers below `seq` and above `after`, newest first; and where to go on, None at the end.

    Few events may be of a kind and none has an index of it: so many are looked through, and what is found is a page,
    though it may be short or empty.
    """
    lowest = max(after, seq - 1 - LOOKED_THROUGH)
    mine = (events.c.job_id == job_id, events.c.seq < seq, events.c.seq > lowest)
    query = select(*_COLUMNS).where(*mine, _of_kind(kind)).order_by(events.c.seq.desc()).limit(limit + 1)
    found = [Event(*row) for row in conn.execute(query)]
    if len(found) > limit:
        return found[:limit], found[limit - 1].seq
    return found, lowest + 1 if lowest > after else None


def _of_kind(kind: Kind) -> ColumnElement[bool]:
    if kind == "all":
        return true()
    if kind == "ends":
        return events.c.type != "epoch"
    if kind == "job":
        return events.c.type.not_in(OF_TRIALS)
    undelivered = and_(events.c.type == "webhook", events.c.data["delivered"].as_boolean().is_(False))
    return and_(
        events.c.type.not_in(("epoch", "trials", "screened")),
        or_(events.c.data["state"].as_string() == "failed", undelivered),
    )


def keyed(conn: Connection, job_id: str, kind: str, key: str) -> Event | None:
    """The event of this type whose data has this `key`."""
    mine = (events.c.job_id == job_id, events.c.type == kind, events.c.data["key"].as_string() == key)
    row = conn.execute(select(*_COLUMNS).where(*mine)).first()
    return None if row is None else Event(*row)
