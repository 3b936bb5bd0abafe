"""From reports to told outcomes: fence, score, tell, record, in one transaction a batch of reports.

What has to be waited for comes first, so that PostgreSQL writes while the strategy proposes what is next.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from logging import DEBUG, WARNING, getLogger

from sqlalchemy import Connection

from nas_service.measures import Measures
from nas_service.store import candidates, events, fronts, jobs, requests, trials
from nas_service.store.candidates import Result
from nas_service.store.trials import Awaiting
from nas_service.strategies import Outcome
from workers.requests import Report

from .proposing import crown
from .results import cleaned, flaw, result
from .retries import AGAIN, given_up, put_back
from .run import Run, lock

log = getLogger(__name__)


def collect(conn: Connection, run: Run, reports: Sequence[Report], at: float, measures: Measures) -> None:
    """Take in what the workers said of one job. Reports of a lost lease, or of a job that has ended, change nothing.

    Raises Overtaken where the job ended or went away meanwhile.
    """
    lock(conn, run, ("running", "paused"))
    _curves(conn, run, [r for r in reports if r.state == "progress"], at, measures)
    ended = _counted(conn, [r for r in reports if r.state != "progress"], measures)
    if ended:
        _settle(conn, run, ended, at)


def stop(conn: Connection, run: Run, at: float) -> None:
    """End what is under way as `stopped`, and tell the strategy, which may have to go on with a larger budget."""
    under_way = [trial.id for trial in trials.open_in(conn, run.job_id)]
    run.tell([waiting.outcome("stopped", {}, None) for waiting in trials.awaiting(conn, under_way)])
    trials.cancel(conn, run.job_id, "stopped", at)
    jobs.add(conn, run.job_id, run.strategy.state())


def _curves(conn: Connection, run: Run, reports: Sequence[Report], at: float, measures: Measures) -> None:
    if not reports:
        return
    held = requests.held(conn, {r.request_id for r in reports})
    live = [cleaned(r) for r in reports if held.get(r.request_id) == r.attempt]
    measures.late.inc(len(reports) - len(live))
    trials.add_epochs(conn, run.job_id, live)
    told = [("epoch", {"trial": r.trial_id, "epoch": r.epoch, "metrics": r.metrics}) for r in live]
    events.append(conn, run.job_id, at, told)


def _counted(conn: Connection, reports: Sequence[Report], measures: Measures) -> list[Report]:
    """Those reports that end their trials: the fence, and another attempt for what its request is not to blame for."""
    still = requests.open_under(conn, sorted({r.request_id for r in reports}))
    unblamed = [r for r in reports if r.cause not in AGAIN and (r.request_id, r.attempt, r.trial_id) in still]
    ended = list({r.trial_id: r for r in unblamed}.values())
    requests.account(conn, Counter((r.request_id, r.attempt) for r in ended))
    lost = {(r.request_id, r.attempt): r for r in reports if r.cause in AGAIN}
    measures.late.inc(sum(r.cause not in AGAIN for r in reports) - len(ended))
    settled_trials = {report.trial_id for report in ended}
    given_up = (last for report in lost.values() for last in _again(conn, report, measures))
    return [*ended, *(last for last in given_up if last.trial_id not in settled_trials)]


def _again(conn: Connection, report: Report, measures: Measures) -> list[Report]:
    """Put the request back; where it is given up, the ends of the trials that were still open."""
    verdict = put_back(conn, report, measures)
    if verdict == "queued":
        trials.restart(conn, [report.request_id])
    if verdict != "given up":
        return []
    return [given_up(report, trial.id) for trial in trials.of_requests(conn, [report.request_id])]


def _settle(conn: Connection, run: Run, ended: list[Report], at: float) -> None:
    by_trial = {report.trial_id: report for report in ended}
    found: dict[str, Result] = {}
    outcomes: list[Outcome] = []
    awaiting = trials.awaiting(conn, list(by_trial))
    for waiting in awaiting:
        trial_id, first = waiting.trial_id, waiting.trial_id not in found
        if first:
            by_trial[trial_id] = _checked(run, waiting, by_trial[trial_id])
            found[trial_id] = _score(run, waiting, by_trial[trial_id])
        outcomes.append(_outcome(waiting, found[trial_id], first=first))
    front = fronts.of_job(conn, run.job_id)
    events.append(conn, run.job_id, at, _told(run, by_trial.values(), found))
    trials.finish(conn, list(by_trial.values()), at)
    saved_seconds = _saved(conn, [by_trial[w.trial_id] for w in awaiting if not w.spent])
    run.tell(outcomes)
    trials.tell(conn, run.job_id, outcomes)
    candidates.save(conn, list(found.values()))
    completed = sum(r.state == "completed" for r in by_trial.values())
    jobs.add(
        conn,
        run.job_id,
        run.strategy.state(),
        completed=completed,
        failed=len(by_trial) - completed,
        reused=sum(o.status == "reused" for o in outcomes),
        saved_seconds=saved_seconds,
    )
    crown(conn, run.job_id, front, list(found.values()))
    for report in by_trial.values():
        concerns = {"job": run.job_id, "trial": report.trial_id, "request": report.request_id, "state": report.state}
        log.log(WARNING if report.state == "failed" else DEBUG, "a trial ended: %s", report.message, extra=concerns)


def _checked(run: Run, waiting: Awaiting, report: Report) -> Report:
    """A completed report whose metrics cannot be used is a failed one."""
    if report.state == "completed" and (problem := flaw(run.search.objective, waiting.costs | report.metrics)):
        report = replace(report, state="failed", cause="nan", message=problem)
    return cleaned(report)


def _score(run: Run, waiting: Awaiting, report: Report) -> Result:
    if report.state == "completed":
        metrics = waiting.costs | report.metrics
        return result(run.search.objective, waiting.candidate_id, metrics, full=waiting.full)
    reason = report.message or str(report.cause)
    return Result(waiting.candidate_id, "failed", reason, waiting.feasible, report.metrics, full=False)


def _outcome(waiting: Awaiting, scored: Result, *, first: bool) -> Outcome:
    """Of several proposals that waited for one trial, the first brought it and the others reuse it."""
    if scored.state == "failed":
        return waiting.outcome("failed", {}, None)
    return waiting.outcome("completed" if first else "reused", scored.metrics, scored.reward)


def _saved(conn: Connection, shared: Sequence[Report]) -> float:
    """Seconds of training that were saved: each of these trials, where it completed, would have run once more."""
    requested = [report.request_id for report in shared if report.state == "completed"]
    seconds = trials.took(conn, set(requested))
    return sum(seconds[request_id] for request_id in requested)


def _told(run: Run, ended: Collection[Report], found: Mapping[str, Result]) -> list[tuple[str, dict[str, object]]]:
    """An event a trial; where requests carry many, one for all that completed."""
    if run.search.task.batch == 1:
        return [("trial", _one(report, found.get(report.trial_id))) for report in ended]
    failed = [report for report in ended if report.state == "failed"]
    told = [("trial", _one(report, found.get(report.trial_id))) for report in failed]
    if completed := len(ended) - len(failed):
        best = max((one.reward for one in found.values() if one.reward is not None), default=None)
        told.append(("trials", {"completed": completed, "best": best}))
    return told


def _one(report: Report, scored: Result | None) -> dict[str, object]:
    told: dict[str, object] = {"trial": report.trial_id, "state": report.state, "metrics": report.metrics}
    if scored is not None:
        told |= {"candidate": scored.candidate_id, "reward": scored.reward}
    if report.state == "failed":
        told |= {"cause": report.cause, "message": report.message}
    return told
