"""The coordinator: the one loop that asks, dispatches, collects and tells, for every job of the database.

All it knows between two steps is in the database; what it keeps in memory (runs, flights) is a copy that it can lose at
any moment. A job whose transaction fails is loaded afresh and tried again; other jobs go on.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from nas_service.retention import DiskBudget
from nas_service.room import Room
from nas_service.store import Job, Lease, Store, disk_is_full, jobs, quotas, requests, trials
from nas_service.store.asks import FIRST_ATTEMPT
from workers.artifacts import ArtifactStore
from workers.dispatchers import Dispatcher
from workers.requests import EvaluationRequest, Resources

from . import sending
from .collecting import collect, stop
from .exporting import Exporting
from .flights import Flights
from .holding import Holding
from .limits import no_more_jobs, trials_left
from .proposing import Round, patience, propose
from .run import Overtaken, Run, lock
from .shares import Deal

log = logging.getLogger(__name__)

TROUBLE_LIMIT = 3  # failed steps in a row after which a job ends as failed
HOPELESS = 10  # trials that all failed, with none completed, after which a job ends as failed
IDLE_S = 0.2
GROWN = (256, 2_048, 16_384)  # proposals of a job after which the database is told that there are so many
DISK_FULL = "waits for room: the disk of the database is full; nothing is lost, and all goes on once there is some"


@dataclass(frozen=True)
class Found:
    """A job with its open trials, whether requests of it wait, and how many trials the quota of its owner leaves.

    `used_up` says why that are none.
    """

    job: Job
    open: int
    queued: bool
    left: int
    used_up: str


@dataclass
class Due:
    """What a step on a job leaves for the time after its transaction: requests to send, and whether the job grew."""

    requests: list[EvaluationRequest] = field(default_factory=list)
    statistics: bool = False


class Coordinator:
    """Runs the jobs of one database with one dispatcher. `clock` gives seconds since the epoch."""

    def __init__(
        self,
        store: Store,
        dispatcher: Dispatcher,
        tables: Path,
        artifacts: str,
        clock: Callable[[], float],
        lease_s: float = 60,
        disk: DiskBudget | None = None,
    ) -> None:
        self.store = store
        self.dispatcher = dispatcher
        self._tables = tables
        self._artifacts = artifacts
        self._clock = clock
        self._lease_s = lease_s
        self._disk = disk or DiskBudget(store, ArtifactStore(artifacts))
        self._rows = Room()  # for rows
        self.turn = threading.Lock()  # held during a step: who has it sees no proposal half made
        self._runs: dict[str, Run] = {}
        self._flights = Flights(dispatcher, store.measures)
        self._exporting = Exporting(store, self._flights, self._run, artifacts, self._disk)
        self._deal = Deal()
        self._trouble: dict[str, int] = {}
        self._holding = Holding(store, lease_s, lambda: self._flights.ids)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    # Life of the loop.

    def start(self) -> None:
        """Step in a thread of its own until `stop`."""
        self._thread = threading.Thread(target=self._loop, name="coordinator", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the loop. Requests that run are put back when a coordinator leads again."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=10)

    @property
    def leading(self) -> bool:
        """Whether this process runs jobs; False on SQLite while another one does."""
        return self._holding.entered

    @property
    def keeps_house(self) -> bool:
        """Whether this is the one process that does what one of all coordinators has to do, such as webhooks."""
        return self._holding.keeps_house

    @property
    def lacks_room(self) -> str:
        """What waits for room on a full disk, of the database or of the artifacts; empty where nothing does."""
        return self._rows.problem or self._disk.room.problem

    def as_it_stands(self, job: Job) -> Job:
        """A job as it was read; with the reason why it waits where that cannot be written, because the disk is full."""
        waits = job.state in ("queued", "running") and job.holder in (None, self._holding.name)
        return replace(job, reason=self._rows.problem) if waits and self._rows.problem else job

    def wait(self, timeout_s: float = IDLE_S) -> None:
        """Return when a worker has something to say, or after `timeout_s`."""
        if self.leading:
            self._flights.poll(timeout_s)
        else:
            self._stop.wait(timeout_s)

    def _loop(self) -> None:
        while not self._stop.is_set():
            try:
                busy = self.step()
            except Exception:
                log.exception("the coordinator could not finish a step and will try again")
                self._stop.wait(IDLE_S)
                continue
            if not busy:
                self.wait()

    def step(self) -> bool:
        """One round over all jobs; whether anything happened. Nothing does for a while after the disk was full."""
        now = self._clock()
        if self._rows.waits(now):
            return False
        try:
            with self.turn, self.store.measures.steps.time():
                busy = self._step(now)
        except OperationalError as error:
            if not disk_is_full(error):
                raise
            self._rows.lacks(DISK_FULL, now)
            return False
        self._rows.found()
        return busy

    def _step(self, now: float) -> bool:
        if not self._holding.enter():
            return False
        if self.lacks_room:
            self._holding.beat(now, resting=True, at_once=bool(self._rows.problem))
        self._flights.poll()
        busy = self._flights.landed
        mine = self._holding.jobs(now)
        self._drop_others({job.id for job in mine})
        self._deal.among(self._holding.live, lambda: self.dispatcher.cluster().total, self._limits)
        self._exporting.take(now)
        self._disk.check(now)
        for job in mine:
            busy |= self._guarded(job, now)
        if self._holding.exports_wait:
            self._exporting.send(self._holding.name, now, now + self._lease_s)
        self._holding.beat(now)
        return busy

    def _limits(self) -> dict[str, int]:
        """Trials that the jobs of an owner may have under way, where that is limited."""
        with self.store.read() as conn:
            return {quota.owner: quota.trials for quota in quotas.listed(conn) if quota.trials is not None}

    def _drop_others(self, mine: set[str]) -> None:
        """Forget jobs that have ended or that others run, and stop what workers do for them here."""
        self._flights.drop_dead(mine)
        self._runs = {job_id: run for job_id, run in self._runs.items() if job_id in mine}
        self._trouble = {job_id: n for job_id, n in self._trouble.items() if job_id in mine}

    # One job.

    def _guarded(self, job: Job, now: float) -> bool:
        try:
            busy = self._advance(job, now)
        except Overtaken:
            self._runs.pop(job.id, None)
            return True
        except OperationalError:  # the database is away: every job waits for it, none is to blame
            self._runs.pop(job.id, None)
            raise
        except (Exception, SystemExit) as error:  # a plug-in may call sys.exit, which would end this thread unheard
            log.exception("a step failed; the job is loaded again from the database", extra={"job": job.id})
            self._runs.pop(job.id, None)
            self._trouble[job.id] = self._trouble.get(job.id, 0) + 1
            if self._trouble[job.id] >= TROUBLE_LIMIT:
                what = str(error).split("\n")[0]
                with self.store.write() as conn:
                    self._end(conn, job, "failed", f"the search cannot go on: {type(error).__name__}: {what}", now)
            return False
        self._trouble.pop(job.id, None)
        return busy

    def _advance(self, job: Job, now: float) -> bool:
        if job.state == "queued":
            return self._begin(job, now)
        run = self._run(job)
        landed = self._flights.reports("evaluate", job.id)
        if not landed and job.state != "running":
            return False
        self._disk.heed(landed, now)
        together = bool(landed) and not self._apart(job)
        if landed and not together:
            with self.store.write() as conn:
                collect(conn, run, landed, now, self.store.measures)
            self._flights.forget(landed)
        due = Due()
        with self.store.write() if together else self.store.read() as conn, run.within(conn):
            if together:
                collect(conn, run, landed, now, self.store.measures)
            found = _find(conn, job)
            searched = found.job.state == "running" and self._search(conn, run, found, now, due)
        if together:
            self._flights.forget(landed)
        self._flights.submit(job.id, due.requests)
        if due.statistics:
            self.store.gather_statistics()
        return searched or bool(landed)

    def _apart(self, job: Job) -> bool:
        """Whether reports have a transaction to themselves, which is closed before the strategy proposes.

        SQLite has one writer, for whom all others would wait as long as a strategy thinks; on PostgreSQL only who
        changes this job does. And where the search failed at its last step, what was reported counts, whatever it fails
        at next.
        """
        return self.store.sqlite or job.id in self._trouble

    def _begin(self, job: Job, now: float) -> bool:
        """Run a queued job, once the quota of its owner allows it. One that waits for that writes nothing."""
        with self.store.read() as conn:
            waits = no_more_jobs(conn, job.owner)
            if waits:
                self._explain(conn, job, waits)
                return False
        with self.store.write() as conn:
            begins = not no_more_jobs(conn, job.owner, locked=True)
            held = jobs.standing(conn, job.id) == ("queued", job.fence)
            moved = begins and held and jobs.move(conn, job.id, ("queued",), "running", "", now)
        if moved:
            log.info("the job runs", extra={"job": job.id})
        return moved

    def _search(self, conn: Connection, run: Run, found: Found, now: float, due: Due) -> bool:
        """What comes next in a job that runs: on a view of the database, or in the transaction of what was reported."""
        job = found.job
        if _over_time(job, now):
            self._end(conn, job, "finished", f"the budget of {job.hours_budget:g} hours is used up", now, run)
            return True
        if job.completed == 0 and job.failed >= HOPELESS:
            self._end(conn, job, "failed", _hopeless(conn, job), now)
            return True
        if self._disk.problem and (found.queued or job.trials < job.trials_budget):
            self._explain(conn, job, self._disk.problem)
            return False
        waits = found.used_up or self._deal.reason(job)
        room = min(self._deal.trials_of(job) - found.open, found.left)
        if room <= 0 and not found.open and job.trials < job.trials_budget:
            self._explain(conn, job, waits)
            return False
        slots = min(room, job.trials_budget - job.trials)
        sent = found.queued and self._send_again(conn, run, now, due)
        asked = self._ask(conn, run, job, slots, now, due) if slots > 0 else Round(job, job.fruitless)
        if found.open == 0 and not sent and not asked.proposals:
            return self._conclude(conn, run, job, now)
        moved = sent or bool(asked.proposals)
        if not moved:  # else it is too early to tell
            self._explain(conn, job, self._flights.waiting_reason(job.id) or waits)
        return moved

    def _room(self, run: Run) -> int:
        """Requests of this job that the cluster can run at once."""
        if run.search.task.batch == 1:
            return 1
        workers = run.search.spec.workers
        room = self.dispatcher.cluster().total.room_for(Resources(workers.cpus, workers.gpus))
        return run.search.parallel if room is None else room

    def _ask(self, view: Connection, run: Run, job: Job, slots: int, now: float, due: Due) -> Round:
        """Fill free slots: the new requests are in the database as held by this process before they are sent."""
        lease = Lease(self._holding.name, now + self._lease_s)
        asked = propose(view, self.store, run, job, slots, now, lease, self._room(run))
        for request_id, wanted in asked.requested.items():
            due.requests.append(sending.evaluation(run, request_id, FIRST_ATTEMPT, wanted, self._artifacts))
        before, after = job.proposals, job.proposals + len(asked.proposals)
        due.statistics = any(before < size <= after for size in GROWN)
        return asked

    def _send_again(self, view: Connection, run: Run, now: float, due: Due) -> bool:
        """Requests that were put back: their worker died, or the process that held them."""
        limit = run.search.parallel
        with self.store.writing(view) as conn:
            lock(conn, run, ("running",))
            claims = requests.claim(conn, self._holding.name, now + self._lease_s, limit, job_ids=[run.job_id])
            if claims:
                due.requests += sending.evaluations(conn, run, claims, self._artifacts, now)
        return bool(claims)

    def _conclude(self, conn: Connection, run: Run, job: Job, now: float) -> bool:
        """End a job of which nothing is under way and for which nothing new was proposed."""
        done, short = run.strategy.done, run.strategy.short_of_trials
        if not (done or short) and job.trials < job.trials_budget and job.fruitless < patience(run):
            self._explain(conn, job, "the strategy waits for outcomes, but none is under way")
            return False
        if job.failed and not job.completed:
            self._end(conn, job, "failed", _hopeless(conn, job), now)
        elif done:
            self._end(conn, job, "finished", done, now)
        elif short:
            self._end(conn, job, "exhausted", short, now)
        elif job.trials >= job.trials_budget:
            self._end(conn, job, "finished", f"all {job.trials} trials of the budget have ended", now)
        else:
            self._end(conn, job, "exhausted", _exhaustion(run, job), now)
        return True

    def _end(self, view: Connection, job: Job, state: str, reason: str, now: float, run: Run | None = None) -> None:
        """End a job, unless it was extended or taken by others since it was read.

        With its run, what is under way is stopped and told.
        """
        with self.store.writing(view) as conn:
            unchanged = jobs.standing(conn, job.id) is not None and _same(job, jobs.get(conn, job.id))
            if unchanged and jobs.move(conn, job.id, jobs.LIVE, state, reason, now):
                requests.close(conn, job.id)
                if run is not None:
                    stop(conn, run, now)
                trials.cancel(conn, job.id, "cancelled", now)
        log.info("the job ends: %s", reason, extra={"job": job.id, "state": state})

    def _run(self, job: Job) -> Run:
        """Its run as this process took the job: one from before somebody else held it is stale."""
        run = self._runs.get(job.id)
        if run is None or run.fence != job.fence:
            run = self._runs[job.id] = Run.load(job, self.store, self._tables)
        return run

    # Why things wait, and why they ended.

    def _explain(self, view: Connection, job: Job, reason: str) -> None:
        if reason != job.reason:
            with self.store.writing(view) as conn:
                jobs.set_reason(conn, job.id, job.fence, reason)


def _find(conn: Connection, job: Job) -> Found:
    left, used_up = trials_left(conn, job.owner, job.trials_budget)
    return Found(*jobs.at_work(conn, job.id), left, used_up)


def _hopeless(conn: Connection, job: Job) -> str:
    message = trials.last_failure(conn, job.id)
    return f"none of {job.failed} trials succeeded; the last one failed so: {message}"


def _same(one: Job, other: Job) -> bool:
    return (one.spec, one.fence) == (other.spec, other.fence)


def _over_time(job: Job, now: float) -> bool:
    ran = job.active_seconds + (now - job.active_since if job.active_since is not None else 0)
    return job.hours_budget is not None and ran >= job.hours_budget * 3600


def _exhaustion(run: Run, job: Job) -> str:
    limits = ", ".join(f"{name} {limit:g}" for name, limit in run.search.spec.objective.limits.items()) or "none"
    return (
        f"the last {patience(run)} proposals brought nothing new: they were known already or over a limit "
        f"(limits: {limits}; {job.trials} of {job.trials_budget} trials were run). "
        "Widen the space or raise the limits to go on"
    )
