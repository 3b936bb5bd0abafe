"""`nas finalists`: what the best networks of a job really take on its device, beside what was estimated."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from ..api.device_views import BesideView, FinalistsView
from .terminal import DEFAULT_URL, AsJson, JobId, Server, connected, print_json, show_table

POLL_S = 1.0
SETTLED = ("none", "completed", "failed", "cancelled")


def finalists(
    job: JobId,
    wait: Annotated[bool, typer.Option("--wait", help="until they are measured")] = False,
    server: Server = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Show the measured finalists of a job whose spec says measure: {finalists: 5}."""
    with connected(server) as client:
        found = client.finalists(job)
        while wait and found.state not in SETTLED:
            time.sleep(POLL_S)
            found = client.finalists(job)
    if as_json:
        print_json(found)
    else:
        _describe(found)


def _describe(found: FinalistsView) -> None:
    typer.echo(f"{found.state}{': ' if found.message else ''}{found.message}")
    if found.mape is None or found.bias is None or found.slowdown is None:
        return
    tau = "" if found.tau is None else f", rank correlation {found.tau:.2f}"
    typer.echo(f"estimates    off by {found.mape:.1%} on average, bias {found.bias:+.1%}{tau}")
    typer.echo(f"intervals    hold {found.inside} of {len(found.networks)}")
    typer.echo(f"the device   takes {found.slowdown:.2f} times as long as when its table was made\n")
    show_table(["candidate", "estimated, ms", "measured, ms", ""], [_row(one) for one in found.networks])


def _row(one: BesideView) -> list[str]:
    estimated = f"{one.estimated_ms:.4g} ± {one.error_ms:.2g}"
    return [one.candidate_id, estimated, f"{one.measured_ms:.4g}", "" if one.inside else "outside"]
