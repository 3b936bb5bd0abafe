"""What readers cost a search that writes at full speed: the same search with them and without."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nas_service.api.views import JobView
from nas_service.client import Client

from .laboratory import made_up_table, spec

HERE = Path(__file__).parent
OTHERS = 19  # jobs that have ended; readers are spread over all
LONGEST_S = 600


def measured(folder: Path, pairs: int, trials: int, readers: int, every_s: float) -> dict[str, Any]:
    """Trials a second of searches with `readers`, each of which reads every `every_s`, and of as many without.

    They follow each other as alone, with, with, alone, so that neither finds the larger database more often.
    `not_modified` is the share of answers that were a 304, `refused` the number of those of 400 and more.
    """
    statuses: Counter[str] = Counter()
    slowest_ms, alone_s, together_s = 0.0, 0.0, 0.0
    with serving(made_up_table(folder / "tables").parent) as served:
        client, url = served.client, served.url
        others = [ended(client, seed) for seed in range(1, OTHERS + 1)]
        for turn in range(2 * pairs):
            job = client.submit(spec("random", trials) | {"seed": 100 + turn}).id
            if turn % 4 in (0, 3):
                alone_s += 1 / rate_of(client, job)
                continue
            with polling(url, readers, every_s, [job, *others]) as found:
                together_s += 1 / rate_of(client, job)
            statuses.update(found["statuses"])
            slowest_ms = max(slowest_ms, found["slowest_ms"])
    answers = sum(statuses.values())
    return {
        "alone": round(pairs / alone_s, 1),
        "with_readers": round(pairs / together_s, 1),
        "slowed_by": round(1 - alone_s / together_s, 4),
        "answers": answers,
        "not_modified": round(statuses["304"] / max(1, answers), 3),
        "refused": sum(n for status, n in statuses.items() if int(status) >= 400),
        "slowest_ms": slowest_ms,
        "readers": readers,
        "every_s": every_s,
        "pairs": pairs,
        "trials": trials,
    }


def ended(client: Client, seed: int) -> str:
    job = client.submit(spec("random", 1) | {"seed": seed}).id
    rate_of(client, job)
    return job


def rate_of(client: Client, job_id: str) -> float:
    """Trials a second of a job, once it has ended, between its own start and end."""
    job = end_of(client, job_id)
    return job.completed / max(1e-9, (job.ended_at or 0) - (job.started_at or 0))


def end_of(client: Client, job_id: str) -> JobView:
    """The job, once it has ended."""
    end = time.monotonic() + LONGEST_S
    while time.monotonic() < end:
        job = client.job(job_id)
        if job.final and job.started_at is not None and job.ended_at is not None:
            return job
        time.sleep(0.25)
    raise TimeoutError(f"job {job_id} did not end within {LONGEST_S} s")


@dataclass(frozen=True)
class Served:
    """A service in a process of its own, and a client of it."""

    client: Client
    url: str
    process: int


@contextmanager
def serving(home: Path, *options: str) -> Iterator[Served]:
    """The service with that home, by `server.py` and its options."""
    command = [sys.executable, str(HERE / "server.py"), str(home), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            url = f"http://127.0.0.1:{process.stdout.readline().strip()}"  # type: ignore[union-attr]
            with Client(url) as client:
                yield Served(client, url, process.pid)
        finally:
            process.terminate()


@contextmanager
def polling(url: str, readers: int, every_s: float, job_ids: list[str]) -> Iterator[dict[str, Any]]:
    """Readers until the block ends; what they found is there after it."""
    command = [sys.executable, str(HERE / "polling.py"), url, str(readers), str(every_s), *job_ids]
    found: dict[str, Any] = {}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield found
        found |= json.loads(process.communicate()[0])
