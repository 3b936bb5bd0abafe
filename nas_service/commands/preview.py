"""`nas preview`: what a job would be like, before it is submitted."""

from __future__ import annotations

import typer

from ..api.views import EstimateView, HistogramView, PreviewView
from .jobs import SpecFile, read
from .terminal import DEFAULT_URL, AsJson, Server, connected, print_json

BAR = 40  # characters of the longest bar


def preview(spec: SpecFile, server: Server = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Show how much of the space meets the limits and how long the search may take; submits nothing."""
    with connected(server) as client:
        found = client.preview(read(spec))
    if as_json:
        print_json(found)
        return
    _describe(found)
    _show(found.histogram)
    typer.echo(f"time       {_time(found.estimate)}")
    if found.warm_start:
        typer.echo(f"begins     {found.warm_start}")
    if found.unchecked:
        typer.echo(f"data       {found.unchecked}")


def _describe(found: PreviewView) -> None:
    typer.echo(f"feasible   {found.feasible_share:.1%} of {found.sampled:,} sampled architectures meet the limits")
    for one in found.limits:
        typer.echo(
            f"limit      {one.name} {one.limit:g}: {one.share_over:.1%} are over it "
            f"(lowest {one.lowest:.4g}, median {one.median:.4g})"
            + ("  <- bites most" if one.name == found.bites else "")
        )
    if not found.feasible_share:
        typer.echo("           a job like this is refused: raise the limit, or give the space smaller options")


def _show(histogram: HistogramView) -> None:
    typer.echo(f"\n{histogram.name}, # within the limits, - over one")
    longest = max(*histogram.counts, 1)
    for i, count in enumerate(histogram.counts):
        filled, whole = (round(BAR * n / longest) for n in (histogram.feasible[i], count))
        bar = "#" * filled + "-" * (whole - filled)
        typer.echo(f"{histogram.edges[i]:>10.4g} {bar:<{BAR}} {count}")
    typer.echo("")


def _time(estimate: EstimateView) -> str:
    if estimate.seconds_per_trial is None:
        return estimate.note
    ends = "never ends" if estimate.hours is None else f"ends after {estimate.hours:.2g} hours"
    gpus = f" and {estimate.gpu_hours:.2g} GPU hours" if estimate.gpu_hours else ""
    return (
        f"{estimate.seconds_per_trial:.3g} s a trial, {estimate.at_once} at once: {ends}, "
        f"{estimate.cpu_hours:.2g} CPU hours{gpus} ({estimate.note})"
    )
