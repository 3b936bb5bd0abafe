"""The searches of the demo, followed over REST with a progress bar each."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from nas_service.api.views import JobView
from nas_service.client import Client

POLL_S = 0.3


def search(client: Client, spec: Mapping[str, Any], label: str, console: Console) -> JobView:
    """Submit a job and follow it to its end. Raises RuntimeError where it ends without a winner."""
    job = client.submit(spec)
    columns = (
        TextColumn("  {task.description:<10}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("trials"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[best]}"),
    )
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task(label, total=spec["budget"]["trials"], best="")
        while not job.final:
            time.sleep(POLL_S)
            job = client.job(job.id)
            progress.update(bar, completed=job.completed + job.failed, best=_best(client, job))
    if job.incumbent is None:
        raise RuntimeError(f"the {label} search ended without a winner ({job.state}: {job.reason})")
    return job


def _best(client: Client, job: JobView) -> str:
    if job.incumbent is None:
        return job.reason
    best = client.candidate(job.incumbent)
    return f"best {best.metrics['val_accuracy']:.1%} at {best.latency_ms:.3f} ms"
