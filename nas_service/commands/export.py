"""`nas export`: take a winner home as a checked ONNX file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ..api.views import ExportView
from ..client import Client
from .terminal import DEFAULT_URL, AsJson, JobId, Server, UserError, connected, print_json

WEIGHTS = "weights"  # listed with the files of an export, but nothing that a user deploys

Folder = Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="folder for the model and all about it")]
Wanted = Annotated[str | None, typer.Option(metavar="ID", help="a candidate other than the best one")]
Epochs = Annotated[
    int | None,
    typer.Option(
        min=0, max=10_000, help="of final training; default: as in the search. Of a WANN: generations of weight tuning"
    ),
]
Int8 = Annotated[bool, typer.Option("--int8", help="a quantised file too, with its own accuracy and latency")]
Normalise = Annotated[bool, typer.Option("--normalise", help="files that take pixels and normalise them themselves")]


def export(
    job: JobId,
    output: Folder,
    candidate: Wanted = None,
    epochs: Epochs = None,
    int8: Int8 = False,
    normalise: Normalise = False,
    server: Server = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Train the best candidate of a job to the end, check it in onnxruntime and download it with all that it needs."""
    _make(output)
    with connected(server) as client:
        started = _start(client, job, candidate, epochs, int8=int8, normalise=normalise)
        done = _follow(client, started, quiet=as_json)
        for name in _files(done):
            (output / name).write_bytes(client.download(done.id, name))
    if as_json:
        print_json(done)
    else:
        _describe(done, output)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"--output {folder} cannot be made: {error.strerror}") from None


def _start(client: Client, job_id: str, candidate_id: str | None, epochs: int | None, **form: bool) -> ExportView:
    if candidate_id is None:
        return client.export_best(job_id, epochs, **form)
    if client.candidate(candidate_id).job_id != client.job(job_id).id:
        raise UserError(f"--candidate {candidate_id} is of another job than {job_id}")
    return client.export(candidate_id, epochs, **form)


def _follow(client: Client, export: ExportView, *, quiet: bool) -> ExportView:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("epochs"))
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True, quiet=quiet)) as progress:
        line = progress.add_task(f"training {export.candidate_id}", total=export.epochs)
        done = client.wait_for_export(
            export.id, lambda now: progress.update(line, completed=now.progress.get("epoch", 0))
        )
        progress.update(line, completed=export.epochs)
    return done


def _describe(export: ExportView, folder: Path) -> None:
    typer.echo(f"{export.candidate_id}, trained for {export.epochs} epochs; every check has passed:")
    for name, value in _flat(export.metrics | export.details):
        typer.echo(f"  {name:<24} {value}")
    for name in _files(export):
        typer.echo(f"{folder / name}")


def _files(export: ExportView) -> list[str]:
    return [name for name in export.files if name != WEIGHTS]


def _flat(values: dict[str, Any]) -> list[tuple[str, str]]:
    """Numbers and short texts; what is nested stands in the model card."""
    plain = {name: value for name, value in values.items() if isinstance(value, int | float | str)}
    return [(name, f"{value:.6g}" if isinstance(value, float) else str(value)[:100]) for name, value in plain.items()]
