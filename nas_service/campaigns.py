"""Measuring campaigns: what a device's table lacks for a job is planned here, and made a table of what agents report.

An agent asks for an order, fetches the networks in it, and hands visits over. The order says which visits are lacking
by those that are stored, so an agent that dies, or another one on the same device, goes on where it was.
"""

from __future__ import annotations

import json
import math
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from device_agent.machine import Device
from device_agent.measure import INTERLEAVED, Protocol, Visit
from device_agent.orders import VERSION, Order, Wanted
from device_agent.rounds import Subject
from latency_tables import LatencyTable, TableError, extendable, load, plan_for, table_path
from latency_tables.runtime import Runtime
from latency_tables.subjects import REFERENCE
from latency_tables.survey import Made, Plan, Survey
from search_spaces.export_format import EXPORTER
from workers.dispatchers import Dispatcher, Unanswered

from .errors import Conflict, ServiceError, Unavailable
from .profiled import covered, cut_space
from .search import parts
from .spec import JobSpec
from .store import Campaign, Store, campaigns

LEASE_S = 60.0
PLAN_SEED = 0
MOST_MS = 600_000.0  # a visit that claims more is a mistake
SAME_MACHINE = ("cpu", "cores", "flags")


class BadResult(ServiceError):
    """Visits that nobody asked for, or that cannot be."""

    title = "What was measured cannot be used"


@dataclass(frozen=True)
class Agent:
    """Who asks: its name for itself, the device that it runs on, and the onnxruntime there."""

    id: str
    device: Device
    onnxruntime: str

    @property
    def machine(self) -> dict[str, Any]:
        return {"device": asdict(self.device), "onnxruntime": self.onnxruntime}

    def runtime(self, threads: int) -> Runtime:
        return Runtime(self.onnxruntime, EXPORTER, threads)


def plan(
    store: Store, tables: Path, spec: JobSpec, device: str, threads: int, owner: str, at: float, *, fresh: bool = False
) -> Campaign:
    """Store a campaign for what a table of `device` lacks for a job. Raises Conflict where it lacks nothing.

    Raises InvalidSpec, SpaceError or TaskError for a spec that does not fit, BadResult for a name that is none.
    """
    survey = survey_for(tables, spec, device, threads, fresh=fresh)
    campaign = Campaign(
        id=secrets.token_hex(5),
        device=device,
        threads=threads,
        owner=owner,
        state="waiting",
        message=f"waits for an agent on {device!r}",
        plan=survey.plan.to_json(),
        protocol=asdict(INTERLEAVED),
        fresh=fresh,
        total=sum(visits for _, visits in survey.lacking(())),
        made=0,
        machine=None,
        agent=None,
        attempt=0,
        lease_until=None,
        created_at=at,
        ended_at=None,
    )
    with store.write() as conn:
        campaigns.add(conn, campaign)
    return campaign


def order(store: Store, tables: Path, agent: Agent, at: float) -> Order | None:
    """What this agent is to measure now; campaigns that lack no more visits become tables on the way.

    Raises Conflict where a campaign was begun on another machine under the same name.
    """
    with store.read() as conn:
        waiting = campaigns.open_of(conn, agent.device.name)
    for campaign in waiting:
        _refuse_another(campaign, agent)
        with store.write() as conn:
            taken = campaigns.claim(conn, campaign.id, agent.id, agent.machine, at, LEASE_S)
        if taken is not None and (found := _ordered(store, tables, taken, agent, at)):
            return found
    return None


def _ordered(store: Store, tables: Path, campaign: Campaign, agent: Agent, at: float) -> Order | None:
    survey = survey_of(campaign)
    with store.read() as conn:
        made = campaigns.visits_of(conn, campaign.id)
    try:
        before = _before(tables, campaign, agent)
        lacking = survey.lacking(made)
        if not lacking:
            table = survey.table(made, agent.device, agent.runtime(campaign.threads), before)
            table.save(table_path(tables, campaign.device, campaign.threads))
    except TableError as error:
        _end(store, campaign, "failed", str(error), at)
        return None
    if not lacking:
        _end(store, campaign, "completed", "", at)
        return None
    with store.write() as conn:
        total = campaign.made + sum(visits for _, visits in lacking)
        campaigns.wait(conn, campaign.id, f"{agent.device.cpu} measures", total)
    wanted = tuple(Wanted(subject.name, visits) for subject, visits in lacking)
    protocol = Protocol(**campaign.protocol)
    return Order(
        campaign.id, campaign.attempt, campaign.threads, protocol, REFERENCE.name, wanted, campaign.made, LEASE_S
    )


def network(store: Store, dispatcher: Dispatcher, campaign_id: str, attempt: int, subject: str) -> bytes:
    """The ONNX file of a subject, written by a worker. Raises BadResult, Conflict, NotFound and Unavailable."""
    with store.read() as conn:
        campaign = campaigns.get(conn, campaign_id)
    if campaign.attempt != attempt or campaign.state != "measuring":
        raise Conflict(f"campaign {campaign_id} is {campaign.state}, under attempt {campaign.attempt}")
    found = _subjects(campaign).get(subject)
    if found is None:
        raise BadResult(f"campaign {campaign_id} has no subject {subject!r}", "subject")
    try:
        return dispatcher.on_worker(found.export)
    except Unanswered as error:
        raise Unavailable(f"no worker could write the network: {error}") from None


def take(store: Store, campaign_id: str, attempt: int, first: int, made: Made, at: float) -> int:
    """Store visits, of which the first has this number; how many there are now. What is there already changes nothing.

    Raises BadResult, Conflict and NotFound, and stores nothing then.
    """
    with store.write() as conn:
        campaign = campaigns.held(conn, campaign_id, attempt)
        if first > campaign.made:
            raise Conflict(f"visits {campaign.made} to {first - 1} are missing; ask for the order again")
        new = made[campaign.made - first :]
        _refuse_unasked(campaign, made)
        campaigns.add_visits(conn, campaign, new, at + LEASE_S)
    return campaign.made + len(new)


def fail(store: Store, campaign_id: str, attempt: int, message: str, at: float) -> None:
    """End a campaign that the device cannot carry out. Raises Conflict and NotFound."""
    with store.write() as conn:
        campaigns.held(conn, campaign_id, attempt)
        campaigns.end(conn, campaign_id, "failed", message, at)


def cancel(store: Store, campaign_id: str, at: float) -> Campaign:
    """End a campaign; its visits are forgotten. Raises NotFound, and Conflict for one that has ended."""
    with store.write() as conn:
        campaign = campaigns.get(conn, campaign_id)
        if campaign.state not in campaigns.OPEN:
            raise Conflict(f"campaign {campaign_id} is {campaign.state} already")
        campaigns.end(conn, campaign_id, "cancelled", "cancelled", at)
        return campaigns.get(conn, campaign_id)


def survey_for(tables: Path, spec: JobSpec, device: str, threads: int, *, fresh: bool = False) -> Survey:
    """What a table of `device` lacks for a job. Raises Conflict where it lacks nothing, and what `plan` raises."""
    before = None if fresh else _present(tables, device, threads)
    space = parts(spec)[-1]
    cuts, rng = cut_space(spec, space), np.random.default_rng(PLAN_SEED)
    try:
        wanted = plan_for(cuts or space, covered(space, cuts, rng), rng, before)
    except TableError as error:
        raise BadResult(str(error), "spec.space") from None
    if not wanted.subjects:
        raise Conflict(f"the table of {device!r} with {threads} thread(s) lacks nothing for this job")
    return Survey(wanted, INTERLEAVED)


def survey_of(campaign: Campaign) -> Survey:
    return Survey(Plan.from_json(campaign.plan), Protocol(**campaign.protocol))


def refuse_version(found: object) -> None:
    """Raises Conflict for an agent that speaks otherwise."""
    if found != VERSION:
        raise Conflict(
            f"this service speaks version {VERSION} with agents, and yours speaks {found!r}; take the agent that "
            "belongs to it: /agent.pyz",
            "version",
        )


def _subjects(campaign: Campaign) -> dict[str, Subject]:
    return {subject.name: subject for subject in (*survey_of(campaign).plan.subjects, REFERENCE)}


def _refuse_unasked(campaign: Campaign, made: Sequence[tuple[str, Visit]]) -> None:
    known = _subjects(campaign)
    for number, (subject, visit) in enumerate(made):
        if subject not in known:
            raise BadResult(f"campaign {campaign.id} did not ask for {subject!r}", f"visits.{number}.0")
        if not (math.isfinite(visit.latency_ms) and 0 < visit.latency_ms < MOST_MS):
            raise BadResult(f"{visit.latency_ms!r} ms for {subject!r} cannot be", f"visits.{number}.1")
        if visit.runs < 1:
            raise BadResult(f"{visit.runs} runs of {subject!r} cannot be", f"visits.{number}.2")


def _refuse_another(campaign: Campaign, agent: Agent) -> None:
    before: Mapping[str, Any] | None = campaign.machine
    if before is None:
        return
    here = json.loads(json.dumps(agent.machine))  # as what was stored is read
    facts = {"onnxruntime": (before["onnxruntime"], here["onnxruntime"])}
    facts |= {name: (before["device"].get(name), here["device"][name]) for name in SAME_MACHINE}
    differing = [f"{name} {old!r} and not {new!r}" for name, (old, new) in facts.items() if old != new]
    if differing:
        raise Conflict(
            f"campaign {campaign.id} was begun on another device that is called {campaign.device!r}: one with "
            f"{', '.join(differing)}. Cancel it, or give this device a name of its own"
        )


def _present(tables: Path, device: str, threads: int) -> LatencyTable | None:
    try:
        path = table_path(tables, device, threads)
        return load(path) if path.exists() else None
    except TableError as error:
        raise BadResult(str(error), "name") from None


def _before(tables: Path, campaign: Campaign, agent: Agent) -> LatencyTable | None:
    path = table_path(tables, campaign.device, campaign.threads)
    if campaign.fresh or not path.exists():
        return None
    return extendable(path, agent.device, agent.runtime(campaign.threads))


def _end(store: Store, campaign: Campaign, state: str, message: str, at: float) -> None:
    with store.write() as conn:
        campaigns.held(conn, campaign.id, campaign.attempt)
        campaigns.end(conn, campaign.id, state, message, at)
