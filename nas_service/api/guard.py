"""Who gets in. Without keys everybody on this machine; from the first key on, whoever shows one that holds."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import urlsplit

from fastapi import Request
from sqlalchemy.exc import OperationalError
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from nas_service import access
from nas_service.access import ANYBODY, Caller
from nas_service.errors import Forbidden, ServiceError, Unauthorised
from nas_service.settings import is_loopback
from nas_service.store import keys

from . import login_page, problems
from .service import Service
from .sessions import COOKIE

OPEN = ("/healthz", "/readyz", "/login", "/agent.pyz")
METRICS = "/metrics"
SAFE = ("GET", "HEAD", "OPTIONS")


class Guard:
    """ASGI middleware: refuses who may not come, and notes on every other request who that is."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app = app
        self._service = service
        self._watching: dict[str | None, Caller] = {}  # the key shown for metrics, or none, to who that is

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        came = HTTPConnection(scope)
        try:
            refuse_other_sites(came)
            if came.url.path not in OPEN:
                scope.setdefault("state", {})["caller"] = await run_in_threadpool(self._admit, came)
        except (ServiceError, OperationalError) as error:
            await (await _refusal(came, error))(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _admit(self, came: HTTPConnection) -> Caller:
        """While the database is away, whoever watched before still gets the metrics, for they say that it is."""
        shown, metrics = _shown(self._service, came), came.url.path == METRICS
        try:
            caller = _caller(self._service, came, shown)
        except OperationalError:
            if metrics and shown in self._watching:
                return self._watching[shown]
            raise
        except ServiceError:
            self._watching.pop(shown, None)
            raise
        if metrics:
            self._watching[shown] = caller
        return caller


def verified(service: Service, key: str | None) -> Caller | None:
    """Whose key this is, None where it opens nothing. Notes its use."""
    key_id, at = access.id_of(key or ""), service.clock()
    if key is None or key_id is None:
        return None
    with service.store.read() as conn:
        kept = keys.find(conn, key_id)
    if not access.opens(key, kept, at) or kept is None:
        return None
    if not keys.is_fresh(kept, at):
        with suppress(OperationalError), service.store.write() as conn:  # a full disk is no reason to refuse a reader
            keys.used(conn, key_id, at)
    return Caller(kept.owner, access.Scope(kept.scope), key)


def asks_for_keys(service: Service) -> bool:
    """Since the first key was made; also when none holds any more, for a key that expires must not open the service."""
    with service.store.read() as conn:
        return keys.exist(conn)


def refuse_other_sites(came: HTTPConnection) -> None:
    """Raises Forbidden for what a page of another site makes a browser send, unless it is a plain reading."""
    origin = came.headers.get("origin")
    if origin is None or came.scope.get("method") in SAFE:
        return
    if urlsplit(origin).netloc != came.headers.get("host"):
        raise Forbidden(
            "this comes from a page of another site. A proxy before the service has to pass the Host header on"
        )


def _caller(service: Service, came: HTTPConnection, shown: str | None) -> Caller:
    """Raises Unauthorised, and Forbidden for a name that is not this machine's where no key protects it."""
    known = verified(service, shown)
    if known is not None:
        return known
    if asks_for_keys(service):
        raise Unauthorised
    _refuse_other_names(service, came)
    return ANYBODY


def _shown(service: Service, came: HTTPConnection) -> str | None:
    kind, _, key = came.headers.get("authorization", "").partition(" ")
    return key.strip() if kind.lower() == "bearer" else service.sessions.key(came.cookies.get(COOKIE))


def _refuse_other_names(service: Service, came: HTTPConnection) -> None:
    """A page of another site could have its own name resolve to this machine; a browser still sends that name."""
    name = urlsplit(f"//{came.headers.get('host', '')}").hostname or ""
    if service.settings.loopback and not is_loopback(name):
        raise Forbidden(
            f"without keys this service answers to localhost alone, not to {name[:100]!r}; make a key with: "
            "nas key create --owner NAME --scope admin"
        )


async def _refusal(came: HTTPConnection, error: Exception) -> WebSocketClose | Response:
    if came.scope["type"] == "websocket":
        return WebSocketClose(1008)
    if isinstance(error, Unauthorised) and _is_page(came):
        return login_page.shown(f"{came.url.path}?{came.url.query}", headers=error.headers)
    return await problems.answer(Request(came.scope), error)


def _is_page(came: HTTPConnection) -> bool:
    return not came.url.path.startswith("/api") and "text/html" in came.headers.get("accept", "")
