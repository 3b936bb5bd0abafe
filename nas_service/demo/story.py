"""The five steps of the demo, in order, each told in a line or two while it happens."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from device_agent.measure import measure_network
from latency_tables import LatencyTable, profile_space, table_path
from nas_service.api.point_views import Points
from nas_service.api.views import CandidateView, ExportView, JobView
from nas_service.client import Client
from nas_service.pareto import hypervolume
from nas_service.search import Search
from nas_service.spec import JobSpec
from search_spaces import Architecture, get_space
from workers.tasks import get_task

from . import spec as demo
from .picture import FrontPoint, draw
from .searches import search
from .server import service

EVOLUTION = {"name": "evolution", "population": 16, "sample": 6}
RANDOM = {"name": "random"}
BEST = 10  # rewards whose mean stands for a search
FINALISTS = 3  # candidates that are exported, best first, until one keeps the limit as measured


def tell(home: Path, console: Console) -> dict[str, Any]:
    """Run the demo with its state under `home`, which is emptied first; the report that was written there."""
    started = time.monotonic()
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    console.print("\n[bold]nas demo[/] · a network for this machine's CPU, from data to a verified ONNX file\n")
    _profile(home, console)
    prepared = _prepared(home, limit_ms=1.0)
    limit_ms = demo.binding_limit(prepared)
    console.print(
        f"[bold]2[/] The limit is [bold]{limit_ms:g} ms[/]: {demo.PERCENTILE} % of {demo.SAMPLED:,} sampled "
        "architectures keep it\n"
    )
    with ExitStack() as stack:
        url = stack.enter_context(service(home))
        console.print(f"[bold]3[/] Coordinator and Ray workers run; watch the search at [link={url}]{url}[/link]")
        client = stack.enter_context(Client(url))
        evolution, control = _searches(client, limit_ms, console)
        winner, exported = _export(client, evolution, limit_ms, home, console)
        found = client.pareto(evolution.id)
        clouds = {"evolution": client.points(evolution.id), "random": client.points(control.id)}
    front = _measured_front(found, prepared, limit_ms)  # now that the service is quiet
    draw(home / "pareto.png", _dots(clouds["evolution"]), _dots(clouds["random"]), front, limit_ms)
    report = _report(evolution, winner, exported, front, limit_ms) | {
        "comparison": _comparison(clouds, limit_ms),
        "seconds": round(time.monotonic() - started, 1),
    }
    (home / "report.json").write_text(json.dumps(report, indent=2) + "\n")
    _conclude(home, report, front, console)
    return report


def _profile(home: Path, console: Console) -> LatencyTable:
    console.print("[bold]1[/] Measuring what each op of the search space costs on this CPU, one thread")
    space = get_space(demo.SPACE["name"], **demo.SPACE["options"]).bind(get_task("digits").signature)
    columns = (TextColumn("  {task.description:<10}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TextColumn("left"), TimeRemainingColumn(), console=console) as progress:
        bar = progress.add_task("profile", total=None)
        table = profile_space(
            space,
            device="local",
            path=table_path(home / "tables", "local"),
            rng=np.random.default_rng(0),
            progress=lambda p: progress.update(bar, completed=p.done, total=p.total),
        )
    console.print(f"  {len(table.entries)} ops are in the table\n")
    return table


def _prepared(home: Path, limit_ms: float) -> Search:
    return Search.prepare(JobSpec.model_validate(demo.spec(EVOLUTION, limit_ms, parallel=1)), home / "tables")


def _searches(client: Client, limit_ms: float, console: Console) -> tuple[JobView, JobView]:
    parallel = max(1, min(8, os.cpu_count() or 1))
    evolution = search(client, demo.spec(EVOLUTION, limit_ms, parallel=parallel), "evolution", console)
    control = search(client, demo.spec(RANDOM, limit_ms, parallel=parallel), "random", console)
    return evolution, control


def _export(
    client: Client, job: JobView, limit_ms: float, home: Path, console: Console
) -> tuple[CandidateView, ExportView]:
    """The best candidate by the job's own rule that keeps the limit as measured, exported."""
    console.print("\n[bold]4[/] Training the winner to the end, exporting it, checking the file")
    for candidate in islice(client.candidates(job.id, order="reward"), FINALISTS):
        exported = _follow_export(client, candidate, console)
        if exported.metrics["latency_ms"] <= limit_ms:
            break
        console.print(f"  {exported.metrics['latency_ms']:.3f} ms as measured: over the limit, so the next best one")
    for name in ("model.onnx", "model_card.md"):
        (home / name).write_bytes(client.download(exported.id, name))
    return candidate, exported


def _follow_export(client: Client, candidate: CandidateView, console: Console) -> ExportView:
    export = client.export(candidate.id, epochs=demo.FINAL_EPOCHS)
    columns = (TextColumn("  {task.description:<10}"), BarColumn(), MofNCompleteColumn(), TextColumn("epochs"))
    with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
        bar = progress.add_task("training", total=demo.FINAL_EPOCHS)
        export = client.wait_for_export(
            export.id, on_progress=lambda e: progress.update(bar, completed=e.progress.get("epoch") or 0)
        )
        progress.update(bar, completed=demo.FINAL_EPOCHS)
    if export.state != "completed":
        raise RuntimeError(f"the export of {candidate.id} failed: {export.message}")
    return export


def _measured_front(front: Sequence[CandidateView], prepared: Search, limit_ms: float) -> list[FrontPoint]:
    """Each candidate of the front with the latency that its network really has here; weights do not matter to it."""
    points = []
    for candidate in front:
        architecture = prepared.bound.architecture(candidate.genotype)
        points.append(
            FrontPoint(
                candidate.id,
                candidate.metrics["val_accuracy"],
                candidate.latency_ms or limit_ms,
                candidate.latency_error_ms or 0.0,
                _measured_ms(architecture),
            )
        )
    return points


def _measured_ms(architecture: Architecture) -> float:
    from search_spaces.modules import build, export_onnx

    model = export_onnx(build(architecture), architecture.input_shape)
    return measure_network(model).latency_ms


def _dots(points: Points) -> list[tuple[float, float]]:
    return list(zip(points.cost, points.value, strict=True))


def _comparison(clouds: Mapping[str, Points], limit_ms: float) -> dict[str, dict[str, float]]:
    """Both searches at equal trials: their best reward, the mean of their `BEST` best, the area under their fronts.

    A best reward is one noisy training; the other two say more about a search.
    """
    worst = min(min(points.value) for points in clouds.values())
    return {
        name: {
            "best_reward": max(_rewards(points)),
            "mean_best_rewards": float(np.mean(_rewards(points)[:BEST])),
            "front_area": hypervolume(list(zip(points.value, points.cost, strict=True)), worst, limit_ms),
        }
        for name, points in clouds.items()
    }


def _rewards(points: Points) -> list[float]:
    return sorted((reward for reward in points.reward if reward is not None), reverse=True)


def _report(
    job: JobView, winner: CandidateView, exported: ExportView, front: Sequence[FrontPoint], limit_ms: float
) -> dict[str, Any]:
    return {
        "test_accuracy": exported.metrics["test_accuracy"],
        "latency_ms": exported.metrics["latency_ms"],
        "limit_ms": limit_ms,
        "estimated_ms": winner.latency_ms,
        "estimated_error_ms": winner.latency_error_ms,
        "trials": demo.TRIALS,
        "job": job.id,
        "candidate": winner.id,
        "front": [vars(point) for point in front],
    }


def _conclude(home: Path, report: dict[str, Any], front: Sequence[FrontPoint], console: Console) -> None:
    console.print("\n[bold]5[/] The front that evolution found (validation accuracy after a short training)\n")
    console.print(_front_table(front, report["candidate"]))
    console.print(f"\n  Beside random search, {report['trials']} trials each\n")
    console.print(_comparison_table(report["comparison"]))
    console.print(
        f"\n  [bold]The winner: {report['test_accuracy']:.1%} on the test images at {report['latency_ms']:.4f} ms[/]"
        f"\n  limit {report['limit_ms']:g} ms, estimated {report['estimated_ms']:.4f} ms, then measured"
        f"\n\n  {home / 'model.onnx'}      the network, checked in onnxruntime"
        f"\n  {home / 'model_card.md'}   what it is, how it was found, what was checked"
        f"\n  {home / 'pareto.png'}      the picture"
        f"\n  {home / 'report.json'}     the figures"
        f"\n\n  To browse it: NAS_HOME={home} {'.venv/bin/nas' if Path('.venv/bin/nas').exists() else 'nas'} serve"
        f"\n  It took {report['seconds']:.0f} s.\n"
    )


def _front_table(front: Sequence[FrontPoint], exported: str) -> Table:
    table = _table("candidate", "accuracy", "estimated ms", "measured", "off by", "")
    for point in front:
        table.add_row(
            point.candidate,
            f"{point.val_accuracy:.1%}",
            f"{point.estimated_ms:.4f} ± {point.error_ms:.4f}",
            f"{point.measured_ms:.4f}",
            f"{point.estimated_ms / point.measured_ms - 1:+.1%}",
            "exported" if point.candidate == exported else "",
        )
    return table


def _comparison_table(comparison: Mapping[str, Mapping[str, float]]) -> Table:
    table = _table("search", "best reward", f"mean of {BEST} best", "area under front")
    for name, figures in comparison.items():
        best, mean, area = figures["best_reward"], figures["mean_best_rewards"], figures["front_area"]
        table.add_row(name, f"{best:.4f}", f"{mean:.4f}", f"{area * 1e3:.3f}e-3")
    return table


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, header_style="bold", padding=(0, 1))
    table.add_column(first, no_wrap=True)
    for heading in others:
        table.add_column(heading, justify="right", no_wrap=True)
    return table
