"""The evaluated candidates of a job as points of a scatter: all, or those that stand for all in a window of it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from sqlalchemy import Connection

from nas_service.columns import Flags, Results
from nas_service.errors import ServiceError
from nas_service.store import Job, candidates, fronts, names
from nas_service.thinning import Places, Values, thinned
from nas_service.window import Window

from . import measured
from .point_views import MeasuredPoints, Points

DIGITS = 6  # significant ones of all numbers
KEPT = 4  # answers of a job, each of some hundred kilobytes at most
SMALL, LARGE = 1e-16, 1e22  # between these, powers of ten are exact
_WHOLE = ("number", "feasible")
State = tuple[list[str], list[dict[str, Any]]]  # the front, and the finalists that were measured


def window(text: str | None) -> Window | None:
    """That of `cost from,cost to,value from,value to`. Raises ServiceError where these are not four numbers."""
    found = None if text is None else Window.of(text)
    if text is not None and found is None:
        raise ServiceError("give four numbers: cost from, cost to, value from, value to, as in 0.1,0.3,0.8,1", "within")
    return found


class Cloud:
    """The points of one job, as their results are in memory."""

    def __init__(self, results: Results) -> None:
        self._results = results
        self._changes = 0  # of them, that are in what follows
        self._cost = self._value = np.empty(0)  # as they are told
        self._answers: dict[tuple[int | None, Window | None], tuple[State, str]] = {}

    def points(self, conn: Connection, job: Job, most: int | None, within: Window | None) -> str:
        """`Points` as JSON: all of a job within the window, or so many at most that stand for them."""
        self._results.look(conn, job)
        if self._changes != self._results.changes:
            self._changes = self._results.changes
            self._cost, self._value = (_rounded(self._results[name]) for name in ("cost", "value"))
            self._answers.clear()
        campaign = measured.campaign(conn, job)
        state = (list(fronts.of_job(conn, job.id)), [] if campaign is None else measured.networks(conn, job, campaign))
        kept, answer = self._answers.get((most, within), (None, ""))
        if kept != state:
            answer = self._chosen(job, *state, most, within).model_dump_json()
            if most is not None:  # of a page, which asks again
                self._answers.pop((most, within), None)
                self._answers[most, within] = state, answer
                if len(self._answers) > KEPT:
                    del self._answers[next(iter(self._answers))]
        return answer

    def _chosen(
        self, job: Job, front: list[str], finalists: list[dict[str, Any]], most: int | None, within: Window | None
    ) -> Points:
        members = self._places(map(names.number_of, front))
        taken = self._places(one["number"] for one in finalists)
        there = np.arange(len(self._cost)) if within is None else np.flatnonzero(self._inside(within))
        shown = (
            there if most is None else there[self._thinned(there, np.array([*members, *taken], dtype=np.intp), most)]
        )
        at = {place: position for position, place in enumerate(shown.tolist())}
        seen = [(at[place], one) for place, one in zip(taken, finalists, strict=True) if place in at]
        columns = {name: _told(name, self._results[name][shown]) for name in candidates.PLACED}
        return Points.model_validate(
            columns
            | {
                "job_id": job.id,
                "metric": job.spec["task"]["metric"],
                "cost_name": job.spec["objective"]["cost"],
                "id": [names.candidate(job.id, number) for number in columns["number"]],
                "front": [at[place] for place in members if place in at],
                "measured": MeasuredPoints(
                    at=[position for position, _ in seen],
                    latency_ms=[one["measured_ms"] for _, one in seen],
                    spread_ms=[one["spread_ms"] for _, one in seen],
                ),
                "total": len(self._cost),
                "matching": len(there),
            }
        )

    def _places(self, numbers: Iterable[int]) -> list[int]:
        """Of these candidates, which all have results."""
        places, _ = self._results.places(np.array([*numbers], dtype=np.float64))
        found: list[int] = places.tolist()
        return found

    def _thinned(self, there: Places, wanted: Places, most: int) -> Places:
        """Positions; of these wanted places, and of the best reward, whatever else goes."""
        if not len(there):
            return there
        kept = np.isin(there, wanted)
        kept[np.nan_to_num(self._results["reward"][there], nan=-math.inf).argmax()] = True
        return thinned(self._cost[there], self._value[there], most, np.flatnonzero(kept))

    def _inside(self, within: Window) -> Flags:
        cost, value = self._cost, self._value
        return (cost >= within.left) & (cost <= within.right) & (value >= within.low) & (value <= within.high)


def _told(name: str, values: Values) -> list[Any]:
    if name in _WHOLE:
        return list(map(int, values))
    return [None if math.isnan(value) else value for value in _rounded(values).tolist()]


def _rounded(values: Values) -> Values:
    """To `DIGITS` significant digits, in which JSON is short. What is too small or too large stays as it is."""
    size = np.abs(values)
    usual = (size > SMALL) & (size < LARGE)
    places = DIGITS - 1 - np.floor(np.log10(size[usual]))
    up, down = 10.0 ** np.maximum(places, 0), 10.0 ** np.maximum(-places, 0)  # either is exact
    rounded = values.copy()
    rounded[usual] = np.round(values[usual] * up / down) / up * down
    return rounded
