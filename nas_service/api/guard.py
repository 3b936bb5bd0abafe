"""Who gets in. Without keys everybody on this machine; from the first key on, whoever shows one that holds."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import Request
from sqlalchemy.exc import OperationalError
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from nas_service.access import ANYBODY
from nas_service.errors import ServiceError, Unauthorised, Unavailable

from . import login_page, problems
from .door import Door
from .hosts import refuse_other_sites
from .sessions import COOKIE

PROBES = ("/healthz", "/readyz")  # whoever watches it may call it what he likes
OPEN = ("/login", "/agent.pyz")


class Guard:
    """ASGI middleware: refuses who may not come, and notes on every other request who that is."""

    def __init__(self, app: ASGIApp, door: Callable[[], Door]) -> None:
        self._app = app
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        came = HTTPConnection(scope)
        try:
            refuse_other_sites(came)
            await self._admit(came)
        except (ServiceError, OperationalError) as error:
            await (await _refusal(came, error))(scope, receive, _unframed(send))
        else:
            await self._app(scope, receive, _unframed(send))

    async def _admit(self, came: HTTPConnection) -> None:
        door, path = self._door(), came.url.path
        if path in PROBES:
            return
        door.hosts.refuse_unknown(came, keyless=False)
        if path in OPEN:
            return
        caller = await door.admit(_shown(door, came), path)
        door.hosts.refuse_unknown(came, keyless=caller == ANYBODY)
        came.scope.setdefault("state", {})["caller"] = caller


def _shown(door: Door, came: HTTPConnection) -> str | None:
    kind, _, key = came.headers.get("authorization", "").partition(" ")
    return key.strip() if kind.lower() == "bearer" else door.sessions.key(came.cookies.get(COOKIE))


def _unframed(send: Send) -> Send:
    """Pages in a frame of another page could be clicked unseen."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=message["headers"])
            if headers.get("content-type", "").startswith("text/html"):
                headers.setdefault("content-security-policy", "frame-ancestors 'none'")
        await send(message)

    return sent


async def _refusal(came: HTTPConnection, error: Exception) -> WebSocketClose | Response:
    if came.scope["type"] == "websocket":
        return WebSocketClose(1008)
    if _is_page(came) and isinstance(error, Unauthorised):
        return login_page.shown(f"{came.url.path}?{came.url.query}", headers=error.headers)
    if _is_page(came) and isinstance(error, Unavailable):
        return login_page.away(error.detail)
    return await problems.answer(Request(came.scope), error)


def _is_page(came: HTTPConnection) -> bool:
    return not came.url.path.startswith("/api") and "text/html" in came.headers.get("accept", "")
