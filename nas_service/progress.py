"""How a search and its random control got on: the best reward and the hypervolume after each of their results.

A candidate counts once for whoever proposed it, when its first trial of full fidelity ended, with the result that
stands: so the last figures of either are those of `comparison`. Everything else that took a trial is told beside it,
with the reason why it does not count.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from .columns import Columns, Flags
from .comparison import Frame
from .pareto import Positions, Values
from .store.searched import AWAITED, STATUSES

KINDS: Final = ("result", "over", "partial", "again", "failed", "stopped")
RESULT, OVER, PARTIAL, AGAIN, FAILED, STOPPED = range(len(KINDS))
NONE: Final = -1  # of no kind: it took no trial, or has not ended


@dataclass(frozen=True)
class Steps:
    """What ended, in the order of time, as columns; `at` in seconds since the epoch.

    `trial` is how many trials the step's arm had then ended with, `candidate` the number of one, `kind` a place in
    `KINDS`. `best` and `hypervolume` are those of the arm up to here: NaN before its first result, the latter also
    where there is nothing between the results of both. `better` says whether either is better than before.
    """

    at: Values
    trial: Positions
    candidate: Positions
    control: Flags
    kind: NDArray[np.int8]
    reward: Values
    best: Values
    hypervolume: Values
    better: Flags

    def __len__(self) -> int:
        return len(self.at)

    def chosen(self, positions: Positions) -> Self:
        return type(self)(*(getattr(self, column.name)[positions] for column in fields(self)))


@dataclass(frozen=True)
class Progress:
    """The steps of both arms, and what their hypervolumes are shares of."""

    frame: Frame | None
    steps: Steps


def progress(proposals: Columns, results: Columns, limit: float | None, begun: float) -> Progress:
    """Of `Proposals` and `Results`. `limit` is that on the cost of the front; `begun` is before any trial."""
    moments = _moments(proposals, begun)
    place, full = results.places(proposals["candidate"])
    place[~full] = 0
    counts = full.copy()
    counts[full] = results.flags("feasible")[place[full]]
    kinds = _kinds(proposals, full, counts)
    kinds[_entries(proposals, counts, moments)] = RESULT
    order = np.argsort(moments, kind="stable")
    control = proposals.flags("control")[order]
    trial = _counted(proposals.flags("spent")[order] & (proposals["status"][order] != AWAITED), control)
    told = kinds[order] != NONE
    order, control, trial = order[told], control[told], trial[told]
    counted = kinds[order] == RESULT
    points = np.stack([results[name][place[order[counted]]] for name in ("value", "cost")], axis=1)
    reward = proposals["got"][order]
    reward[counted] = results["reward"][place[order[counted]]]
    frame = Frame.around(points, limit)
    figures = _figures(control, counted, reward, points, frame)
    candidate = proposals["candidate"][order].astype(np.intp)
    return Progress(frame, Steps(moments[order], trial, candidate, control, kinds[order], reward, *figures))


def thinned(steps: Steps, most: int) -> Steps:
    """At most so many steps, evenly chosen; more where so many were better than all before, which are never left out.

    The first and the last of an arm stay too.
    """
    if len(steps) <= most:
        return steps
    kept = steps.better.copy()
    for own in map(np.flatnonzero, (steps.control, ~steps.control)):
        kept[own[:1]] = kept[own[-1:]] = True
    others = np.flatnonzero(~kept)
    room = min(max(0, most - int(kept.sum())), len(others))
    kept[others[len(others) * np.arange(room) // max(1, room)]] = True
    return steps.chosen(np.flatnonzero(kept))


def _moments(proposals: Columns, begun: float) -> Values:
    """When each proposal ended: its trial, or without one when the last trial before it was made."""
    latest = np.fmax.accumulate(np.concatenate([[begun], proposals["created_at"]]))[1:]
    ended = proposals["ended_at"]
    return np.where(np.isnan(ended), latest, ended)


def _kinds(proposals: Columns, full: Flags, counts: Flags) -> NDArray[np.int8]:
    """Why a proposal does not count, if it is no candidate's first full result."""
    kinds = np.where(counts, AGAIN, OVER).astype(np.int8)
    kinds[~full | (proposals["full"] == 0)] = PARTIAL
    status = proposals["status"]
    kinds[(status == STATUSES["stopped"]) | (status == STATUSES["cancelled"])] = STOPPED
    kinds[status == STATUSES["failed"]] = FAILED
    kinds[~proposals.flags("spent") | (status == AWAITED)] = NONE
    return kinds


def _entries(proposals: Columns, counts: Flags, moments: Values) -> Positions:
    """Positions of the proposals with which a candidate began to count: the first full trial that it waited for.

    Without any it is the first proposal, when another arm or another job had the result.
    """
    there = np.flatnonzero(counts)
    borrowed = ~(proposals.flags("full") & proposals.flags("completed"))[there]
    whose = 2 * proposals["candidate"][there] + proposals["control"][there]
    order = np.lexsort((moments[there], borrowed, whose))  # equal ones stay in the order of their numbers
    first = np.diff(whose[order], prepend=-1.0) > 0
    return there[order[first]]


def _counted(ended: Flags, control: Flags) -> Positions:
    """How many have ended of the arm of each."""
    return np.where(control, np.cumsum(ended & control), np.cumsum(ended & ~control))


def _figures(
    control: Flags, counted: Flags, reward: Values, points: Values, frame: Frame | None
) -> tuple[Values, Values, Flags]:
    """Best and hypervolume after each step, and whether either is better than before; `points` are of the counted."""
    best, volume = np.full((2, len(control)), np.nan)
    best[counted] = reward[counted]
    better = np.zeros(len(control), dtype=bool)
    for arm in (control, ~control):
        own, results = np.flatnonzero(arm), np.flatnonzero(arm & counted)
        if frame is not None and len(results):
            volume[results] = frame.growing(points[arm[counted]])
        for figure in (best, volume):
            figure[own] = np.fmax.accumulate(figure[own])
            better[own] |= _rises(figure[own])
    return best, volume, better


def _rises(figure: Values) -> Flags:
    """Where a figure is another one than before; the first one is."""
    before = np.concatenate([[np.nan], figure[:-1]])
    rises: Flags = (figure != before) & ~np.isnan(figure)
    return rises
