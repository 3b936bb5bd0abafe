"""`nas retarget`: what a job found, for another device or other limits."""

from __future__ import annotations

from typing import Annotated

import typer

from ..api.views import JudgedView, RetargetView
from .clone import patched
from .terminal import DEFAULT_URL, AsJson, JobId, Server, connected, print_json, show_table

Changes = Annotated[
    list[str], typer.Option("--set", metavar="PATH=VALUE", help="for example device.name=pi4, repeated as needed")
]


def retarget(job: JobId, changes: Changes, server: Server = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Show the front and the best of a job for another device or other limits; nothing is trained."""
    with connected(server) as client:
        found = client.retarget(job, patched(changes))
    if as_json:
        print_json(found)
    else:
        _describe(found)


def _describe(found: RetargetView) -> None:
    typer.echo(f"feasible   {found.feasible:,} of {found.evaluated:,} evaluated candidates meet the limits")
    if found.untried:
        typer.echo(f"untried    {found.untried:,} more meet them and were never trained; a clone of the job can")
    if found.unpriced:
        typer.echo(f"unpriced   {found.unpriced:,}: {found.missing}")
    if found.best is None:
        typer.echo("best       none; raise the limit, or clone the job to search for this device")
        return
    typer.echo(f"best       {found.best.id}, reward {found.best.reward:.4f}\n")
    show_table(["front", "value", "cost", "latency, ms"], [_row(one) for one in found.front])


def _row(one: JudgedView) -> list[str]:
    latency, error = (one.metrics.get(name) for name in ("latency_ms", "latency_error_ms"))
    shown = "–" if latency is None else f"{latency:.4g} ± {error or 0:.2g}"
    return [one.id, f"{one.value:.4f}", f"{one.cost:.6g}", shown]
