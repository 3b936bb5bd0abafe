"""The coordinator: the one loop that asks, dispatches, collects and tells, for every job of the database.

All it knows between two steps is in the database; what it keeps in memory (runs, held requests) is a copy that it can
lose at any moment. A job whose transaction fails is loaded afresh and tried again; other jobs go on.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from sqlalchemy.exc import OperationalError

from nas_service.errors import ServiceError
from nas_service.store import Job, Store, exports, jobs, requests, trials
from workers.dispatchers import Dispatcher
from workers.requests import EvaluationRequest, Report

from . import sending
from .collecting import collect
from .proposing import FRUITLESS_LIMIT, propose
from .run import Run

log = logging.getLogger(__name__)

TROUBLE_LIMIT = 3  # failed steps in a row after which a job ends as failed
HOPELESS = 10  # trials that all failed, with none completed, after which a job ends as failed
EXPORTS_AT_ONCE = 2
IDLE_S = 0.2


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
    ) -> None:
        self.store = store
        self.dispatcher = dispatcher
        self._tables = tables
        self._artifacts = artifacts
        self._clock = clock
        self._lease_s = lease_s
        self._holder = secrets.token_hex(8)
        self._runs: dict[str, Run] = {}
        self._held: dict[str, str] = {}  # request id -> job id
        self._reports: list[Report] = []  # not yet in the database
        self._trouble: dict[str, int] = {}
        self._beat_at = float("-inf")
        self._leading = False
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
        """Whether this process runs the jobs; False while another one does."""
        return self._leading

    def _loop(self) -> None:
        while not self._stop.is_set():
            try:
                busy = self.step()
            except Exception:
                log.exception("the coordinator could not finish a step and will try again")
                busy = False
            if not busy:
                self._reports += self.dispatcher.poll(IDLE_S)

    def step(self) -> bool:
        """One round over all jobs; whether anything happened."""
        if not self._lead():
            self._stop.wait(IDLE_S)
            return False
        now = self._clock()
        self._reports += self.dispatcher.poll()
        with self.store.read() as conn:
            live = jobs.in_state(conn, jobs.LIVE)
        busy = bool(self._reports)
        self._take_exports(now)
        for job in live:
            busy |= self._guarded(job, now)
        self._drop_dead({job.id for job in live})
        self._send_exports(now)
        self._beat(now)
        return busy

    def _lead(self) -> bool:
        was, self._leading = self._leading, self.store.lead()
        if self._leading and not was:
            with self.store.write() as conn:
                trials.restart(conn, requests.abandon(conn, self._holder))
        return self._leading

    # One job.

    def _guarded(self, job: Job, now: float) -> bool:
        try:
            busy = self._advance(job, now)
        except OperationalError:  # the database is away: every job waits for it, none is to blame
            self._runs.pop(job.id, None)
            raise
        except Exception as error:
            log.exception("job %s: a step failed; it is loaded again from the database", job.id)
            self._runs.pop(job.id, None)
            self._trouble[job.id] = self._trouble.get(job.id, 0) + 1
            if self._trouble[job.id] >= TROUBLE_LIMIT:
                what = str(error).split("\n")[0]
                self._end(job, "failed", f"the search cannot go on: {type(error).__name__}: {what}", now)
            return False
        self._trouble.pop(job.id, None)
        return busy

    def _advance(self, job: Job, now: float) -> bool:
        if job.state == "queued":
            with self.store.write() as conn:
                jobs.move(conn, job.id, ("queued",), "running", "", now)
            return True
        run = self._run(job)
        mine = [r for r in self._reports if self._held.get(r.request_id) == job.id]
        if mine:
            collect(self.store, run, mine, now)
            self._forget(mine)
            with self.store.read() as conn:
                job = jobs.get(conn, job.id)
        if job.state != "running":
            return bool(mine)
        return self._search(run, job, now) or bool(mine)

    def _search(self, run: Run, job: Job, now: float) -> bool:
        spec = run.search.spec
        if self._over_time(job, run, now):
            self._end(
                job, "finished", f"the budget of {spec.budget.hours:g} hours is used up", now, trials_end="stopped"
            )
            return True
        with self.store.read() as conn:
            open_trials = trials.open_count(conn, job.id)
        slots = min(spec.workers.parallel - open_trials, spec.budget.trials - job.trials)
        asked = propose(self.store, run, job, slots, now) if slots > 0 else None
        exhausted = asked is not None and asked.fruitless >= FRUITLESS_LIMIT
        sent = self._send(run, now)
        if open_trials == 0 and not sent and not (asked and asked.proposals):
            return self._conclude(run, job, now, exhausted=job.fruitless >= FRUITLESS_LIMIT or exhausted)
        if job.completed == 0 and job.failed >= HOPELESS:
            self._end(job, "failed", self._hopeless(job), now)
            return True
        self._explain(job)
        return bool(sent or (asked and asked.proposals))

    def _send(self, run: Run, now: float) -> bool:
        limit = run.search.spec.workers.parallel
        with self.store.write() as conn:
            claims = requests.claim(conn, self._holder, now + self._lease_s, limit, job_ids=[run.job_id])
            ready = sending.evaluations(conn, run, claims, self._artifacts, now) if claims else []
        self._submit(run.job_id, ready)
        return bool(ready)

    def _conclude(self, run: Run, job: Job, now: float, *, exhausted: bool) -> bool:
        if exhausted:
            self._end(job, "exhausted", self._exhaustion(run, job), now)
        elif job.trials >= run.search.spec.budget.trials:
            self._end(job, "finished", f"all {job.trials} trials of the budget have ended", now)
        else:
            self._explain_waiting(job, "the strategy waits for outcomes, but none is under way")
            return False
        return True

    def _end(self, job: Job, state: str, reason: str, now: float, trials_end: str = "cancelled") -> None:
        with self.store.write() as conn:
            if jobs.move(conn, job.id, jobs.LIVE, state, reason, now):
                trials.cancel(conn, job.id, trials_end, now)
                requests.close(conn, job.id)

    def _run(self, job: Job) -> Run:
        if job.id not in self._runs:
            self._runs[job.id] = Run.load(job, self.store, self._tables)
        return self._runs[job.id]

    def _over_time(self, job: Job, run: Run, now: float) -> bool:
        hours = run.search.spec.budget.hours
        ran = job.active_seconds + (now - job.active_since if job.active_since else 0)
        return hours is not None and ran >= hours * 3600

    # Why things wait, and why they ended.

    def _explain(self, job: Job) -> None:
        held = [request for request, owner in self._held.items() if owner == job.id]
        reasons = [self.dispatcher.waiting_reason(request) for request in held]
        waiting = [reason for reason in reasons if reason]
        self._explain_waiting(job, waiting[0] if waiting and len(waiting) == len(reasons) else "")

    def _explain_waiting(self, job: Job, reason: str) -> None:
        if reason != job.reason:
            with self.store.write() as conn:
                jobs.set_reason(conn, job.id, reason)

    def _exhaustion(self, run: Run, job: Job) -> str:
        limits = ", ".join(f"{name} {limit:g}" for name, limit in run.search.spec.objective.limits.items()) or "none"
        return (
            f"the last {FRUITLESS_LIMIT} proposals brought nothing new: they were known already or over a limit "
            f"(limits: {limits}; {job.trials} of {run.search.spec.budget.trials} trials were run). "
            "Widen the space or raise the limits to go on"
        )

    def _hopeless(self, job: Job) -> str:
        with self.store.read() as conn:
            message = trials.last_failure(conn, job.id)
        return f"the first {job.failed} trials all failed, the last one so: {message}"

    # Requests under way.

    def _submit(self, job_id: str, ready: Sequence[EvaluationRequest]) -> None:
        for request in ready:
            self._held[request.request_id] = job_id
            self.dispatcher.submit(request)

    def _forget(self, reports: Sequence[Report]) -> None:
        taken = set(map(id, reports))
        self._reports = [r for r in self._reports if id(r) not in taken]
        for report in reports:
            if report.state != "progress":
                self._held.pop(report.request_id, None)

    def _drop_dead(self, live: set[str]) -> None:
        """Stop what runs for jobs that have ended; their reports mean nothing any more."""
        for request, job_id in list(self._held.items()):
            if job_id not in live and ".x" not in request:
                self.dispatcher.cancel(request)
                self._held.pop(request)
        self._runs = {job_id: run for job_id, run in self._runs.items() if job_id in live}
        self._reports = [r for r in self._reports if r.request_id in self._held]

    def _beat(self, now: float) -> None:
        if self._held and now - self._beat_at > self._lease_s / 3:
            with self.store.write() as conn:
                requests.extend(conn, self._holder, now + self._lease_s)
            self._beat_at = now

    # Exports: requests of jobs in any state.

    def _send_exports(self, now: float) -> None:
        free = EXPORTS_AT_ONCE - sum(".x" in request for request in self._held)
        if free <= 0:
            return
        with self.store.read() as conn:
            if not requests.any_queued(conn, "export"):
                return
        with self.store.write() as conn:
            claims = requests.claim(conn, self._holder, now + self._lease_s, free, kind="export")
        for claim in claims:
            self._send_export(claim.request_id, claim.attempt, claim.job_id, now)

    def _send_export(self, request_id: str, attempt: int, job_id: str, now: float) -> None:
        with self.store.read() as conn:
            job = jobs.get(conn, job_id)
            wanted = exports.of_request(conn, request_id)
        try:
            run = self._runs.get(job_id) or Run.load(job, self.store, self._tables)
            with self.store.write() as conn:
                ready = sending.export(conn, run, request_id, attempt, wanted, self._artifacts)
        except ServiceError as error:
            failed = Report(request_id, attempt, wanted.id, "failed", cause="error", message=error.detail)
            self._finish_export(failed, now)
            return
        self._submit(job_id, [ready])

    def _take_exports(self, now: float) -> None:
        mine = [r for r in self._reports if ".x" in r.request_id]
        for report in mine:
            if report.state == "progress":
                with self.store.write() as conn:
                    if requests.held(conn, [report.request_id]).get(report.request_id) == report.attempt:
                        exports.progress(conn, report)
            else:
                self._finish_export(report, now)
        self._forget(mine)

    def _finish_export(self, report: Report, now: float) -> None:
        with self.store.write() as conn:
            if requests.settle(conn, report.request_id, report.attempt, 1):
                exports.finish(conn, report, now)
