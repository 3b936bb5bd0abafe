"""From free slots to recorded trials: ask, describe, screen, look up, record.

Everything is decided before the write transaction is opened, which then holds the proposals and the strategy's state
together: either both are in the database or neither is, and the next ask goes on from what is there.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from sqlalchemy import Connection

from nas_service.store import (
    Job,
    Known,
    NewCandidate,
    NewProposal,
    NewTrial,
    Store,
    asks,
    candidates,
    events,
    jobs,
    trials,
)
from nas_service.store.candidates import Result
from nas_service.strategies import Outcome
from nas_service.strategies.base import Status

from .grouping import grouped
from .results import flaw, result
from .run import Described, Run, lock

ROUND = 256  # proposals that one round screens at the most, so that a step stays short
FRUITLESS_LIMIT = 1000  # proposals in a row without a new trial, after which the job is exhausted


@dataclass
class Round:
    """What one round brought, until it is recorded."""

    job: Job
    fruitless: int
    candidates: list[NewCandidate] = field(default_factory=list)
    trials: list[NewTrial] = field(default_factory=list)
    proposals: list[NewProposal] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    taken_over: int = 0  # results of other jobs, which stand for trials of this one
    causes: Counter[str] = field(default_factory=Counter)
    known: dict[str, Known] = field(default_factory=dict)  # by hash
    flights: dict[str, str] = field(default_factory=dict)  # trial key -> trial id

    @property
    def next_number(self) -> int:
        return self.job.proposals + len(self.proposals)


def propose(store: Store, run: Run, job: Job, slots: int, at: float, workers: int = 1) -> Round:
    """Fill up to `slots` with new trials, in requests for `workers` that run at once.

    `round.fruitless` says how many proposals in a row brought no trial.

    Raises Overtaken where the job does not run any more.
    """
    done, most = Round(job, job.fruitless), patience(run)
    while (wanted := slots - _used(done)) > 0 and len(done.proposals) < ROUND and done.fruitless < most:
        run.next_number, run.fruitless = done.next_number, done.fruitless
        run.trials_left = job.trials_budget - job.trials - _used(done)
        asked = run.strategy.ask(wanted, run)
        if not asked:
            break
        with store.read() as conn:
            told = _decide(conn, run, done, [run.describe(proposal) for proposal in asked])
        if told:
            run.tell(told)
    done.trials = grouped(done.trials, run.search.task.batch, workers)
    if done.proposals:
        _record(store, run, done, at)
    return done


def patience(run: Run) -> int:
    """Proposals in a row without a new trial that a job is granted: whole generations may hold few networks only."""
    return max(FRUITLESS_LIMIT, 2 * run.strategy.parallel)


def _used(done: Round) -> int:
    """Trials of the budget that a round has taken: those to run, and results taken over from other jobs."""
    return len(done.trials) + done.taken_over


def _decide(conn: Connection, run: Run, done: Round, described: list[Described]) -> list[Outcome]:
    """What becomes of each proposal; the outcomes that are known at once."""
    hashes = {d.architecture.hash for d in described}
    done.known |= asks.known_candidates(conn, run.job_id, hashes)
    weights = asks.weights_of(
        conn, run.job_id, {d.proposal.weights_of for d in described if d.proposal.weights_of is not None}
    )
    inherited = [weights.get(d.proposal.weights_of) if d.proposal.weights_of is not None else None for d in described]
    keys = [
        run.search.trial_key(d.architecture, d.fidelity, d.seed, w) for d, w in zip(described, inherited, strict=True)
    ]
    reusable = asks.reusable(conn, {key for key in keys if key})
    done.flights |= asks.in_flight(conn, run.job_id, {key for key in keys if key})
    parents = asks.candidates_of(conn, run.job_id, {n for d in described for n in d.proposal.parents})
    told = []
    for item, key, start in zip(described, keys, inherited, strict=True):
        outcome = _place(run, done, item, key, start, reusable.get(key or ""), parents)
        if outcome is not None:
            told.append(outcome)
    return told


def _place(
    run: Run,
    done: Round,
    item: Described,
    key: str | None,
    start: str | None,
    reported: dict[str, float] | None,
    parents: dict[int, str],
) -> Outcome | None:
    new = item.architecture.hash not in done.known
    if new:
        lineage = tuple(dict.fromkeys(parents[n] for n in item.proposal.parents if n in parents))
        _add_candidate(run, done, item, lineage)
    candidate = done.known[item.architecture.hash]
    if candidate.reason:
        done.causes[candidate.reason.split(" ")[0] if new else "known"] += 1
        done.fruitless += 1
        return _close(done, item, candidate, "infeasible", dict(item.costs))
    anew = item.proposal.anew
    if not anew and reported is not None and flaw(run.search.objective, {**item.costs, **reported}) is None:
        return _reuse(run, done, item, candidate, reported, new=new)
    if not anew and key in done.flights:
        done.causes["known"] += 1
        done.fruitless += 1
        _wait(done, item, candidate, done.flights[key])
        return None
    _add_trial(run, done, item, candidate, key, start)
    return None


def _add_candidate(run: Run, done: Round, item: Described, lineage: tuple[str, ...]) -> None:
    number, genotype = done.next_number, item.proposal.genotype
    new = NewCandidate(
        f"{run.job_id}.c{number}", number, item.architecture.hash, genotype, lineage, item.reason, dict(item.costs)
    )
    done.candidates.append(new)
    done.known[item.architecture.hash] = Known(new.id, item.reason, genotype)


def _add_trial(run: Run, done: Round, item: Described, candidate: Known, key: str | None, start: str | None) -> None:
    count = done.job.trials + _used(done)
    request_id = f"{run.job_id}.r{count}"
    trial = NewTrial(
        f"{run.job_id}.t{count}", count, candidate.id, request_id, key, item.fidelity, item.full, item.seed, start
    )
    done.trials.append(trial)
    done.fruitless = 0
    if key is not None:
        done.flights[key] = trial.id
    _wait(done, item, candidate, trial.id)


def _reuse(
    run: Run, done: Round, item: Described, candidate: Known, reported: dict[str, float], *, new: bool
) -> Outcome:
    """A result that is there already. One of another job counts as a trial of this one, for it fills in a candidate."""
    metrics = {**item.costs, **reported}
    found = result(run.search.objective, candidate.id, metrics, full=item.full)
    done.results.append(found)
    if new:
        done.fruitless = 0
        done.taken_over += 1
    else:
        done.causes["known"] += 1
        done.fruitless += 1
    return _close(done, item, candidate, "reused", metrics, found.reward)


def _close(
    done: Round,
    item: Described,
    candidate: Known,
    status: Status,
    metrics: dict[str, float] | None = None,
    reward: float | None = None,
) -> Outcome:
    number, proposal, found = done.next_number, item.proposal, metrics or {}
    done.proposals.append(_proposal(done, item, candidate, None, status, reward, found))
    return Outcome(number, status, proposal.genotype, proposal.parents, proposal.token, found, reward)


def _wait(done: Round, item: Described, candidate: Known, trial_id: str) -> None:
    done.proposals.append(_proposal(done, item, candidate, trial_id))


def _proposal(
    done: Round,
    item: Described,
    candidate: Known,
    trial_id: str | None,
    status: Status | None = None,
    reward: float | None = None,
    metrics: dict[str, float] | None = None,
) -> NewProposal:
    made = item.proposal
    own = None if made.genotype == candidate.genotype else made.genotype
    return NewProposal(
        done.next_number, candidate.id, trial_id, made.parents, made.token, status, reward, metrics or {}, own
    )


def _record(store: Store, run: Run, done: Round, at: float) -> None:
    statuses = Counter(p.status for p in done.proposals)
    with store.write() as conn:
        lock(conn, run, ("running",))
        asks.record(conn, run.job_id, at, done.candidates, done.trials, done.proposals)
        candidates.save(conn, done.results)
        jobs.add(
            conn,
            run.job_id,
            run.strategy.state(),
            proposals=len(done.proposals),
            trials=_used(done),
            completed=done.taken_over,
            infeasible=statuses["infeasible"],
            reused=statuses["reused"],
        )
        jobs.set_fruitless(conn, run.job_id, done.fruitless)
        if any(found.full for found in done.results):
            crown(conn, run.job_id)
        screened = {status: statuses[status] for status in ("infeasible", "reused") if statuses[status]}
        if screened:
            events.append(conn, run.job_id, at, [("screened", screened)])


def crown(conn: Connection, job_id: str) -> None:
    """Make the best feasible candidate the incumbent."""
    best = trials.best(conn, job_id)
    if best is not None:
        jobs.set_incumbent(conn, job_id, *best)
