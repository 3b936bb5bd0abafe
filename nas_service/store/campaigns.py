"""Campaigns: taken by one agent at a time, under a lease; visits come in numbered, so that none counts twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from device_agent.measure import Visit
from nas_service.errors import Conflict, NotFound

from .bulk import Bulk
from .listed import one_of
from .records import Campaign
from .schema import campaigns, visits

OPEN = ("waiting", "measuring")

_COLUMNS = [campaigns.c[field.name] for field in fields(Campaign)]
_VISITS = Bulk.into(visits)
_ALL = select(func.count()).select_from(campaigns)


class Progress(NamedTuple):
    """How far a campaign is."""

    id: str
    device: str
    state: str
    message: str
    made: int
    total: int


_PROGRESS = select(*(campaigns.c[name] for name in Progress._fields)).where(one_of(campaigns.c.state, OPEN))


@dataclass(frozen=True)
class UnderWay:
    """Campaigns that have not ended, and how many there are in all."""

    open: tuple[Progress, ...]
    campaigns: int


def add(conn: Connection, campaign: Campaign, plan: Mapping[str, Any]) -> None:
    """With what it plans to measure, which may be large and never changes."""
    conn.execute(insert(campaigns), asdict(campaign) | {"plan": dict(plan)})


def plan_of(conn: Connection, campaign_id: str) -> dict[str, Any]:
    """Raises NotFound for an id that is none."""
    row = conn.execute(select(campaigns.c.plan).where(campaigns.c.id == campaign_id)).first()
    if row is None:
        raise NotFound(f"there is no campaign {campaign_id!r}")
    return dict(row.plan)


def get(conn: Connection, campaign_id: str) -> Campaign:
    """Raises NotFound for an id that is none."""
    row = conn.execute(select(*_COLUMNS).where(campaigns.c.id == campaign_id)).first()
    if row is None:
        raise NotFound(f"there is no campaign {campaign_id!r}")
    return Campaign(*row)


def listed(conn: Connection, device: str | None = None, limit: int = 200) -> list[Campaign]:
    """Newest first; of one device, where given."""
    query = select(*_COLUMNS).order_by(campaigns.c.created_at.desc(), campaigns.c.id).limit(limit)
    if device is not None:
        query = query.where(campaigns.c.device == device)
    return [Campaign(*row) for row in conn.execute(query)]


def of_job(conn: Connection, job_id: str) -> Campaign | None:
    """The newest that measures finalists of this job."""
    query = select(*_COLUMNS).where(campaigns.c.job_id == job_id).order_by(campaigns.c.created_at.desc()).limit(1)
    row = conn.execute(query).first()
    return None if row is None else Campaign(*row)


def under_way(conn: Connection) -> UnderWay:
    return UnderWay(tuple(Progress(*row) for row in conn.execute(_PROGRESS)), conn.execute(_ALL).scalar_one())


def open_of(conn: Connection, device: str) -> list[Campaign]:
    """Those of a device that have not ended, oldest first."""
    query = select(*_COLUMNS).where(campaigns.c.device == device, campaigns.c.state.in_(OPEN))
    return [Campaign(*row) for row in conn.execute(query.order_by(campaigns.c.created_at, campaigns.c.id))]


def claim(
    conn: Connection, campaign_id: str, agent: str, machine: Mapping[str, Any], at: float, lease_s: float
) -> Campaign | None:
    """Give it to this agent, with its next attempt; None where another one holds it, or it has ended."""
    free = or_(campaigns.c.lease_until.is_(None), campaigns.c.lease_until < at, campaigns.c.agent == agent)
    taken = (
        update(campaigns)
        .where(campaigns.c.id == campaign_id, campaigns.c.state.in_(OPEN), free)
        .values(
            state="measuring",
            message="",
            agent=agent,
            machine=dict(machine),
            attempt=campaigns.c.attempt + 1,
            lease_until=at + lease_s,
        )
        .returning(*_COLUMNS)
    )
    row = conn.execute(taken).first()
    return None if row is None else Campaign(*row)


def held(conn: Connection, campaign_id: str, agent: str, attempt: int) -> Campaign:
    """The campaign, held by this agent under this attempt, its row locked. Raises NotFound and Conflict."""
    query = select(*_COLUMNS).where(campaigns.c.id == campaign_id).with_for_update()
    row = conn.execute(query).first()
    if row is None:
        raise NotFound(f"there is no campaign {campaign_id!r}")
    campaign = Campaign(*row)
    refuse_unheld(campaign, agent, attempt)
    return campaign


def refuse_unheld(campaign: Campaign, agent: str, attempt: int) -> None:
    """Raises Conflict unless this agent holds the campaign under this attempt."""
    if campaign.state != "measuring":
        raise Conflict(f"campaign {campaign.id} is {campaign.state}")
    if campaign.attempt != attempt:
        raise Conflict(f"campaign {campaign.id} was handed out again since, as attempt {campaign.attempt}")
    if campaign.agent != agent:
        raise Conflict(f"campaign {campaign.id} was handed out to another agent")


def add_visits(conn: Connection, campaign: Campaign, made: Sequence[tuple[str, Visit]], lease_until: float) -> None:
    """Append visits to a campaign that is held, whose lease is extended."""
    rows = [
        {"campaign_id": campaign.id, "number": number, "subject": subject, **asdict(visit)}
        for number, (subject, visit) in enumerate(made, campaign.made)
    ]
    _VISITS.run(conn, rows)
    given = {"made": campaign.made + len(rows), "lease_until": lease_until}
    conn.execute(update(campaigns).where(campaigns.c.id == campaign.id).values(**given))


def visits_of(conn: Connection, campaign_id: str) -> list[tuple[str, Visit]]:
    """With their subjects, in the order in which they were made."""
    v = visits.c
    query = select(v.subject, v.latency_ms, v.runs).where(v.campaign_id == campaign_id).order_by(v.number)
    return [(subject, Visit(latency_ms, runs)) for subject, latency_ms, runs in conn.execute(query)]


def wait(conn: Connection, campaign_id: str, message: str, total: int) -> None:
    """Say what a campaign waits for, and of how many visits it consists by now."""
    conn.execute(update(campaigns).where(campaigns.c.id == campaign_id).values(message=message, total=total))


def end(
    conn: Connection,
    campaign_id: str,
    state: str,
    message: str,
    at: float,
    verdict: Mapping[str, Any] | None = None,
) -> None:
    """A campaign that has ended keeps no visits: its table, or its verdict, has what they were for."""
    conn.execute(delete(visits).where(visits.c.campaign_id == campaign_id))
    given = {"state": state, "message": message, "ended_at": at, "agent": None, "lease_until": None, "verdict": verdict}
    conn.execute(update(campaigns).where(campaigns.c.id == campaign_id).values(**given))
