"""What viewers of its page cost a search: the same search with them and without."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from coordinating.laboratory import PARALLEL, spec
from coordinating.load import Served, end_of, serving
from playwright.sync_api import Browser

from nas_service.client import Client

from . import browser as browsers

HERE = Path(__file__).parent
REST_S = 1.0  # before a search goes on: its viewers are there, and what they brought about is over
FOLLOWED_MS = 60_000
BEFORE = 20  # of the trials, one in so many has ended before the viewers come


def measured(
    home: Path, browser: Browser, pairs: int, trials: int, viewers: int, tabs: int, seconds: float = 0.0
) -> dict[str, Any]:
    """Trials a second of searches whose page is open `viewers` times, and of as many that nobody looks at.

    `tabs` of the viewers are tabs of a real browser, which gives way to everything else on this machine; the others
    are clients that do not draw. Every search has begun, and waits until its viewers are there. They follow each other
    as alone, with, with, alone. A trial takes `seconds` on as many slots as are asked for at once, or nothing at all.
    `cpu_ms` is the processor time of the whole service a trial, in milliseconds, `more_cpu` the share by which it
    grows with viewers.
    """
    spent = {"alone": Spent(), "with_viewers": Spent()}
    came: list[dict[str, float]] = []
    slots = ("--slots", str(PARALLEL)) if seconds else ()
    with serving(home, "--page", *slots) as served:
        for turn in range(2 * pairs):
            job = waiting(served.client, trials, seconds, seed=100 + turn)
            if turn % 4 in (0, 3):
                spent["alone"].add(served, job, trials)
                continue
            with viewing(served.url, job, viewers - tabs) as found, looking(browser, f"{served.url}/jobs/{job}", tabs):
                spent["with_viewers"].add(served, job, trials)
                fully_shown(browser, trials)
            came.append(found)
    alone, together = spent["alone"], spent["with_viewers"]
    return {
        "slowed_by": round(1 - together.rate / alone.rate, 4),
        "trials_per_second": {name: round(one.rate, 1) for name, one in spent.items()},
        "more_cpu": round(together.cpu_ms / alone.cpu_ms - 1, 4),
        "cpu_ms": {name: round(one.cpu_ms, 3) for name, one in spent.items()},
        "viewers": viewers,
        "tabs": tabs,
        "messages": sum(one["messages"] for one in came),
        "fewest_messages": min(one["fewest"] for one in came),
        "megabytes": round(sum(one["megabytes"] for one in came), 1),
        "lost": sum(one["lost"] for one in came),
        "pairs": pairs,
        "trials": trials,
        "trial_s": seconds,
    }


class Spent:
    """Added up over searches: trials, seconds from going on to the end, and seconds of processor time."""

    def __init__(self) -> None:
        self.trials, self.seconds, self.cpu = 0, 0.0, 0.0

    @property
    def rate(self) -> float:
        return self.trials / self.seconds

    @property
    def cpu_ms(self) -> float:
        return 1000 * self.cpu / self.trials

    def add(self, served: Served, job: str, trials: int) -> None:
        """Let the job go on, and wait for its end. Trials that it began before it was paused are not counted."""
        time.sleep(REST_S)
        before = served.client.job(job).completed
        cpu, start = cpu_of(served.process), time.time()
        served.client.resume(job)
        ended = end_of(served.client, job)
        if ended.completed != trials:
            raise RuntimeError(f"{ended.completed} of {trials} trials completed: {ended.reason}")
        self.trials += trials - before
        self.seconds += (ended.ended_at or 0.0) - start
        self.cpu += cpu_of(served.process) - cpu


def cpu_of(process: int) -> float:
    times = psutil.Process(process).cpu_times()
    return times.user + times.system


def waiting(client: Client, trials: int, seconds: float, seed: int) -> str:
    """A job that is paused when it has something to show."""
    wanted = spec("random", trials) | {"seed": seed}
    if seconds:
        wanted |= {"task": {"name": "landscape", "seconds": seconds}}
    job = client.submit(wanted).id
    while client.job(job).completed < trials // BEFORE:
        time.sleep(0.05)
    client.pause(job)
    return job


@contextmanager
def viewing(url: str, job: str, viewers: int) -> Iterator[dict[str, float]]:
    """Viewers that are there when the block begins, until it ends; what they got is there after it."""
    command = [sys.executable, str(HERE / "viewers.py"), url, job, str(viewers)]
    found: dict[str, float] = {}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        if process.stdout is None or process.stdout.readline().strip() != "connected":
            raise RuntimeError(f"viewers of {url} could not come")
        yield found
        found |= json.loads(process.communicate()[0])


@contextmanager
def looking(browser: Browser, address: str, tabs: int) -> Iterator[None]:
    """So many tabs with the page, in a profile of their own."""
    context = browser.new_context()
    for _ in range(tabs):
        context.new_page().goto(address)
    browsers.give_way()
    yield
    context.close()


def fully_shown(browser: Browser, trials: int) -> None:
    """Wait until every tab says that all trials are there. Raises where one does not follow."""
    for context in browser.contexts:
        for page in context.pages:
            page.get_by_text(f"{trials:,} of {trials:,}").first.wait_for(timeout=FOLLOWED_MS)
