"""`nas plugins`: what installed packages add, and what of it cannot be used."""

from __future__ import annotations

import json
from dataclasses import asdict

import typer

from ..plugins import installed
from .terminal import AsJson, show_table


def plugins(as_json: AsJson = False) -> None:
    """List the search spaces, strategies and tasks that installed packages add here."""
    found = installed()
    if as_json:
        typer.echo(json.dumps([asdict(plugin) for plugin in found]))
    elif found:
        rows = [[p.name, p.group, f"{p.package} {p.version}", p.problem or "ok"] for p in found]
        show_table(("name", "group", "package", "state"), rows)
    else:
        typer.echo("no plug-ins are installed here; docs/own-search-space.md shows how to make one")
