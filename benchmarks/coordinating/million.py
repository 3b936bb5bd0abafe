"""A job of a million candidates: a page of them, and the front, as the API answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from starlette.testclient import TestClient

from nas_service.api.paging import encode
from nas_service.app import create_app
from nas_service.settings import Settings
from nas_service.store import Lease, NewCandidate, NewProposal, NewTrial, Store, asks, candidates, fronts, jobs
from nas_service.store.candidates import Result
from workers.requests import Fidelity

from .laboratory import Laboratory, spec

JOB = "j"
CHUNK = 5_000
REPEATS = 15
PAGE, DEPTH = 500, 20
MIDDLE = 0.5  # a reward that two thirds of the rows or so reach, so that this page is far down


def measured(home: Path, tables: Path, rows: int) -> dict[str, Any]:
    """Milliseconds of the slowest kind of page, and of the front; medians of `REPEATS`. `home` gets the database."""
    settings = Settings(home=home, coordinate=False, page=False)
    laboratory = Laboratory(settings.database, tables)
    laboratory.submit(spec("random", rows + 1))
    filled(laboratory.store, rows)
    laboratory.close()
    with TestClient(create_app(settings, dispatcher=laboratory.dispatcher), base_url="http://localhost") as http:
        pages = {
            "first": timed(lambda: page(http)),
            "best": timed(lambda: page(http, order="reward")),
            "deep": timed_deep(http),
            "deep_best": timed_deep(http, order="reward"),
            "middle_best": timed(lambda: page(http, order="reward", cursor=encode(MIDDLE, 0))),
        }
        front = timed(lambda: http.get(f"/api/v1/jobs/{JOB}/pareto").raise_for_status().json())
        members = len(http.get(f"/api/v1/jobs/{JOB}/pareto").json())
    return {
        "rows": rows,
        "page_ms": max(pages.values()),
        "pages_ms": pages,
        "front_ms": front,
        "front_members": members,
    }


def page(http: TestClient, **query: Any) -> Any:
    answer = http.get(f"/api/v1/jobs/{JOB}/candidates", params={"limit": 50, **query})
    answer.raise_for_status()
    return answer.json()


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
    return timed(lambda: page(http, cursor=cursor, **query))


def filled(store: Store, rows: int) -> None:
    """The job with so many candidates that were evaluated, by the functions that the coordinator calls."""
    rng = np.random.default_rng(0)
    lease = Lease("nobody", time.time())
    for first in range(0, rows, CHUNK):
        numbers = range(first, min(rows, first + CHUNK))
        results = list(drawn(rng, numbers))
        with store.write() as conn:
            asks.record(
                conn,
                JOB,
                1.0,
                [candidate(n) for n in numbers],
                [trial(n) for n in numbers],
                [NewProposal(n, f"{JOB}.c{n}", f"{JOB}.t{n}", (), None, spent=True) for n in numbers],
                lease,
            )
            candidates.save(conn, results)
            fronts.take_in(conn, JOB, fronts.of_job(conn, JOB), results)
    with store.write() as conn:
        jobs.move(conn, JOB, jobs.LIVE, "cancelled", "filled for a benchmark", 2.0)


def candidate(number: int) -> NewCandidate:
    genotype = {"choices": [number % 3] * 24}
    costs = {"params": 1000 + number % 977, "macs": 1e6, "latency_ms": 0.1, "latency_error_ms": 0.01}
    return NewCandidate(f"{JOB}.c{number}", number, f"{number:032x}", genotype, (), "", costs)


def trial(number: int) -> NewTrial:
    name = f"{JOB}.t{number}"
    return NewTrial(name, number, f"{JOB}.c{number}", f"{JOB}.r{number}", f"{number:032x}", Fidelity(1), True, 0)  # noqa: FBT003


def drawn(rng: np.random.Generator, numbers: range) -> Iterator[Result]:
    """Accuracies on 5,000 images that saturate with the cost, so that the front has some hundred members."""
    costs = rng.lognormal(0, 1, len(numbers))
    values = (5_000 * (1 - np.exp(-costs) * (0.5 + rng.random(len(numbers))))).round() / 5_000
    for number, value, cost in zip(numbers, values.tolist(), costs.tolist(), strict=True):
        metrics = {"val_accuracy": value, "val_loss": 0.5}
        yield Result(f"{JOB}.c{number}", "completed", "", True, metrics, value, cost, value)  # noqa: FBT003
