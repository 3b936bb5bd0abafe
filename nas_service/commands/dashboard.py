"""`nas dashboard`: the pages as a process of their own, of a service that answers elsewhere."""

from __future__ import annotations

import os
import socket
import sys
from importlib.metadata import version
from typing import Annotated, Any

import typer

from .. import logs
from ..api.live_views import CallerView
from ..client import ApiError
from ..settings import is_loopback
from .environment import settings
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
from .terminal import DEFAULT_URL, Server, UserError, connected

Host = Annotated[str, typer.Option(help="address to listen at")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one")]


def dashboard(
    server: Server = DEFAULT_URL,
    host: Host = "127.0.0.1",
    port: Port = 8351,
    allow_keyless: AllowKeyless = False,
    allow_plain_http: AllowPlainHttp = False,
    tls_cert: Certificate = None,
    tls_key: PrivateKey = None,
    public_host: PublicHosts = None,
) -> None:
    """Show the pages of a service that runs elsewhere; who opens them logs in with a key of that service."""
    tls = tls_of(tls_cert, tls_key)
    caller = _caller(server)
    if not is_loopback(host):
        refuse_plain(host, encrypted=bool(tls) or allow_plain_http)
        _refuse_keyless(host, server, caller, allowed=allow_keyless)
    found = settings()
    logs.configure(found.log_format, found.log_level, sys.stderr)
    names = tuple(name.lower() for name in public_host) if public_host else found.names
    with listening(host, port) as listener:
        _serve(server, listener, host, names, tls)


def _caller(server: str) -> CallerView:
    """Who the service takes NAS_API_KEY for. Raises UserError where it cannot be shown."""
    with connected(server) as client:
        try:
            found = client.caller()
        except ApiError as error:
            raise UserError(_why_not(server, error)) from None
    ours = version("nas-service")
    if found.version != ours:
        raise UserError(
            f"the service at {server} is of version {found.version} and this dashboard of {ours}; install "
            f"nas-service {found.version} here"
        )
    return found


def _why_not(server: str, error: ApiError) -> str:
    if error.status == 401 and os.environ.get("NAS_API_KEY"):
        return f"the service at {server} refuses the key in NAS_API_KEY; `nas key list` on its machine says which hold"
    if error.status == 401:
        return f"the service at {server} asks for a key; set NAS_API_KEY to one of scope read or more"
    if error.status == 403:
        return f"the service at {server} does not let this key read: {error.detail}"
    if error.status == 404:
        return f"the service at {server} is of an older version, or is none; expected one of {version('nas-service')}"
    return error.detail


def _refuse_keyless(host: str, server: str, caller: CallerView, *, allowed: bool) -> None:
    if not (allowed or caller.keys):
        raise UserError(
            f"--host {host} lets other machines in, and the service at {server} asks nobody for a key: whoever reaches "
            "the dashboard could run work there. Make one on its machine with: nas key create --owner NAME --scope "
            "admin; or pass --allow-keyless where a proxy before the dashboard has a log-in"
        )


def _serve(server: str, listener: socket.socket, host: str, names: tuple[str, ...], tls: dict[str, Any]) -> None:
    import uvicorn

    from ..api.hosts import Hosts
    from ..dashboard.serving.elsewhere import Elsewhere
    from ..dashboard.serving.standalone import create_dashboard  # takes a second to import

    app = create_dashboard(Elsewhere(server), Hosts(is_loopback(host), names))
    typer.echo(f"nas shows {server} at {web_address(host, listener, tls)}; Ctrl-C ends it")
    uvicorn.Server(web_server(app, tls)).run(sockets=[listener])
