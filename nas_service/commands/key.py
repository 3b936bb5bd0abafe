"""`nas key`: who may use the service. Acts on NAS_HOME or NAS_DATABASE_URL; a running server sees it at once."""

from __future__ import annotations

import json
import time
from typing import Annotated, Any

import typer

from .. import access
from ..access import Scope
from ..durations import seconds_of
from ..store import Key, keys
from .environment import database, reading, writing
from .terminal import AsJson, UserError, show_table, when

app = typer.Typer(help="Make, list and revoke the API keys of NAS_HOME or NAS_DATABASE_URL.", no_args_is_help=True)

COLUMNS = ("key", "owner", "scope", "state", "created", "last used", "expires")

Owner = Annotated[str, typer.Option(metavar="NAME", help="whose key it is, and whose the jobs are that it submits")]
Granted = Annotated[
    Scope,
    typer.Option(
        help="read; submit: and act on one's own jobs; admin: everything; measure: be an agent on a device, no more"
    ),
]
Expires = Annotated[str | None, typer.Option(metavar="TIME", help="for how long it holds, such as 12h or 90d")]
KeyId = Annotated[str, typer.Argument(metavar="ID", help="of a key; `nas key list` has them")]


@app.command()
def create(owner: Owner, scope: Granted, expires: Expires = None, as_json: AsJson = False) -> None:
    """Make a key and print it, this once: only a hash is kept."""
    at = time.time()
    expires_at = None if expires is None else at + _lasting(expires)
    with database(new=True) as store:
        made, key = access.make(owner, scope, at, expires_at)  # before there is a database: it may refuse
        store.migrate()
        with store.write() as conn:
            keys.add(conn, made)
    if as_json:
        typer.echo(json.dumps(_shown(made, at) | {"key": key}))
        return
    typer.echo(key)
    typer.echo("keep it, for it is not shown again; programs take it from NAS_API_KEY", err=True)


@app.command(name="list")
def list_(as_json: AsJson = False) -> None:
    """List keys, oldest first."""
    at = time.time()
    with reading() as conn:
        found = [_shown(key, at) for key in keys.listed(conn)]
    if as_json:
        typer.echo(json.dumps(found))
    elif found:
        show_table(COLUMNS, [_row(key) for key in found])
    else:
        typer.echo("no keys yet, so who reaches the service may do everything; make one with: nas key create")


@app.command()
def revoke(key_id: KeyId) -> None:
    """Make a key open nothing from now on."""
    with writing() as conn:
        keys.revoke(conn, key_id, time.time())
    typer.echo(f"key {key_id} is revoked")


def _lasting(text: str) -> float:
    try:
        return seconds_of(text)
    except ValueError as error:
        raise UserError(f"--expires {error}") from None


def _shown(key: Key, at: float) -> dict[str, Any]:
    """All that may be seen of it."""
    return {
        "id": key.id,
        "owner": key.owner,
        "scope": key.scope,
        "state": "revoked" if key.revoked_at is not None else "valid" if key.holds(at) else "expired",
        "created_at": key.created_at,
        "used_at": key.used_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
    }


def _row(key: dict[str, Any]) -> list[str]:
    times = (when(key[name]) for name in ("created_at", "used_at", "expires_at"))
    return [key["id"], key["owner"], key["scope"], key["state"], *times]
