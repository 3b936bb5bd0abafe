"""What holds of every database between two transactions, said as queries for the rows that break it.

It reads nothing but the database, so it can judge what a killed service left. Each rule is one query, over indexes and
in the database, whose rows are what is wrong. What no row tells is left out: whether a strategy's state is that of the
outcomes it was told, for the order in which they were told is not kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Label,
    Select,
    String,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
)

from .jobs import FINAL, LIVE
from .schema import candidates, epochs, events, exports, fronts, jobs, metadata, proposals, requests, trials
from .trials import OPEN

SHOWN = 20  # findings of one rule that are named; more say no more

c, e, f, j, p, r, t = candidates.c, exports.c, fronts.c, jobs.c, proposals.c, requests.c, trials.c
Found = Select[str, str]  # the id of the row, and what is wrong with it

_FITS = {  # end of a trial -> how the proposals that waited for it may have ended
    "completed": ("completed", "reused"),
    "failed": ("failed",),
    "stopped": ("stopped",),
    "cancelled": ("cancelled",),
}
_COUNTED: dict[str, tuple[FromClause, ColumnElement[bool]]] = {  # counter of a job -> the rows that it counts
    "proposals": (proposals, literal(value=True)),
    "trials": (proposals, p.spent),
    "failed": (trials, t.state == "failed"),
    "infeasible": (proposals, p.status == "infeasible"),
    "reused": (proposals, p.status == "reused"),
    "events": (events, literal(value=True)),
}


@dataclass(frozen=True)
class Finding:
    """A row that breaks a rule: the rule, the id of the row, and what is wrong with it."""

    rule: str
    row: str
    what: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.row} {self.what}"


def broken(conn: Connection) -> Iterator[Finding]:
    """Everything that breaks a rule, of each the first `SHOWN`. Nothing, as long as the database is sound."""
    for different in _differences(conn)[:SHOWN]:
        yield Finding("the schema is that of the code", "the database", f"would have to {different}")
    for rule, queries in RULES.items():
        for query in queries():
            yield from (Finding(rule, row, what) for row, what in conn.execute(query.limit(SHOWN)))


def _differences(conn: Connection) -> list[str]:
    """What alembic would do to make tables, columns, indexes and constraints those of the code."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    steps = compare_metadata(MigrationContext.configure(conn, opts={"include_name": _ours}), metadata)
    first = [step[0] if isinstance(step, list) else step for step in steps]
    return [f"{verb} {getattr(what, 'name', None) or where}" for verb, what, *where in first]


def _ours(name: str | None, kind: str, _: Any) -> bool:
    return kind != "table" or name in metadata.tables


def _candidates_are_proposed() -> Iterator[Found]:
    """A candidate has the number of the proposal that brought it."""
    brought = and_(p.job_id == c.job_id, p.number == c.number, p.candidate_id == c.id)
    yield _of(c.id, "was not brought by the proposal of its number").where(~exists().where(brought))


def _proposals_name_their_own() -> Iterator[Found]:
    """Candidate and trial of a proposal are of its job, and the trial is of the candidate."""
    mine = and_(c.id == p.candidate_id, c.job_id == p.job_id)
    yield _of(_proposal(), "names a candidate that its job does not have").where(~exists().where(mine))
    its = and_(t.id == p.trial_id, t.job_id == p.job_id, t.candidate_id == p.candidate_id)
    foreign = and_(p.trial_id.is_not(None), ~exists().where(its))
    yield _of(_proposal(), "names a trial that its candidate does not have").where(foreign)


def _trials_belong_to_their_job() -> Iterator[Found]:
    """Candidate and request of a trial are of its job, and a proposal brought it."""
    yield _of(t.id, "is of a candidate of another job").where(_is_foreign(candidates, t.candidate_id, trials))
    yield _of(t.id, "is in a request of another job").where(_is_foreign(requests, t.request_id, trials))
    brought = and_(p.trial_id == t.id, p.spent)
    n = select(func.count()).select_from(proposals).where(brought).scalar_subquery()
    yield _of(t.id, "was not brought by one proposal").where(n != 1)
    curve = epochs.c
    lost = ~exists().where(t.id == curve.trial_id, t.job_id == curve.job_id)
    yield _of(curve.trial_id, "has a learning curve and is no trial of its job").where(lost)


def _who_waits_has_a_trial_that_runs() -> Iterator[Found]:
    """A proposal that was not told waits for an open trial, and so does a candidate without a result."""
    awaited = exists().where(t.id == p.trial_id, t.state.in_(OPEN))
    yield _of(_proposal(), "was not told how it ended, and waits for no open trial").where(p.status.is_(None), ~awaited)
    waits = c.state.in_(("proposed", "running"))
    runs = exists().where(t.candidate_id == c.id, t.state.in_(OPEN))
    yield _of(c.id, "waits for a result, and has no open trial").where(waits, ~runs)


def _told_once_as_the_trial_ended() -> Iterator[Found]:
    """Proposals were told when their trial had ended, as it ended; of those that shared it one as its own."""
    told = _of(_proposal(), "was told otherwise than its trial ended").join_from(proposals, trials, t.id == p.trial_id)
    fits = or_(*(and_(t.state == end, p.status.in_(statuses)) for end, statuses in _FITS.items()))
    yield told.where(p.status.is_not(None), not_(fits))
    own = and_(p.trial_id == t.id, p.status == "completed")
    n = select(func.count()).select_from(proposals).where(own).scalar_subquery()
    yield _of(t.id, "completed, and was not told to one proposal as its own").where(t.state == "completed", n != 1)
    reward = and_(p.status.in_(("completed", "reused")), p.reward.is_(None))
    yield _of(_proposal(), "has a result without a reward").where(reward)


def _trials_end_once() -> Iterator[Found]:
    """A trial has a time of its end exactly when it has ended."""
    is_open = t.state.in_(OPEN)
    yield _of(t.id, "has not ended, and has a time of its end").where(is_open, t.ended_at.is_not(None))
    yield _of(t.id, "has ended, and has no time of its end").where(not_(is_open), t.ended_at.is_(None))
    yield _of(t.id, "is in a state that no trial has").where(t.state.not_in((*OPEN, *_FITS)))


def _ended_jobs_have_nothing_open() -> Iterator[Found]:
    """A job that has ended has a time of its end, and no open trial, evaluation or proposal."""
    over = exists().where(j.id == t.job_id, j.state.in_(FINAL))
    yield _of(t.id, "is open in a job that has ended").where(t.state.in_(OPEN), over)
    over = exists().where(j.id == r.job_id, j.state.in_(FINAL))
    yield _of(r.id, "is open in a job that has ended").where(r.kind == "evaluate", r.state != "done", over)
    yield _of(j.id, "has ended, and has no time of its end").where(j.state.in_(FINAL), j.ended_at.is_(None))
    yield _of(j.id, "is in a state that no job has").where(j.state.not_in((*LIVE, *FINAL)))
    runs = case((j.state == "running", j.active_since.is_(None)), else_=j.active_since.is_not(None))
    yield _of(j.id, "does not count its time as its state says").where(runs)


def _counters_count_rows() -> Iterator[Found]:
    """The counters of a job are the numbers of its rows."""
    for name, (table, condition) in _COUNTED.items():
        yield _counted(name, _count(table, condition))
    taken_over = _count(proposals, and_(p.spent, p.trial_id.is_(None)))
    yield _counted("completed", _count(trials, t.state == "completed") + taken_over)


def _numbers_have_no_gaps() -> Iterator[Found]:
    """Proposals count from 0 and events from 1, without gaps."""
    for name, table, number, first in (("proposals", proposals, p.number, 0), ("events", events, events.c.seq, 1)):
        span = select(table.c.job_id, func.count().label("n"), func.min(number).label("a"), func.max(number).label("z"))
        each = span.group_by(table.c.job_id).subquery()
        gaps = or_(each.c.a != first, each.c.z != first + each.c.n - 1)
        yield _of(each.c.job_id, f"has gaps in the numbers of its {name}").where(gaps)


def _requests_hold_what_they_say() -> Iterator[Found]:
    """The open trials of a request are as many as it says, and run only while it is held under a lease."""
    mine = and_(t.request_id == r.id, t.state.in_(OPEN))
    n = select(func.count()).select_from(trials).where(mine).scalar_subquery()
    evaluates, ended = r.kind == "evaluate", r.state == "done"
    yield _of(r.id, "does not count its open trials").where(evaluates, not_(ended), or_(r.open_trials != n, n == 0))
    yield _of(r.id, "is done, and has open trials").where(evaluates, ended, n > 0)
    unheld = or_(r.holder.is_(None), r.lease_until.is_(None), r.attempt < 1)
    yield _of(r.id, "runs, and nobody holds it under a lease").where(r.state == "running", unheld)
    yield _of(r.id, "is queued, and somebody holds it").where(r.state == "queued", r.holder.is_not(None))
    held = exists().where(r.id == t.request_id, r.state == "running")
    yield _of(t.id, "runs, and its request does not").where(t.state == "running", ~held)


def _exports_end_with_their_request() -> Iterator[Found]:
    """An export is open as long as its request, and is of a candidate of its job."""
    yield _of(e.id, "is of a candidate of another job").where(_is_foreign(candidates, e.candidate_id, exports))
    open_export = e.state.in_(("queued", "running"))
    open_request = exists().where(r.id == e.request_id, r.state != "done")
    yield _of(e.id, "is open, and its request is not").where(open_export, ~open_request)
    yield _of(e.id, "has ended, and its request has not").where(not_(open_export), open_request)


def _results_have_a_source() -> Iterator[Found]:
    """A candidate's result in full is of a full trial that completed, or of another job."""
    ran = exists().where(t.candidate_id == c.id, t.full, t.state == "completed")
    taken = exists().where(p.job_id == c.job_id, p.number == c.number, p.status == "reused")
    sourceless = and_(c.full, c.reused_from.is_(None), ~ran, ~taken)
    yield _of(c.id, "has a result that no trial brought").where(sourceless)
    kept = [case((column.is_(None), 0), else_=1) for column in (c.value, c.cost, c.reward)]
    yield _of(c.id, "has a part of a result").where(sum(kept[1:], start=kept[0]).in_((1, 2)))


def _candidates_are_unique() -> Iterator[Found]:
    """An architecture is one candidate in a job."""
    twice = select(c.job_id, c.hash).group_by(c.job_id, c.hash).having(func.count() > 1).subquery()
    yield select(twice.c.job_id, literal("has several candidates of hash ") + twice.c.hash)


def _incumbents_are_the_best() -> Iterator[Found]:
    """The incumbent of a job is the best feasible candidate of full fidelity, the earlier one of equals."""
    counts = and_(c.job_id == j.id, c.full, c.reward.is_not(None), c.feasible)
    order = (c.reward.desc(), c.number)
    best = select(c.id).where(counts).order_by(*order).limit(1).scalar_subquery()
    reward = select(c.reward).where(counts).order_by(*order).limit(1).scalar_subquery()
    differs = or_(j.incumbent.is_distinct_from(best), j.best_reward.is_distinct_from(reward))
    yield _of(j.id, "has an incumbent that is not its best candidate").where(differs)


def _fronts_are_the_best() -> Iterator[Found]:
    """On the front of a job are its feasible candidates of full fidelity that none is better than."""
    counts = and_(c.full, c.feasible, c.value.is_not(None))
    same = and_(c.id == f.candidate_id, c.job_id == f.job_id, c.value == f.value, c.cost == f.cost, counts)
    yield _of(f.candidate_id, "is on the front, and not with the point that it has").where(~exists().where(same))
    other = fronts.alias().c
    no_worse = and_(other.job_id == f.job_id, other.value >= f.value, other.cost <= f.cost)
    beaten = exists().where(no_worse, other.candidate_id != f.candidate_id)
    yield _of(f.candidate_id, "is on the front, and another of the front is as good").where(beaten)
    reached = exists().where(f.job_id == c.job_id, f.value >= c.value, f.cost <= c.cost)
    yield _of(c.id, "is better than the front of its job").where(counts, ~reached)


def _jobs_are_held_under_a_lease() -> Iterator[Found]:
    """Who holds a job has a lease on it, and nobody holds a job that is over."""
    yield _of(j.id, "has a holder without a lease, or a lease that nobody holds").where(
        j.holder.is_(None) != j.lease_until.is_(None)
    )
    yield _of(j.id, "is over, and a coordinator holds it").where(j.holder.is_not(None), j.state.in_(FINAL))


RULES: dict[str, Callable[[], Iterator[Found]]] = {
    "candidates are proposed": _candidates_are_proposed,
    "candidates are unique": _candidates_are_unique,
    "proposals name their own": _proposals_name_their_own,
    "trials belong to their job": _trials_belong_to_their_job,
    "who waits has a trial that runs": _who_waits_has_a_trial_that_runs,
    "told once, as the trial ended": _told_once_as_the_trial_ended,
    "trials end once": _trials_end_once,
    "ended jobs have nothing open": _ended_jobs_have_nothing_open,
    "counters count rows": _counters_count_rows,
    "numbers have no gaps": _numbers_have_no_gaps,
    "requests hold what they say": _requests_hold_what_they_say,
    "exports end with their request": _exports_end_with_their_request,
    "results have a source": _results_have_a_source,
    "incumbents are the best": _incumbents_are_the_best,
    "fronts are the best": _fronts_are_the_best,
    "jobs are held under a lease": _jobs_are_held_under_a_lease,
}


def _of(row: ColumnElement[str], what: str) -> Found:
    return select(row, literal(what))


def _proposal() -> Label[str]:
    """A proposal has no id of its own: its job and its number."""
    return (p.job_id + " proposal " + cast(p.number, String)).label("proposal")


def _is_foreign(table: FromClause, reference: ColumnElement[str], of: FromClause) -> ColumnElement[bool]:
    return ~exists().where(table.c.id == reference, table.c.job_id == of.c.job_id)


def _count(table: FromClause, condition: ColumnElement[bool]) -> ColumnElement[int]:
    return select(func.count()).select_from(table).where(table.c.job_id == j.id, condition).scalar_subquery()


def _counted(name: str, rows: ColumnElement[int]) -> Found:
    return _of(j.id, f"counts otherwise than its rows do: {name}").where(j[name] != rows)
