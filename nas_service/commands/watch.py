"""`nas watch`: a job as it runs, over its event stream."""

from __future__ import annotations

import time
from collections.abc import Callable

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from ..api.views import JobView
from ..client import Client
from .terminal import DEFAULT_URL, AsJson, JobId, Server, connected

REFRESH_S = 0.3  # between two looks at the job, however fast its events come


def watch(job: JobId, server: Server = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Follow a job until it ends; with --json, its events as JSON lines."""
    with connected(server) as client:
        if as_json:
            for event in client.events(job):
                typer.echo(event.model_dump_json())
        else:
            found = follow(client, job)
            typer.echo(f"job {found.id} is {found.state}: {found.reason}")


def follow(client: Client, job_id: str, *, quiet: bool = False, clock: Callable[[], float] = time.monotonic) -> JobView:
    """Show a progress bar on stderr until the job is final; the job as it then is."""
    job = client.job(job_id)
    with _bar(quiet) as progress:
        line = progress.add_task(job.name[:24], total=job.trials_budget, best="", rate="")
        _update(progress, line, job)
        looked = clock()
        for _ in client.events(job_id):
            if clock() - looked >= REFRESH_S:
                _update(progress, line, client.job(job_id))
                looked = clock()
        job = client.job(job_id)
        _update(progress, line, job)
    return job


def _bar(quiet: bool) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("trials"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[rate]}"),
        TextColumn("{task.fields[best]}"),
        console=Console(stderr=True, quiet=quiet),
    )


def _update(progress: Progress, line: TaskID, job: JobView) -> None:
    done = job.completed + job.failed
    best = job.reason if job.best_reward is None else f"best reward {job.best_reward:.4f}"
    speed = progress.tasks[line].speed
    progress.update(line, completed=done, best=best, rate=f"{speed:.2g}/s" if speed else "")
