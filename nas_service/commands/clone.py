"""`nas clone`: a new job from an old one's spec, with changes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import ServiceError
from ..merge import merged, patch_of
from .jobs import Key, read
from .terminal import DEFAULT_URL, AsJson, JobId, Server, UserError, connected, print_json

Changes = Annotated[list[str] | None, typer.Option("--set", metavar="PATH=VALUE", help="for example budget.trials=100")]
PatchFile = Annotated[Path | None, typer.Option("--patch", metavar="FILE", help="JSON merge patch, YAML or JSON")]


def clone(
    job: JobId,
    changes: Changes = None,
    patch: PatchFile = None,
    idempotency_key: Key = None,
    server: Server = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Submit a job's spec anew, with changes; prints the new id."""
    wanted = merged(read(patch) if patch else {}, patched(changes or []))
    with connected(server) as client:
        made = client.clone(job, wanted, idempotency_key)
    if as_json:
        print_json(made)
    else:
        typer.echo(made.id)


def patched(changes: list[str]) -> dict[str, object]:
    """The merge patch of what `--set` says. Raises UserError for what cannot be read."""
    try:
        return patch_of(changes)
    except ServiceError as error:
        raise UserError(f"--set {error.detail}") from None
