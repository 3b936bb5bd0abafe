"""The jobs of benchmarks, through the whole service: its own server process, SQLite and Ray workers."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from nas_service.api.views import CandidateDetail, JobView
from nas_service.client import Client
from nas_service.demo.server import service

LONGEST_S = 3 * 3600
GLANCE_S = 1


@dataclass(frozen=True)
class Serving:
    """A running service: a client of it, its URL, and the folder with its state."""

    nas: Client
    url: str
    home: Path


@dataclass(frozen=True)
class Finished:
    """A job that has finished, what it calls its best, and how long it took."""

    job: JobView
    best: CandidateDetail
    minutes: float


@contextmanager
def serving() -> Iterator[Serving]:
    """A service of its own, with its state in a folder here that goes away with the block."""
    home = TemporaryDirectory(dir=Path.cwd(), prefix=".bench-")
    with home as folder, service(Path(folder)) as url, Client(url) as nas:
        yield Serving(nas, url, Path(folder))


def finished(nas: Client, spec: Mapping[str, Any]) -> Finished:
    """Submit a job and wait for its end. Raises RuntimeError where it does not finish, or finds nothing."""
    started = time.perf_counter()
    job = nas.submit(spec)
    while not job.final and time.perf_counter() - started < LONGEST_S:
        time.sleep(GLANCE_S)
        job = nas.job(job.id)
    minutes = (time.perf_counter() - started) / 60
    if job.state != "finished" or job.incumbent is None:
        raise RuntimeError(f"the search ended as {job.state}: {job.reason}")
    return Finished(job, nas.candidate(job.incumbent), minutes)
