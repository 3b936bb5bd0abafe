"""`nas gc`: artifacts that nobody needs."""

from __future__ import annotations

from typing import Annotated

import typer

from .terminal import DEFAULT_URL, AsJson, Server, connected, print_json

DryRun = Annotated[bool, typer.Option("--dry-run", help="say what would be collected, and collect nothing")]


def gc(dry_run: DryRun = False, server: Server = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Collect the weights that no front, incumbent, export or running search needs."""
    with connected(server) as client:
        found = client.gc(dry_run=dry_run)
    if as_json:
        print_json(found)
        return
    verb = "would be collected" if found.dry_run else "collected"
    typer.echo(f"{verb}: {found.collected} artifacts, {found.collected_bytes:,} bytes")
    limit = "" if found.budget_bytes is None else f" of a budget of {found.budget_bytes:,}"
    typer.echo(f"kept: {found.kept} artifacts, {found.kept_bytes:,} bytes{limit}")
