"""`nas serve`: coordinator, API and dashboard in one process."""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer
from sqlalchemy.exc import SQLAlchemyError

from search_spaces.plugins import described

from .. import logs
from ..logs import Format
from ..plugins import installed
from ..settings import Settings
from ..store.revisions import NewerSchema
from .environment import settings
from .terminal import UserError

if TYPE_CHECKING:
    from fastapi import FastAPI

_NO_RAY = "Ray did not start: {}; check NAS_RAY_ADDRESS, or run without Ray: nas serve --inline 2"
GRACE_S = 3  # for requests that are being answered

Host = Annotated[str | None, typer.Option(help="address to listen at [default: NAS_HOST or 127.0.0.1]")]
Port = Annotated[int | None, typer.Option(min=0, max=65535, help="0 takes a free one [default: NAS_PORT or 8350]")]
Inline = Annotated[int, typer.Option(min=0, max=256, help="run so many trials at once in this process, without Ray")]
AllowRemote = Annotated[
    bool, typer.Option("--allow-remote", help="listen to other machines, though the service asks nobody for a key")
]


LogFormat = Annotated[
    Format | None,
    typer.Option(help="of the log, for people or programs [default: NAS_LOG_FORMAT or text]"),
]


def serve(
    host: Host = None,
    port: Port = None,
    inline: Inline = 0,
    allow_remote: AllowRemote = False,
    log_format: LogFormat = None,
) -> None:
    """Run the service: coordinator, workers on this machine (or NAS_RAY_ADDRESS), API and dashboard."""
    found = _settings(host=host, port=port, log_format=log_format)
    logs.configure(found.log_format, found.log_level, sys.stderr)
    _refuse_remote(found.host, allow_remote)
    with _listening(found.host, found.port) as listener:
        bound = found.model_copy(update={"port": listener.getsockname()[1]})
        _serve(_app(bound, inline), listener, bound)


def _settings(**given: Any) -> Settings:
    return settings().model_copy(update={name: value for name, value in given.items() if value is not None})


def _refuse_remote(host: str, allowed: bool) -> None:
    if not (allowed or _is_loopback(host)):
        raise UserError(
            f"--host {host} lets other machines in, and the service asks nobody for a key: whoever reaches it can run "
            "work here. Put a proxy with a log-in before it and pass --allow-remote, or listen at 127.0.0.1"
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _listening(host: str, port: int) -> socket.socket:
    """The bound socket: a taken port is refused before anything else starts."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise UserError(
            f"cannot listen at {host} port {port}: {os.strerror(error.errno or 0)}; is a server running there already? "
            "Choose another with --port"
        ) from None


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
        raise UserError(f"the database cannot be used: {_first_line(error)}; check NAS_DATABASE_URL") from None
    except RuntimeError as error:
        raise UserError(_NO_RAY.format(_first_line(error))) from None


def _serve(app: FastAPI, listener: socket.socket, found: Settings) -> None:
    import uvicorn

    class Server(uvicorn.Server):
        """Ends event streams when it is told to stop, where uvicorn would wait for them until its patience ends."""

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            app.state.service.feed.close()
            await super().shutdown(sockets)

    typer.echo(f"nas serves at http://{found.host}:{found.port} with its state in {found.home}; Ctrl-C ends it")
    if not app.state.service.store.lead():
        typer.echo("another process runs the jobs of this database; this one takes over when that one ends")
    for plugin in installed():
        if plugin.problem:
            typer.echo(f"nas: {described(plugin)}; everything else works", err=True)
    config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=GRACE_S)
    Server(config).run(sockets=[listener])


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
