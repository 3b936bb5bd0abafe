"""The evaluated candidates of jobs as points of a scatter, kept in memory and brought up to date by what is new.

Reading 200,000 rows takes seconds, and a page asks each second; what has changed since it last asked is a few rows.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from nas_service.errors import NotFound, ServiceError
from nas_service.store import Job, Store, asks, campaigns, candidates, fronts, jobs
from nas_service.thinning import Places, Values, thinned

from .point_views import MeasuredPoints, Points

DIGITS = 6  # significant ones of all numbers
HELD = 500_000  # points of all jobs together, about 250 bytes each; the one asked for last is held however large it is
KEPT = 4  # answers of a job, each of some hundred kilobytes at most
Window = tuple[float, float, float, float]  # cost from, to, value from, to
SMALL, LARGE = 1e-16, 1e22  # between these, powers of ten are exact
_WHOLE = ("number", "feasible")
_COLUMN = {name: place for place, name in enumerate(candidates.PLACED)}


def window(text: str | None) -> Window | None:
    """That of `cost from,cost to,value from,value to`. Raises ServiceError where these are not four numbers."""
    if text is None:
        return None
    try:
        a, b, c, d = map(float, text.split(","))
    except ValueError:
        a = b = c = d = math.nan
    if not (a <= b and c <= d and all(map(math.isfinite, (a, b, c, d)))):
        raise ServiceError("give four numbers: cost from, cost to, value from, value to, as in 0.1,0.3,0.8,1", "within")
    return a, b, c, d


class Clouds:
    """Those of the jobs that were last asked for, for all threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._clouds: OrderedDict[str, Cloud] = OrderedDict()

    def points(self, job_id: str, most: int | None, within: Window | None) -> str:
        """`Points` as JSON: all of a job within the window, or so many at most that stand for them. Raises NotFound."""
        cloud = self._of(job_id)
        try:
            with cloud.lock, self._store.read() as conn:  # the view begins in the lock: none is older than the last
                found = cloud.points(conn, jobs.get(conn, job_id), most, within)
        except NotFound:
            with self._lock:
                self._clouds.pop(job_id, None)
            raise
        self._let_go()
        return found

    def _of(self, job_id: str) -> Cloud:
        with self._lock:
            cloud = self._clouds.setdefault(job_id, Cloud())
            self._clouds.move_to_end(job_id)
            return cloud

    def _let_go(self) -> None:
        with self._lock:
            while len(self._clouds) > 1 and sum(map(len, self._clouds.values())) > HELD:
                self._clouds.popitem(last=False)


class Cloud:
    """The points of one job. Whoever asks holds the `lock`."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self._ids: list[str] = []
        self._places: dict[str, int] = {}  # of ids, in each column
        self._columns = np.empty((len(_COLUMN), 0))  # with room for more; what is unknown is NaN
        self._proposals = 0  # of the job, when it was last looked at
        self._waited: list[int] = []  # those of them whose outcomes were still awaited
        self._answers: dict[tuple[int | None, Window | None], tuple[Any, str]] = {}

    def __len__(self) -> int:
        return len(self._ids)

    def points(self, conn: Connection, job: Job, most: int | None, within: Window | None) -> str:
        if rows := self._news(conn, job):
            self._take_in(rows)
            self._answers.clear()
        state = list(fronts.of_job(conn, job.id)), _measured(conn, job)
        kept, answer = self._answers.get((most, within), (None, None))
        if answer is None or kept != state:
            answer = self._chosen(job, *state, most, within).model_dump_json()
            if most is not None:  # of a page, which asks again
                self._answers.pop((most, within), None)
                self._answers[most, within] = state, answer
                if len(self._answers) > KEPT:
                    del self._answers[next(iter(self._answers))]
        return answer

    def _news(self, conn: Connection, job: Job) -> Sequence[Any]:
        """Rows of the candidates whose results are new. What is remembered changes last, for a reading may fail."""
        if not self._proposals:
            waited, rows = asks.waiting(conn, job.id), candidates.evaluated(conn, job.id)
        else:
            recent = asks.since(conn, job.id, self._proposals, self._waited)
            waited = [number for number, _, waits in recent if waits]
            told = {candidate for _, candidate, waits in recent if not waits}
            rows = candidates.evaluated(conn, job.id, told) if told else []
        self._proposals, self._waited = job.proposals, waited
        return rows

    def _take_in(self, rows: Sequence[Any]) -> None:
        for row in rows:
            if row.id not in self._places:
                self._places[row.id] = len(self._ids)
                self._ids.append(row.id)
        if (room := self._columns.shape[1]) < len(self._ids):
            more = np.empty((len(_COLUMN), len(self._ids) + len(self._ids) // 2))
            more[:, :room] = self._columns
            self._columns = more
        new = np.array([row[1:] for row in rows], dtype=np.float64).T
        for name, place in _COLUMN.items():
            if name not in _WHOLE:
                new[place] = _rounded(new[place])
        self._columns[:, [self._places[row.id] for row in rows]] = new

    def _chosen(
        self,
        job: Job,
        front: list[str],
        measured: dict[str, tuple[float, float]],
        most: int | None,
        within: Window | None,
    ) -> Points:
        order = np.argsort(self._column("number"), kind="stable")
        if within is not None:
            order = order[self._inside(within)[order]]
        shown = order if most is None else order[self._thinned(order, [*front, *measured], most)]
        at = {self._ids[place]: position for position, place in enumerate(shown)}
        there = [name for name in measured if name in at]
        told = {
            "job_id": job.id,
            "metric": job.spec["task"]["metric"],
            "cost_name": job.spec["objective"]["cost"],
            "id": list(at),
            "front": [at[name] for name in front if name in at],
            "measured": MeasuredPoints(
                at=[at[name] for name in there],
                latency_ms=[measured[name][0] for name in there],
                spread_ms=[measured[name][1] for name in there],
            ),
            "total": len(self),
            "matching": len(order),
        }
        columns = {name: self._column(name)[shown].tolist() for name in _COLUMN}
        known = {name: list(map(int if name in _WHOLE else _known, column)) for name, column in columns.items()}
        return Points.model_validate(told | known)

    def _column(self, name: str) -> Values:
        column: Values = self._columns[_COLUMN[name], : len(self._ids)]
        return column

    def _thinned(self, order: Places, names: list[str], most: int) -> Places:
        """Positions; of these names, and of the best reward, whatever else goes."""
        if not len(order):
            return order
        wanted = np.isin(order, [self._places[name] for name in names])
        wanted[np.nan_to_num(self._column("reward")[order], nan=-math.inf).argmax()] = True
        return thinned(self._column("cost")[order], self._column("value")[order], most, np.flatnonzero(wanted))

    def _inside(self, within: Window) -> NDArray[np.bool_]:
        low_cost, high_cost, low_value, high_value = within
        cost, value = self._column("cost"), self._column("value")
        return (cost >= low_cost) & (cost <= high_cost) & (value >= low_value) & (value <= high_value)


def _measured(conn: Connection, job: Job) -> dict[str, tuple[float, float]]:
    """Candidate id to latency and spread in ms, as the device took them."""
    campaign = campaigns.of_job(conn, job.id) if job.spec.get("measure") is not None else None
    if campaign is None or campaign.verdict is None:
        return {}
    found = {one["hash"]: (one["measured_ms"], one["spread_ms"]) for one in campaign.verdict["networks"]}
    named = candidates.by_hash(conn, job.id, list(found))
    return {candidate: found[name] for name, (candidate, _) in named.items()}


def _rounded(values: Values) -> Values:
    """To `DIGITS` significant digits, in which JSON is short. What is too small or too large stays as it is."""
    size = np.abs(values)
    usual = (size > SMALL) & (size < LARGE)
    places = DIGITS - 1 - np.floor(np.log10(size[usual]))
    up, down = 10.0 ** np.maximum(places, 0), 10.0 ** np.maximum(-places, 0)  # either is exact
    rounded = values.copy()
    rounded[usual] = np.round(values[usual] * up / down) / up * down
    return rounded


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
