"""From free slots to recorded trials: ask, describe, screen, look up, record.

The transaction that holds the proposals holds the strategy's state after them: either both are in the database or
neither is, and the next ask goes on from what is there. On PostgreSQL it is the one in which reports were taken in, if
there were any; else everything is decided before one is opened.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from nas_service.store import (
    Job,
    Known,
    Lease,
    NewCandidate,
    NewProposal,
    NewTrial,
    Start,
    Store,
    asks,
    candidates,
    events,
    fronts,
    jobs,
    names,
)
from nas_service.store.asks import Reusable
from nas_service.store.candidates import Result
from nas_service.store.fronts import Front
from nas_service.strategies import Outcome, Proposal
from nas_service.strategies.base import Status
from nas_service.strategies.composite import in_part
from search_spaces import Architecture
from workers.requests import TrialRequest

from .grouping import grouped
from .limits import refuse_more_trials
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
    saved_seconds: float = 0.0  # of training, by results that were there already
    causes: Counter[str] = field(default_factory=Counter)
    known: dict[str, Known | None] = field(default_factory=dict)  # by hash; None: looked for and not there
    flights: dict[str, str] = field(default_factory=dict)  # trial key -> trial id
    reusable: dict[str, Reusable | None] = field(default_factory=dict)  # by trial key, as above
    proposed: dict[int, str] = field(default_factory=dict)  # number of a proposal -> candidate id
    architectures: dict[str, Architecture] = field(default_factory=dict)  # of the trials, by id

    @property
    def next_number(self) -> int:
        return self.job.proposals + len(self.proposals)

    @property
    def requested(self) -> dict[str, list[TrialRequest]]:
        """What workers are to run, by request."""
        found: dict[str, list[TrialRequest]] = {}
        for new in self.trials:
            architecture, start = self.architectures[new.id].to_json(), new.start
            trial = TrialRequest(new.id, architecture, new.fidelity, new.seed, start.weights, start.checkpoint)
            found.setdefault(new.request_id, []).append(trial)
        return found


def propose(
    conn: Connection, store: Store, run: Run, job: Job, slots: int, at: float, lease: Lease, workers: int = 1
) -> Round:
    """Fill up to `slots` with new trials, in requests for `workers` that run at once, which are held under the lease.

    All is decided on what `conn` reads. `round.fruitless` says how many proposals in a row brought no trial.

    Raises Overtaken where the job does not run any more.
    """
    done, most = Round(job, job.fruitless), patience(run)
    while (wanted := slots - _used(done)) > 0 and len(done.proposals) < ROUND and done.fruitless < most:
        run.next_number, run.fruitless = done.next_number, done.fruitless
        run.trials_left = job.trials_budget - job.trials - _used(done)
        asked = run.strategy.ask(wanted, run)
        if not asked:
            break
        told = _decide(conn, run, done, [run.describe(proposal) for proposal in asked])
        if told:
            run.tell(told)
    done.trials = grouped(done.trials, run.search.task.batch, workers)
    if done.proposals:
        _record(conn, store, run, done, at, lease)
    return done


def patience(run: Run) -> int:
    """Proposals in a row without a new trial that a job is granted: whole generations may hold few networks only."""
    return max(FRUITLESS_LIMIT, 2 * run.strategy.parallel)


def _used(done: Round) -> int:
    """Trials of the budget that a round has taken: those to run, and results taken over from other jobs."""
    return len(done.trials) + done.taken_over


def _decide(conn: Connection, run: Run, done: Round, described: list[Described]) -> list[Outcome]:
    """What becomes of each proposal; the outcomes that are known at once."""
    starts = _starts(conn, run.job_id, [item.proposal for item in described])
    keys = [
        None if start.inherits else run.search.trial_key(d.architecture, d.fidelity, d.seed)
        for d, start in zip(described, starts, strict=True)
    ]
    _look_up(conn, run.job_id, done, described, {key for key in keys if key})
    told = []
    for item, key, start in zip(described, keys, starts, strict=True):
        outcome = _place(run, done, item, key, start)
        if outcome is not None:
            told.append(outcome)
    return told


def _look_up(conn: Connection, job_id: str, done: Round, described: Sequence[Described], keys: set[str]) -> None:
    """What the database has of these proposals, but for what was looked up in this round."""
    hashes = {d.architecture.hash for d in described} - done.known.keys()
    if hashes:
        done.known |= dict.fromkeys(hashes) | asks.known_candidates(conn, job_id, hashes)
    new_keys = keys - done.reusable.keys()
    if new_keys:
        completed, open_trials = asks.of_keys(conn, job_id, new_keys)
        done.reusable |= dict.fromkeys(new_keys) | completed
        done.flights |= open_trials
    parents = {number for d in described for number in d.proposal.parents} - done.proposed.keys()
    if parents:
        done.proposed |= asks.candidates_of(conn, job_id, parents)


def _starts(conn: Connection, job_id: str, made: Sequence[Proposal]) -> list[Start]:
    """Where the trials of these proposals would begin; afresh where what they name left nothing, or not any more."""
    left = asks.left_by(conn, job_id, {n for p in made for n in (p.weights_of, p.resumes) if n is not None})
    nothing: dict[str, str] = {}
    return [
        Start(
            left.get(p.weights_of, nothing).get("weights"),
            left.get(p.resumes, nothing).get("checkpoint"),
            heir=p.weights_of is not None,
        )
        for p in made
    ]


def _place(
    run: Run,
    done: Round,
    item: Described,
    key: str | None,
    start: Start,
) -> Outcome | None:
    found = done.known.get(item.architecture.hash)
    new, candidate = found is None, found or _add_candidate(run, done, item)
    known = None if key is None else done.reusable[key]
    if candidate.reason:
        done.causes[candidate.reason.split(" ")[0] if new else "known"] += 1
        done.fruitless += 1
        return _close(done, item, candidate, "infeasible", dict(item.costs))
    fresh = item.proposal.anew
    if not fresh and known is not None and flaw(run.search.objective, {**item.costs, **known.metrics}) is None:
        return _reuse(run, done, item, candidate, known, new=new)
    if not fresh and key in done.flights:
        done.causes["known"] += 1
        done.fruitless += 1
        _wait(done, item, candidate, done.flights[key], spent=False)
        return None
    _add_trial(run, done, item, candidate, key, start)
    return None


def _add_candidate(run: Run, done: Round, item: Described) -> Known:
    number, genotype = done.next_number, item.proposal.genotype
    lineage = tuple(dict.fromkeys(done.proposed[n] for n in item.proposal.parents if n in done.proposed))
    name = names.candidate(run.job_id, number)
    new = NewCandidate(name, number, item.architecture.hash, genotype, lineage, item.reason, dict(item.costs))
    done.candidates.append(new)
    made = done.known[item.architecture.hash] = Known(new.id, item.reason, genotype)
    return made


def _add_trial(run: Run, done: Round, item: Described, candidate: Known, key: str | None, start: Start) -> None:
    count = done.job.trials + _used(done)
    request_id = f"{run.job_id}.r{count}"
    trial_id, fidelity = names.trial(run.job_id, count), item.fidelity
    trial = NewTrial(trial_id, count, candidate.id, request_id, key, fidelity, item.full, item.seed, start)
    done.trials.append(trial)
    done.architectures[trial_id] = item.architecture
    done.fruitless = 0
    if key is not None:
        done.flights[key] = trial.id
    _wait(done, item, candidate, trial.id, spent=True)


def _reuse(run: Run, done: Round, item: Described, candidate: Known, known: Reusable, *, new: bool) -> Outcome:
    """A result that is there already. One of another job counts as a trial of this one, for it fills in a candidate.

    What a trial of this job said of the candidate was saved when it ended.
    """
    metrics = {**item.costs, **known.metrics}
    source = known.trial_id if known.job_id != run.job_id else None
    found = result(run.search.objective, candidate.id, metrics, full=item.full, source=source)
    if source is not None:
        done.results.append(found)
    done.saved_seconds += known.seconds
    if new:
        done.fruitless = 0
        done.taken_over += 1
    else:
        done.causes["known"] += 1
        done.fruitless += 1
    return _close(done, item, candidate, "reused", metrics, found.reward, spent=new)


def _close(
    done: Round,
    item: Described,
    candidate: Known,
    status: Status,
    metrics: dict[str, float],
    reward: float | None = None,
    *,
    spent: bool = False,
) -> Outcome:
    made = _proposal(done, item, candidate, None, spent=spent)
    done.proposals.append(replace(made, status=status, reward=reward, metrics=metrics))
    genotype = item.proposal.genotype
    return Outcome(made.number, status, genotype, made.parents, made.token, metrics, reward, spent=spent)


def _wait(done: Round, item: Described, candidate: Known, trial_id: str, *, spent: bool) -> None:
    done.proposals.append(_proposal(done, item, candidate, trial_id, spent=spent))


def _proposal(done: Round, item: Described, candidate: Known, trial_id: str | None, *, spent: bool) -> NewProposal:
    made = item.proposal
    return NewProposal(
        done.next_number,
        candidate.id,
        trial_id,
        made.parents,
        made.token,
        genotype=None if made.genotype == candidate.genotype else made.genotype,
        spent=spent,
        control=in_part(made.token, "control"),
    )


def _record(view: Connection, store: Store, run: Run, done: Round, at: float, lease: Lease) -> None:
    statuses = Counter(p.status for p in done.proposals)
    with store.writing(view) as conn:
        if conn is not view:
            lock(conn, run, ("running",))
        refuse_more_trials(conn, run.owner, len(done.trials))
        asks.record(conn, run.job_id, at, done.candidates, done.trials, done.proposals, lease)
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
            saved_seconds=done.saved_seconds,
            fruitless=done.fruitless,
        )
        if done.results:
            crown(conn, run.job_id, fronts.of_job(conn, run.job_id), done.results)
        screened = {status: statuses[status] for status in ("infeasible", "reused") if statuses[status]}
        if screened:
            events.append(conn, run.job_id, at, [("screened", screened)])


def crown(conn: Connection, job_id: str, front: Front, saved: Sequence[Result]) -> None:
    """Keep the incumbent and the front, which was this one before these results were saved."""
    if any(found.full for found in saved):
        jobs.set_incumbent(conn, job_id)
        fronts.take_in(conn, job_id, front, saved)
