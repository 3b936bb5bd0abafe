"""`nas quota`: what owners may have at the same time. Acts on the database, and a running server obeys at once."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from ..store import Quota, quotas
from .environment import reading, writing
from .terminal import AsJson, UserError, show_table

app = typer.Typer(help="Limit what an owner's jobs may have at the same time.", no_args_is_help=True)

COLUMNS = ("owner", "jobs", "trials")
NOBODY = "-"

Owner = Annotated[str, typer.Argument(metavar="OWNER", help="of API keys; - for jobs that were submitted without one")]
Most = Annotated[int | None, typer.Option(min=1, max=1_000_000)]


@app.command(name="set")
def set_(owner: Owner, jobs: Most = None, trials: Most = None) -> None:
    """Let the jobs of an owner run so many at a time, with so many trials under way; what is not named has no limit."""
    if jobs is None and trials is None:
        raise UserError("name --jobs, --trials or both; a quota is taken away with: nas quota remove OWNER")
    with writing(new=True) as conn:
        quotas.put(conn, Quota(_stored(owner), jobs, trials))
    typer.echo(f"{owner}: {_most(jobs)} jobs and {_most(trials)} trials at a time")


@app.command(name="list")
def list_(as_json: AsJson = False) -> None:
    """List quotas, by owner."""
    with reading() as conn:
        found = quotas.listed(conn)
    if as_json:
        typer.echo(json.dumps([asdict(quota) for quota in found]))
    elif found:
        show_table(COLUMNS, [[quota.owner or NOBODY, _most(quota.jobs), _most(quota.trials)] for quota in found])
    else:
        typer.echo("no quotas: owners share the workers evenly, and are not limited otherwise")


@app.command()
def remove(owner: Owner) -> None:
    """Take the quota of an owner away."""
    with writing() as conn:
        quotas.remove(conn, _stored(owner))
    typer.echo(f"{owner} has no quota any more")


def _stored(owner: str) -> str:
    return "" if owner == NOBODY else owner


def _most(limit: int | None) -> str:
    return "any number of" if limit is None else str(limit)
