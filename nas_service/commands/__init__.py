"""The command line `nas`. What the user can put right ends with one sentence on stderr and exit code 2."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer

from ..client import ApiError
from . import (
    clone,
    dashboard,
    db,
    demo,
    device,
    export,
    finalists,
    gc,
    jobs,
    key,
    measure,
    plugins,
    preview,
    quota,
    retarget,
    serve,
    wann,
    wann_figures,
    watch,
)
from .terminal import UserError

app = typer.Typer(
    name="nas",
    help="Hardware-aware neural architecture search: your data, your device, your limit in milliseconds.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command()(serve.serve)
app.command()(dashboard.dashboard)
app.command()(jobs.submit)
app.command()(preview.preview)
app.command(name="jobs")(jobs.list_jobs)
app.command()(jobs.show)
app.command()(watch.watch)
app.command()(jobs.pause)
app.command()(jobs.resume)
app.command()(jobs.cancel)
app.command()(jobs.prioritise)
app.command()(jobs.extend)
app.command()(clone.clone)
app.command()(retarget.retarget)
app.command()(finalists.finalists)
app.command()(jobs.delete)
app.command()(export.export)
app.command()(gc.gc)
app.command()(plugins.plugins)
app.command()(demo.demo)
device.app.command()(measure.measure)
device.app.command(context_settings=measure.Agents)(measure.agent)
device.app.command()(measure.bundle)
device.app.command()(measure.take)
device.app.command(name="import")(measure.import_published)
app.add_typer(device.app, name="device")
app.add_typer(db.app, name="db")
app.add_typer(key.app, name="key")
app.add_typer(quota.app, name="quota")
wann.app.command()(wann_figures.figures)
app.add_typer(wann.app, name="wann")


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry of the console script; `arguments` default to those of the process."""
    try:
        app(args=arguments, prog_name="nas")
    except (ApiError, UserError) as error:
        typer.echo(f"nas: {error}", err=True)
        sys.exit(2)
