"""Measuring campaigns: what a device's table lacks for a job is planned here, and made a table of what agents report.

The finalists of a job are measured by a campaign too, which ends in a verdict on the table that priced them.

An agent asks for an order, fetches the networks in it, and hands visits over. The order says which visits are lacking
by those that are stored, so an agent that dies, or another one on the same device, goes on where it was.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Connection

from device_agent.measure import INTERLEAVED, Protocol
from device_agent.orders import VERSION, Order, Wanted
from device_agent.rounds import REFERENCE_EVERY, Subject
from device_agent.setting import Setting
from latency_tables import LatencyTable, TableError, extendable, load, plan_for, table_path
from latency_tables.subjects import REFERENCE, in_precision
from latency_tables.survey import Made, Plan, Survey
from latency_tables.verdict import Verdict
from search_spaces import Architecture
from workers.dispatchers import Dispatcher, Unanswered

from .agents import Agent, SeenAgents
from .errors import Conflict, ServiceError, Unavailable
from .profiled import covered, cut_space
from .search import parts
from .spec import DeviceSpec, JobSpec
from .store import Campaign, Job, Store, campaigns, events

LEASE_S = 60.0
MOST_OPS = 400  # of a campaign that says nothing else: about half an hour on a small device
PLAN_SEED = 0
RECENT = 16  # campaigns whose plans are kept
SAME_MACHINE = ("cpu", "cores", "flags")


class BadResult(ServiceError):
    """Visits that nobody asked for, or that cannot be."""

    title = "What was measured cannot be used"


@dataclass(frozen=True)
class Known:
    """What a campaign is about, and its subjects by name, the reference among them."""

    plan: Plan
    subjects: Mapping[str, Subject]


class Campaigns:
    """The campaigns of a service: planned for who wants a device measured, carried out by agents."""

    def __init__(self, store: Store, dispatcher: Dispatcher, tables: Path) -> None:
        self._store, self._dispatcher, self._tables = store, dispatcher, tables
        self._known = lru_cache(maxsize=RECENT)(self._read)
        self.seen = SeenAgents()

    def plan(
        self,
        spec: JobSpec,
        device: str,
        setting: Setting,
        owner: str,
        at: float,
        *,
        fresh: bool = False,
        ops: int = MOST_OPS,
    ) -> Campaign:
        """Store a campaign for what a table of `device` lacks for a job. Raises Conflict where it lacks nothing.

        At most so many `ops` are measured, those that make the most of what is met; the others are told from them.

        Raises InvalidSpec for a spec that does not fit, BadResult for a name or a space that cannot be measured.
        """
        survey = survey_for(self._tables, spec, device, setting, fresh=fresh, ops=ops)
        campaign = _planned(survey, device, setting, owner, at, fresh=fresh)
        with self._store.write() as conn:
            campaigns.add(conn, campaign, survey.plan.to_json())
        return campaign

    def measure(self, conn: Connection, job: Job, finalists: Sequence[Architecture], at: float) -> None:
        """Store a campaign for these networks of a job, on the job's device."""
        survey, device = Survey(Plan((), tuple(finalists)), INTERLEAVED), DeviceSpec.model_validate(job.spec["device"])
        campaign = _planned(survey, device.name, device.setting, job.owner, at, job_id=job.id)
        campaigns.add(conn, campaign, survey.plan.to_json())

    def order(self, agent: Agent, at: float) -> Order | None:
        """What this agent is to measure now; campaigns that lack no more visits become tables on the way.

        Raises Conflict where a campaign was begun on another machine under the same name, and BadResult for a name
        that no device can have.
        """
        try:
            table_path(self._tables, agent.device.name)
        except TableError as error:
            raise BadResult(str(error), "device.name") from None
        self.seen.note(agent, at)
        with self._store.read() as conn:
            waiting = campaigns.open_of(conn, agent.device.name)
        for campaign in waiting:
            _refuse_another(campaign, agent)
            with self._store.write() as conn:
                taken = campaigns.claim(conn, campaign.id, agent.id, agent.machine, at, LEASE_S)
            if taken is not None and (found := self._ordered(taken, agent, at)):
                return found
        return None

    def network(self, campaign_id: str, agent: str, attempt: int, subject: str) -> bytes:
        """The ONNX file of a subject, written by a worker. Raises BadResult, Conflict, NotFound and Unavailable."""
        with self._store.read() as conn:
            campaigns.refuse_unheld(campaigns.get(conn, campaign_id), agent, attempt)
        found = self._asked_for(campaign_id, subject, "subject")
        try:
            return self._dispatcher.on_worker(found.export)
        except Unanswered as error:
            raise Unavailable(f"no worker could write the network: {error}") from None

    def take(self, campaign_id: str, agent: str, attempt: int, first: int, made: Made, at: float) -> int:
        """Store visits, of which the first has this number; how many there are now. Old ones change nothing.

        Raises BadResult, Conflict and NotFound, and stores nothing then.
        """
        with self._store.write() as conn:
            campaign = campaigns.held(conn, campaign_id, agent, attempt)
            if first > campaign.made:
                raise Conflict(f"visits {campaign.made} to {first - 1} are missing; ask for the order again")
            self._refuse_unasked(campaign_id, made)
            new = made[campaign.made - first :]
            campaigns.add_visits(conn, campaign, new, at + LEASE_S)
        return campaign.made + len(new)

    def fail(self, campaign_id: str, agent: str, attempt: int, subject: str, message: str, at: float) -> None:
        """End a campaign of which the device cannot run a subject. Raises BadResult, Conflict and NotFound."""
        self._asked_for(campaign_id, subject, "subject")
        self.give_up(campaign_id, agent, attempt, message, at)

    def give_up(self, campaign_id: str, agent: str, attempt: int, message: str, at: float) -> None:
        """End a campaign that cannot be carried out. Raises Conflict and NotFound."""
        with self._store.write() as conn:
            self._end(conn, campaigns.held(conn, campaign_id, agent, attempt), "failed", message, at)

    def cancel(self, campaign_id: str, at: float) -> Campaign:
        """End a campaign; its visits are forgotten. Raises NotFound, and Conflict for one that has ended."""
        with self._store.write() as conn:
            campaign = campaigns.get(conn, campaign_id)
            if campaign.state not in campaigns.OPEN:
                raise Conflict(f"campaign {campaign_id} is {campaign.state} already")
            self._end(conn, campaign, "cancelled", "cancelled", at)
            return campaigns.get(conn, campaign_id)

    def _ordered(self, campaign: Campaign, agent: Agent, at: float) -> Order | None:
        """The order of a campaign that was just taken; None where it ends here."""
        survey = Survey(self._known(campaign.id).plan, Protocol(**campaign.protocol))
        with self._store.read() as conn:
            made = campaigns.visits_of(conn, campaign.id)
        verdict = None
        try:
            before = self._before(campaign, agent)
            lacking = survey.lacking(made)
            if not lacking:
                table, verdict = _concluded(campaign, survey, made, agent, before)
                if table != before:
                    table.save(table_path(self._tables, campaign.device, campaign.setting))
        except TableError as error:
            self.give_up(campaign.id, agent.id, campaign.attempt, str(error), at)
            return None
        if not lacking:
            with self._store.write() as conn:
                held = campaigns.held(conn, campaign.id, agent.id, campaign.attempt)
                self._end(conn, held, "completed", "", at, verdict)
            return None
        with self._store.write() as conn:
            campaigns.wait(conn, campaign.id, f"{agent.device.cpu} measures", campaign.made + _about(lacking))
        wanted = tuple(Wanted(subject.name, visits) for subject, visits in lacking)
        of = (campaign.id, campaign.attempt, campaign.setting)
        return Order(*of, survey.protocol, REFERENCE.name, wanted, campaign.made, LEASE_S, agent.id)

    def _before(self, campaign: Campaign, agent: Agent) -> LatencyTable | None:
        path = table_path(self._tables, campaign.device, campaign.setting)
        if campaign.fresh or not path.exists():
            return None
        return extendable(path, agent.device, agent.runtime(campaign.setting))

    def _end(
        self, conn: Connection, campaign: Campaign, state: str, message: str, at: float, verdict: Verdict | None = None
    ) -> None:
        """Tell the job too whose finalists these are."""
        found = verdict.to_json() if verdict else None
        campaigns.end(conn, campaign.id, state, message, at, found)
        if campaign.job_id is not None:
            told = {"state": state, "problem": message or (verdict.summary if verdict else "")}
            events.append(conn, campaign.job_id, at, [("finalists", told)])

    def _refuse_unasked(self, campaign_id: str, made: Made) -> None:
        for number, (subject, visit) in enumerate(made):
            self._asked_for(campaign_id, subject, f"visits.{number}.0")
            if visit.flaw:
                raise BadResult(f"{visit.flaw} of {subject!r} cannot be", f"visits.{number}")

    def _asked_for(self, campaign_id: str, subject: str, field: str) -> Subject:
        found = self._known(campaign_id).subjects.get(subject)
        if found is None:
            raise BadResult(f"campaign {campaign_id} did not ask for {subject!r}", field)
        return found

    def _read(self, campaign_id: str) -> Known:
        """Kept for the campaigns that are under way: a plan never changes, and may name thousands of ops."""
        with self._store.read() as conn:
            plan = Plan.from_json(campaigns.plan_of(conn, campaign_id))
            precision = campaigns.get(conn, campaign_id).precision
        return Known(plan, {one.name: in_precision(one, precision) for one in (*plan.subjects, REFERENCE)})


def survey_for(
    tables: Path, spec: JobSpec, device: str, setting: Setting, *, fresh: bool = False, ops: int = MOST_OPS
) -> Survey:
    """What a table of `device` lacks for a job, at most so many ops. Raises what `Campaigns.plan` raises."""
    before = None if fresh else _present(tables, device, setting)
    space = parts(spec)[-1]
    cuts, rng = cut_space(spec, space), np.random.default_rng(PLAN_SEED)
    try:
        wanted = plan_for(cuts or space, covered(space, cuts, rng), rng, before)
    except TableError as error:
        raise BadResult(str(error), "spec.space") from None
    if not wanted.subjects:
        raise Conflict(f"the table of {device!r} with {setting.words} lacks nothing for this job")
    return Survey(wanted.first(ops), INTERLEAVED)


def _planned(
    survey: Survey,
    device: str,
    setting: Setting,
    owner: str,
    at: float,
    *,
    fresh: bool = False,
    job_id: str | None = None,
) -> Campaign:
    """A campaign that has not begun."""
    return Campaign(
        id=secrets.token_hex(5),
        device=device,
        **asdict(setting),
        owner=owner,
        state="waiting",
        message=f"waits for an agent on {device!r}",
        protocol=asdict(survey.protocol),
        fresh=fresh,
        job_id=job_id,
        total=_about(survey.lacking(())),
        made=0,
        machine=None,
        agent=None,
        attempt=0,
        lease_until=None,
        created_at=at,
        ended_at=None,
    )


def _concluded(
    campaign: Campaign, survey: Survey, made: Made, agent: Agent, before: LatencyTable | None
) -> tuple[LatencyTable, Verdict | None]:
    """The table that the visits lead to, and what finalists of a job say of the one before. Raises TableError."""
    if campaign.job_id is None:
        return survey.table(made, agent.device, agent.runtime(campaign.setting), before), None
    if before is None:
        raise TableError(f"the latency table of {campaign.device!r} that priced these networks is gone")
    measured, reference = survey.networks(made)
    verdict = Verdict.on(before, survey.plan.networks, measured, reference)
    return verdict.corrected(before, measured, reference) if verdict.in_doubt else before, verdict


def _about(lacking: Sequence[tuple[Subject, int]]) -> int:
    """How many visits that takes, with those of the reference in between."""
    visits = sum(n for _, n in lacking)
    return visits + visits // REFERENCE_EVERY + 2


def refuse_version(found: object) -> None:
    """Raises Conflict for an agent that speaks otherwise."""
    if found != VERSION:
        raise Conflict(
            f"this service speaks version {VERSION} with agents, and yours speaks {found!r}; take the agent that "
            "belongs to it: /agent.pyz",
            "version",
        )


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


def _present(tables: Path, device: str, setting: Setting) -> LatencyTable | None:
    try:
        path = table_path(tables, device, setting)
        return load(path) if path.exists() else None
    except TableError as error:
        raise BadResult(str(error), "name") from None
