"""Where a server of ours listens, and who on other machines it lets in: what `nas serve` and `nas dashboard` share."""

from __future__ import annotations

import os
import socket
import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .terminal import UserError

if TYPE_CHECKING:
    import uvicorn
    from fastapi import FastAPI

GRACE_S = 3  # for requests that are being answered

AllowKeyless = Annotated[
    bool, typer.Option("--allow-keyless", help="listen to other machines, though nobody needs a key")
]
AllowPlainHttp = Annotated[
    bool, typer.Option("--allow-plain-http", help="listen to other machines without TLS: a proxy before it has that")
]
Certificate = Annotated[Path | None, typer.Option(metavar="FILE", help="PEM, with its chain: serve https")]
PrivateKey = Annotated[Path | None, typer.Option(metavar="FILE", help="PEM, of that certificate")]
PublicHosts = Annotated[
    list[str] | None,
    typer.Option(
        "--public-host", metavar="NAME", help="a name under which browsers reach it, once a name [NAS_PUBLIC_HOSTS]"
    ),
]


def refuse_plain(host: str, *, encrypted: bool) -> None:
    if not encrypted:
        raise UserError(
            f"--host {host} lets other machines in, and over plain HTTP everybody on the way reads their keys: pass "
            "--tls-cert and --tls-key, or --allow-plain-http where a proxy before the service has TLS"
        )


def tls_of(certificate: Path | None, private_key: Path | None) -> dict[str, Any]:
    """What uvicorn is given; nothing for plain HTTP. Raises UserError for files that are no certificate and its key."""
    if certificate is None and private_key is None:
        return {}
    if certificate is None or private_key is None:
        raise UserError("--tls-cert and --tls-key belong together: a certificate, and the private key of it")
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, private_key, password="")
    except OSError as error:
        why = error.reason if isinstance(error, ssl.SSLError) else error.strerror
        raise UserError(
            f"--tls-cert {certificate} and --tls-key {private_key} cannot be used: {why}; expected a certificate and "
            "its private key without a password, both PEM"
        ) from None
    return {"ssl_certfile": certificate, "ssl_keyfile": private_key}


def listening(host: str, port: int) -> socket.socket:
    """The bound socket: a taken port is refused before anything else starts."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise UserError(
            f"cannot listen at {host} port {port}: {os.strerror(error.errno or 0)}; is a server running there already? "
            "Choose another with --port"
        ) from None


def web_address(host: str, listener: socket.socket, tls: dict[str, Any]) -> str:
    """The one to open in a browser."""
    name = f"[{host}]" if ":" in host else host
    return f"{'https' if tls else 'http'}://{name}:{listener.getsockname()[1]}"


def web_server(app: FastAPI, tls: dict[str, Any]) -> uvicorn.Config:
    import uvicorn

    return uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=GRACE_S, **tls)
