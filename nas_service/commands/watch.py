"""`nas watch`: a job as it runs, over its event stream."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

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

from ..api.views import JobView, TrialView
from ..client import Client
from .terminal import DEFAULT_URL, AsJson, JobId, Server, connected

REFRESH_S = 0.3  # between two looks at the job, however fast its events come
TRIALS_SHOWN = 8


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
    """Show bars on stderr until the job is final, its own and one for each running trial; the job as it then is."""
    job = client.job(job_id)
    with _bars(quiet) as progress:
        bars = Bars(progress, job)
        looked = clock()
        for _ in client.events(job_id):
            if clock() - looked >= REFRESH_S:
                bars.show(client.job(job_id), client.trials_page(job_id, state="running", limit=TRIALS_SHOWN).items)
                looked = clock()
        job = client.job(job_id)
        bars.show(job, [])
    return job


class Bars:
    """The bar of a job, and below it those of its running trials, in epochs."""

    def __init__(self, progress: Progress, job: JobView) -> None:
        self._progress = progress
        self._metric = job.metric
        self._job = self._add(job.name[:24], job.trials_budget, "trials")
        self._trials: dict[str, TaskID] = {}
        self.show(job, [])

    def show(self, job: JobView, running: Sequence[TrialView]) -> None:
        best = job.reason if job.best_reward is None else f"best reward {job.best_reward:.4f}"
        speed = self._progress.tasks[self._job].speed
        rate = f"{speed:.2g}/s" if speed else ""
        done = job.completed + job.failed
        self._progress.update(self._job, completed=done, total=job.trials_budget, best=best, rate=rate)
        for ended in self._trials.keys() - {trial.id for trial in running}:
            self._progress.remove_task(self._trials.pop(ended))
        for trial in running:
            self._show_trial(trial)

    def _show_trial(self, trial: TrialView) -> None:
        if trial.id not in self._trials:
            self._trials[trial.id] = self._add(f"  {trial.candidate_id}", trial.fidelity["epochs"], "epochs")
        value = trial.curve[-1].get(self._metric) if trial.curve else None
        said = "" if value is None else f"{self._metric} {value:.4f}"
        self._progress.update(self._trials[trial.id], completed=len(trial.curve), best=said)

    def _add(self, name: str, total: float, unit: str) -> TaskID:
        return self._progress.add_task(name, total=total, unit=unit, best="", rate="")


def _bars(quiet: bool) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[unit]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[rate]}"),
        TextColumn("{task.fields[best]}"),
        console=Console(stderr=True, quiet=quiet),
    )
