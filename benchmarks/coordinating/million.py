"""A search of a million candidates: a page of them and the front, as the API answers, and how the search goes on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from jobs.instant import InstantDispatcher
from starlette.testclient import TestClient

from nas_service.api.paging import encode
from nas_service.app import create_app
from nas_service.settings import Settings
from nas_service.store import (
    Lease,
    NewCandidate,
    NewProposal,
    NewTrial,
    Store,
    asks,
    candidates,
    fronts,
    invariants,
    jobs,
    requests,
    trials,
)
from nas_service.store.candidates import Result
from nas_service.strategies.base import Outcome
from search_spaces import Genotype
from workers.requests import Fidelity, Report

from .growth import SPARE, YOUNG, gone_on, reach
from .laboratory import SLOTS, Laboratory, spec

JOB = "j"
CHUNK = 5_000
REPEATS = 15
PAGE, DEPTH = 500, 20
CHEAP = 1e-6  # milliseconds
MIDDLE = 0.5  # a reward that two thirds of the rows or so reach, so that this page is far down


def measured(home: Path, tables: Path, rows: int, window: int) -> dict[str, Any]:
    """Milliseconds of the slowest kind of page, and of the front; medians of `REPEATS`. `home` gets the database.

    `goes_on` is what a new process makes of the search over `window` trials, when young and with so many rows.
    """
    settings = Settings(home=home, coordinate=False, page=False)
    laboratory = Laboratory(settings.database, tables)
    laboratory.submit(spec("random", YOUNG + rows + 2 * window + SPARE))
    reach(laboratory, YOUNG)
    laboratory.close()
    young = gone_on(settings.database, tables, window)
    filled(settings.database, rows)
    with TestClient(create_app(settings, dispatcher=InstantDispatcher(SLOTS)), base_url="http://localhost") as http:
        pages = {
            "first": timed(lambda: fetched(http)),
            "best": timed(lambda: fetched(http, order="reward")),
            "deep": timed_deep(http),
            "deep_best": timed_deep(http, order="reward"),
            "middle_best": timed(lambda: fetched(http, order="reward", cursor=encode(MIDDLE, 0))),
        }
        front = timed(lambda: http.get(f"/api/v1/jobs/{JOB}/pareto").raise_for_status())
        members = len(http.get(f"/api/v1/jobs/{JOB}/pareto").json())
    return {
        "rows": rows,
        "page_ms": max(pages.values()),
        "pages_ms": pages,
        "front_ms": front,
        "front_members": members,
        "goes_on": {str(YOUNG): young, str(rows): gone_on(settings.database, tables, window)},
    }


def page(http: TestClient, **query: Any) -> Any:
    return fetched(http, **query).json()


def fetched(http: TestClient, **query: Any) -> Any:
    """The answer as it came; to read it is the reader's."""
    return http.get(f"/api/v1/jobs/{JOB}/candidates", params={"limit": 50, **query}).raise_for_status()


def timed(action: Callable[[], object]) -> float:
    action()
    seconds = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - start)
    return round(median(seconds) * 1000, 2)


def timed_deep(http: TestClient, **query: Any) -> float:
    """A page behind some others."""
    cursor = page(http, limit=PAGE, **query)["next"]
    for _ in range(DEPTH):
        cursor = page(http, limit=PAGE, cursor=cursor, **query)["next"] or cursor
    return timed(lambda: fetched(http, cursor=cursor, **query))


def filled(database: str, rows: int) -> None:
    """Give the job so many candidates more that were evaluated, by the functions that the coordinator calls.

    Raises RuntimeError where a rule of `nas db check` is broken then.
    """
    store = Store(database)
    lease = Lease("nobody", time.time())
    for ended in drawn(store, rows):
        results = [one.result for one in ended]
        with store.write() as conn:
            proposed = [one.proposal for one in ended]
            asks.record(conn, JOB, 1.0, [one.candidate for one in ended], [one.trial for one in ended], proposed, lease)
            requests.account(conn, {(one.trial.request_id, asks.FIRST_ATTEMPT): 1 for one in ended})
            trials.finish(conn, [one.report for one in ended], 2.0)
            trials.tell(conn, JOB, [one.outcome for one in ended])
            candidates.save(conn, results)
            jobs.add(conn, JOB, None, proposals=len(ended), trials=len(ended), completed=len(ended))
            fronts.take_in(conn, JOB, fronts.of_job(conn, JOB), results)
    with store.write() as conn:
        jobs.set_incumbent(conn, JOB)
    with store.read() as conn:
        if found := next(invariants.broken(conn), None):
            raise RuntimeError(str(found))
    store.close()


@dataclass(frozen=True)
class Ended:
    """A proposal whose candidate was evaluated: the rows of it, and what it was told. All have one genotype."""

    number: int
    candidate: NewCandidate
    trial: NewTrial
    result: Result

    @property
    def proposal(self) -> NewProposal:
        return NewProposal(self.number, self.candidate.id, self.trial.id, (), None, spent=True)

    @property
    def report(self) -> Report:
        told = dict(self.result.metrics)
        return Report(self.trial.request_id, asks.FIRST_ATTEMPT, self.trial.id, "completed", metrics=told)

    @property
    def outcome(self) -> Outcome:
        told = self.result
        return Outcome(self.number, "completed", self.candidate.genotype, metrics=told.metrics, reward=told.reward)


def drawn(store: Store, rows: int) -> Iterator[list[Ended]]:
    """Accuracies on 5,000 images that saturate with the cost, so that the front has many hundred members.

    They are cheaper than any network that the search itself finds, and so stay on its front.
    """
    rng = np.random.default_rng(0)
    with store.read() as conn:
        job = jobs.get(conn, JOB)
        genotype = candidates.get(conn, f"{JOB}.c0").genotype
    for done in range(0, rows, CHUNK):
        chosen = range(done, min(rows, done + CHUNK))
        effort = rng.lognormal(0, 1, len(chosen))
        values = (5_000 * (1 - np.exp(-effort) * (0.5 + rng.random(len(chosen))))).round() / 5_000
        yield [
            made(job.proposals + n, job.trials + n, genotype, value, cost)
            for n, value, cost in zip(chosen, values.tolist(), (CHEAP * effort).tolist(), strict=True)
        ]


def made(number: int, count: int, genotype: Genotype, value: float, cost: float) -> Ended:
    """Proposal `number` of the job, with its trial `count`."""
    name, unlike = f"{JOB}.c{number}", f"{number:032x}"
    prices = {"params": 1000 + number % 977, "macs": 1e6, "latency_ms": 0.1, "latency_error_ms": 0.01}
    metrics = {"val_accuracy": value, "val_loss": 0.5}
    return Ended(
        number,
        NewCandidate(name, number, unlike, genotype, (), "", prices),
        NewTrial(f"{JOB}.t{count}", count, name, f"{JOB}.r{count}", unlike, Fidelity(1), full=True, seed=0),
        Result(name, "completed", "", feasible=True, metrics=metrics, value=value, cost=cost, reward=value),
    )
