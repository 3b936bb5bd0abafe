"""`nas serve`: coordinator, API and dashboard, in one process or in several on one database."""

from __future__ import annotations

import socket
import sys
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from search_spaces.plugins import described

from .. import logs, memory
from ..logs import Format
from ..plugins import installed
from ..settings import Settings
from ..store import disk_is_full, keys
from ..store.presence import Presence
from ..store.revisions import NewerSchema
from .environment import reading, settings
from .listening import (
    AllowKeyless,
    AllowPlainHttp,
    Certificate,
    PrivateKey,
    PublicHosts,
    listening,
    refuse_plain,
    tls_of,
    web_address,
    web_server,
)
from .terminal import UserError

if TYPE_CHECKING:
    from fastapi import FastAPI

_NO_RAY = "Ray did not start: {}; check NAS_RAY_ADDRESS, or run without Ray: nas serve --inline 2"

Host = Annotated[str | None, typer.Option(help="address to listen at [default: NAS_HOST or 127.0.0.1]")]
Port = Annotated[int | None, typer.Option(min=0, max=65535, help="0 takes a free one [default: NAS_PORT or 8350]")]
Inline = Annotated[int, typer.Option(min=0, max=256, help="run so many trials at once in this process, without Ray")]
Coordinate = Annotated[
    bool | None,
    typer.Option(
        "--coordinator/--no-coordinator", help="run jobs, or leave them to other processes on the same database"
    ),
]
Page = Annotated[bool | None, typer.Option("--page/--no-page", help="show the dashboard, or answer the API alone")]
LogFormat = Annotated[
    Format | None,
    typer.Option(help="of the log, for people or programs [default: NAS_LOG_FORMAT or text]"),
]


def serve(
    host: Host = None,
    port: Port = None,
    inline: Inline = 0,
    allow_keyless: AllowKeyless = False,
    allow_plain_http: AllowPlainHttp = False,
    tls_cert: Certificate = None,
    tls_key: PrivateKey = None,
    log_format: LogFormat = None,
    coordinator: Coordinate = None,
    page: Page = None,
    public_host: PublicHosts = None,
) -> None:
    """Run the service: coordinator, workers on this machine (or NAS_RAY_ADDRESS), API and dashboard."""
    names = ",".join(public_host) if public_host else None
    found = _settings(
        host=host, port=port, log_format=log_format, coordinate=coordinator, page=page, public_hosts=names
    )
    tls = tls_of(tls_cert, tls_key)
    if not found.loopback:
        refuse_plain(found.host, encrypted=bool(tls) or allow_plain_http)
        _refuse_keyless(found.host, allowed=allow_keyless)
    logs.configure(found.log_format, found.log_level, sys.stderr)
    with listening(found.host, found.port) as listener:
        bound = found.model_copy(update={"port": listener.getsockname()[1]})
        app = _app(bound, inline)
        memory.settle()
        _serve(app, listener, bound, tls)


def _settings(**given: Any) -> Settings:
    return settings().model_copy(update={name: value for name, value in given.items() if value is not None})


def _refuse_keyless(host: str, *, allowed: bool) -> None:
    if allowed:
        return
    with reading(new=True) as conn:
        found = any(key.holds(time.time()) for key in keys.listed(conn))
    if not found:
        raise UserError(
            f"--host {host} lets other machines in, and there is no key that they would need: whoever reaches the "
            "service could run work here. Make one with: nas key create --owner NAME --scope admin; or pass "
            "--allow-keyless where a proxy before the service has a log-in"
        )


def _app(found: Settings, inline: int) -> FastAPI:
    from workers.dispatchers import InlineDispatcher

    from ..app import create_app  # takes a second to import

    try:
        return create_app(found, dispatcher=InlineDispatcher(inline) if inline else None)
    except NewerSchema as error:
        raise UserError(str(error)) from None
    except ConnectionError as error:
        raise UserError(_NO_RAY.format(_first_line(error))) from None
    except OSError as error:
        raise UserError(f"NAS_HOME {found.home} cannot be used: {error.strerror} ({error.filename})") from None
    except SQLAlchemyError as error:
        raise UserError(_no_database(error)) from None
    except RuntimeError as error:
        raise UserError(_NO_RAY.format(_first_line(error))) from None


def _serve(app: FastAPI, listener: socket.socket, found: Settings, tls: dict[str, Any]) -> None:
    import uvicorn

    class Server(uvicorn.Server):
        """Ends event streams when it is told to stop, where uvicorn would wait for them until its patience ends."""

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            app.state.service.feed.close()
            await super().shutdown(sockets)

    address = web_address(found.host, listener, tls)
    typer.echo(f"nas serves at {address} with its state in {found.home}; Ctrl-C ends it")
    if found.coordinate and _runs_elsewhere(app.state.service.store.presence):
        typer.echo("another process runs the jobs of this database; this one takes over when that one ends")
    for plugin in installed():
        if plugin.problem:
            typer.echo(f"nas: {described(plugin)}; everything else works", err=True)
    Server(web_server(app, tls)).run(sockets=[listener])


def _runs_elsewhere(presence: Presence) -> bool:
    """Whether another process runs the jobs. A database that went away this moment is waited for, as at any other."""
    try:
        return not presence.enter()
    except OperationalError:
        return False


def _no_database(error: SQLAlchemyError) -> str:
    if isinstance(error, OperationalError) and disk_is_full(error):
        return "the disk of the database is full; make room, and start the service again"
    return f"the database cannot be used: {_first_line(error)}; check NAS_DATABASE_URL"


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
