"""`nas db`: the database under the service. These act on NAS_HOME or NAS_DATABASE_URL, without a server."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from ..store import revisions
from ..store.backup import NoSchema, back_up, restore
from ..store.invariants import broken
from .environment import database, settings
from .terminal import AsJson, UserError, when

app = typer.Typer(help="Upgrade, back up, restore and check the database of NAS_HOME or NAS_DATABASE_URL.")

File = Annotated[Path, typer.Argument(metavar="FILE", help="of a backup", dir_okay=False)]


@app.command()
def upgrade() -> None:
    """Bring the tables to the schema of this program; `nas serve` does so too when it starts."""
    with database(new=True) as store:
        with store.read() as conn:
            before = revisions.present(conn)
        store.migrate()
    newest = revisions.newest()
    typer.echo(
        f"schema {newest} already" if before == newest else f"upgraded from schema {before or 'none'} to {newest}"
    )


@app.command()
def backup(file: File) -> None:
    """Write every row into one file, while the service runs or not. Artifacts and latency tables are not in it."""
    with database() as store:
        summary = back_up(store, file, time.time())
    typer.echo(f"{file}: {_told(summary.rows)}, schema {summary.schema}, {file.stat().st_size:,} bytes")
    typer.echo(f"not in it: artifacts ({settings().artifact_url}) and latency tables ({settings().tables})")


@app.command(name="restore")
def restore_(file: File) -> None:
    """Take every row from a backup into an empty database, of either kind, and upgrade it to this program's schema."""
    with database(new=True) as store:
        summary = restore(store, file)
    typer.echo(f"restored {_told(summary.rows)}, as of {when(summary.made_at)}; check them with: nas db check")


@app.command()
def check(as_json: AsJson = False) -> None:
    """Look for rows that break what must hold; names them and ends with code 1 where there are any."""
    with database() as store, store.read() as conn:
        found = revisions.present(conn)
        if found is None:
            raise NoSchema
        revisions.refuse_newer(found)
        if found != revisions.newest():
            raise UserError(
                f"the database has schema {found}, and only {revisions.newest()} can be checked; back it up, "
                "then: nas db upgrade"
            )
        findings = list(broken(conn))
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings]))
    else:
        for finding in findings:
            typer.echo(finding)
        typer.echo(f"findings: {len(findings)}" if findings else "the database is sound")
    if findings:
        raise typer.Exit(1)


def _told(rows: Mapping[str, int]) -> str:
    return f"{sum(rows.values()):,} rows ({rows.get('jobs', 0):,} jobs, {rows.get('trials', 0):,} trials)"
