"""From free slots to recorded trials: ask, describe, screen, look up, record.

Everything is decided before the write transaction is opened, which then holds the proposals and the strategy's state
together: either both are in the database or neither is, and the next ask goes on from what is there.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from sqlalchemy import Connection

from nas_service.store import Job, NewCandidate, NewProposal, NewTrial, Store, asks, candidates, events, jobs, trials
from nas_service.store.candidates import Result
from nas_service.strategies import Outcome, Proposal
from nas_service.strategies.base import Status

from .grouping import grouped
from .results import flaw, result
from .run import Described, Run, lock

ROUND = 256  # proposals that one round screens at the most, so that a step stays short
FRUITLESS_LIMIT = 1000  # proposals in a row without a new candidate, after which the job is exhausted


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
    known: dict[str, tuple[str, str]] = field(default_factory=dict)  # hash -> candidate id, why infeasible
    flights: dict[str, str] = field(default_factory=dict)  # trial key -> trial id

    @property
    def next_number(self) -> int:
        return self.job.proposals + len(self.proposals)


def propose(store: Store, run: Run, job: Job, slots: int, at: float, workers: int = 1) -> Round:
    """Fill up to `slots` with new trials, in requests for `workers` that run at once.

    `round.fruitless` says how many proposals in a row brought no trial.

    Raises Overtaken where the job does not run any more.
    """
    done = Round(job, job.fruitless)
    while (wanted := slots - _used(done)) > 0 and len(done.proposals) < ROUND and done.fruitless < FRUITLESS_LIMIT:
        asked = run.strategy.ask(wanted, run)
        if not asked:
            break
        with store.read() as conn:
            told = _decide(conn, run, done, [run.describe(proposal) for proposal in asked])
        if told:
            run.strategy.tell(told)
    done.trials = grouped(done.trials, run.search.task.batch, workers)
    if done.proposals:
        _record(store, run, done, at)
    return done


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
    number = done.next_number
    known = item.architecture.hash in done.known
    if not known:
        lineage = tuple(dict.fromkeys(parents[n] for n in item.proposal.parents if n in parents))
        _add_candidate(run, done, item, number, lineage)
    candidate_id, reason = done.known[item.architecture.hash]
    if reason:
        done.causes["known" if known else reason.split(" ")[0]] += 1
        done.fruitless += 1
        return _close(done, item.proposal, number, candidate_id, "infeasible")
    if reported is not None and flaw(run.search.objective, {**item.costs, **reported}) is None:
        return _reuse(run, done, item, number, candidate_id, reported, known=known)
    if key in done.flights:
        done.causes["known"] += 1
        done.fruitless += 1
        _wait(done, item.proposal, number, candidate_id, done.flights[key])
        return None
    _add_trial(run, done, item, number, candidate_id, key, start)
    return None


def _add_candidate(run: Run, done: Round, item: Described, number: int, lineage: tuple[str, ...]) -> None:
    candidate_id = f"{run.job_id}.c{number}"
    done.candidates.append(
        NewCandidate(
            candidate_id,
            number,
            item.architecture.hash,
            item.proposal.genotype,
            lineage,
            item.reason,
            dict(item.costs),
        )
    )
    done.known[item.architecture.hash] = (candidate_id, item.reason)


def _add_trial(
    run: Run, done: Round, item: Described, number: int, candidate_id: str, key: str | None, start: str | None
) -> None:
    count = done.job.trials + _used(done)
    trial = NewTrial(
        f"{run.job_id}.t{count}",
        count,
        candidate_id,
        f"{run.job_id}.r{count}",
        key,
        item.fidelity,
        item.full,
        item.seed,
        start,
    )
    done.trials.append(trial)
    done.fruitless = 0
    if key is not None:
        done.flights[key] = trial.id
    _wait(done, item.proposal, number, candidate_id, trial.id)


def _reuse(
    run: Run, done: Round, item: Described, number: int, candidate_id: str, reported: dict[str, float], *, known: bool
) -> Outcome:
    """A result that is there already. One of another job counts as a trial of this one, for it fills in a candidate."""
    metrics = {**item.costs, **reported}
    found = result(run.search.objective, candidate_id, metrics, full=item.full)
    done.results.append(found)
    if known:
        done.causes["known"] += 1
        done.fruitless += 1
    else:
        done.fruitless = 0
        done.taken_over += 1
    return _close(done, item.proposal, number, candidate_id, "reused", metrics, found.reward)


def _close(
    done: Round,
    proposal: Proposal,
    number: int,
    candidate_id: str,
    status: Status,
    metrics: dict[str, float] | None = None,
    reward: float | None = None,
) -> Outcome:
    found = metrics or {}
    done.proposals.append(
        NewProposal(number, candidate_id, None, proposal.parents, proposal.token, status, reward, found)
    )
    return Outcome(number, status, proposal.genotype, proposal.parents, proposal.token, found, reward)


def _wait(done: Round, proposal: Proposal, number: int, candidate_id: str, trial_id: str) -> None:
    done.proposals.append(NewProposal(number, candidate_id, trial_id, proposal.parents, proposal.token))


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
