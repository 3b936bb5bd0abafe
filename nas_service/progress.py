"""How a search and its random control got on: the best reward and the hypervolume after each of their results.

A candidate counts once for whoever proposed it, when its first trial of full fidelity ended, with the result that
stands: so the last figures of either are those of `comparison`. Everything else that took a trial is told beside it,
with the reason why it does not count.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Literal, NamedTuple

import numpy as np

from .comparison import Frame
from .store.searched import Ended

Kind = Literal["result", "over", "partial", "again", "failed", "stopped"]
Point = tuple[float | None, float | None]


class Step(NamedTuple):
    """Something that ended, at a time in seconds since the epoch.

    `trial` is how many trials its arm had then ended with. `best` and `hypervolume` are those of the arm up to here;
    None before its first result, the latter also where there is nothing between the results of both.
    """

    at: float
    trial: int
    candidate_id: str
    control: bool
    kind: Kind
    reward: float | None
    best: float | None = None
    hypervolume: float | None = None
    better: bool = False  # of the best reward or of the hypervolume


@dataclass(frozen=True)
class Progress:
    """The steps of both arms in the order of time, and what their hypervolumes are shares of."""

    frame: Frame | None
    steps: list[Step]


def progress(rows: Sequence[Ended], limit: float | None, begun: float) -> Progress:
    """`limit` is that on the cost of the front; `begun` is the time of what came before any trial."""
    moments = _moments(rows, begun)
    entries = _entries(rows, moments)
    order = sorted(range(len(rows)), key=lambda i: (moments[i], rows[i].number))
    points = {i: (row.value, row.cost) for i in entries if (row := rows[i])}
    frame = Frame.around(np.array(list(points.values()), dtype=np.float64).reshape(-1, 2), limit)
    trials = {False: 0, True: 0}
    steps: list[Step] = []
    results: list[Point | None] = []
    for i in order:
        row = rows[i]
        trials[row.control] += bool(row.spent and row.status)
        kind: Kind | None = "result" if i in entries else _kind(row)
        if kind is not None:
            reward = row.reward if kind == "result" else row.got
            steps.append(Step(moments[i], trials[row.control], row.candidate_id, row.control, kind, reward))
            results.append(points.get(i))
    return Progress(frame, _followed(steps, results, frame))


def thinned(steps: Sequence[Step], most: int) -> list[Step]:
    """At most so many steps, evenly chosen; more where so many were better than all before, which are never left out.

    The first and the last of an arm stay too.
    """
    if len(steps) <= most:
        return list(steps)
    kept = {i for i, step in enumerate(steps) if step.better}
    for control in (False, True):
        own = [i for i, step in enumerate(steps) if step.control == control]
        kept |= {*own[:1], *own[-1:]}
    others = [i for i in range(len(steps)) if i not in kept]
    if room := max(0, most - len(kept)):
        kept |= {others[len(others) * n // room] for n in range(min(room, len(others)))}
    return [steps[i] for i in sorted(kept)]


def _moments(rows: Iterable[Ended], begun: float) -> list[float]:
    """When each proposal ended: its trial, or without one when the last trial before it was made."""
    moments, latest = [], begun
    for row in rows:
        if row.created_at is not None:
            latest = max(latest, row.created_at)
        moments.append(latest if row.ended_at is None else row.ended_at)
    return moments


def _entries(rows: Sequence[Ended], moments: Sequence[float]) -> set[int]:
    """Positions of the proposals with which a candidate began to count: the first full trial that it waited for.

    Without any it is the first proposal, when another arm or another job had the result.
    """
    found: dict[tuple[bool, str], tuple[bool, float, int]] = {}
    for i, row in enumerate(rows):
        if row.full and row.feasible and row.value is not None:
            own = bool(row.trial_full) and row.trial_state == "completed"
            arrived = (not own, moments[i], i)
            key = (row.control, row.candidate_id)
            found[key] = min(found.get(key, arrived), arrived)
    return {i for _, _, i in found.values()}


def _kind(row: Ended) -> Kind | None:
    """Why a proposal does not count; None for one that took no trial, or that has not ended."""
    if not row.spent or row.status is None:
        return None
    if row.status == "failed":
        return "failed"
    if row.status in ("stopped", "cancelled"):
        return "stopped"
    if row.trial_full is False or not row.full:
        return "partial"
    return "again" if row.feasible else "over"


def _followed(steps: list[Step], points: Sequence[Point | None], frame: Frame | None) -> list[Step]:
    """The steps with the best and the hypervolume of their arms so far. `points` are those of the results."""
    told = list(steps)
    for control in (False, True):
        best: float | None = None
        volume: float | None = None
        own = [i for i, step in enumerate(steps) if step.control == control]
        figures = _figures([(steps[i].reward, points[i]) for i in own if points[i] is not None], frame)
        for i in own:
            before = best, volume
            if points[i] is not None:
                best, volume = next(figures)
            told[i] = steps[i]._replace(best=best, hypervolume=volume, better=before != (best, volume))
    return told


def _figures(
    results: Sequence[tuple[float | None, Point | None]], frame: Frame | None
) -> Iterator[tuple[float | None, float | None]]:
    """The best reward and the hypervolume of the first of these results, of the first two, and so on."""
    rewards, points = ([result[part] for result in results] for part in (0, 1))
    best = np.maximum.accumulate(np.array(rewards, dtype=np.float64)).tolist()
    if frame is None or not results:
        return zip(best, repeat(None), strict=False)
    return zip(best, frame.growing(np.array(points, dtype=np.float64)).tolist(), strict=True)
