"""A service in another process, which a dashboard that stands alone shows over HTTP."""

from __future__ import annotations

import ssl
import time
from collections.abc import AsyncIterator
from types import MappingProxyType
from typing import Final

import httpx
from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from nas_service.access import ANYBODY, Caller, Scope
from nas_service.api.hosts import Hosts
from nas_service.api.live_views import CallerView
from nas_service.api.sessions import Sessions
from nas_service.client import ApiError, AsyncClient, ServerAway
from nas_service.errors import ServiceError, Unauthorised, Unavailable

TRUSTED_S: Final = 2.0  # how long a key is not asked for again
PASSED_ON: Final = ("accept", "accept-encoding", "if-none-match", "last-event-id", "range")
PATIENCE_S: Final = 60.0  # of a stream: the service sends a sign of life every 15 s
NOT_PASSED_BACK: Final = ("connection", "keep-alive", "transfer-encoding", "set-cookie", "server", "date")
LINKED: Final = ("/api/{path:path}", "/docs", "/redoc", "/openapi.json", "/agent.pyz")  # by the pages


class Elsewhere:
    """Where it answers, and the connections to it that everybody here shares, in one event loop."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self.transport: httpx.AsyncBaseTransport = httpx.AsyncHTTPTransport(
            verify=ssl.create_default_context(), trust_env=False
        )

    def address(self, request: Request) -> str:  # noqa: ARG002 - the contract
        return self.url

    async def caller(self, key: str) -> CallerView:
        """Who the service takes the holder of this key for. Raises ApiError."""
        return await AsyncClient(self.url, key=key, transport=self.transport).caller()


class RemoteDoor:
    """Lets in whom the service lets in; a session here stands for a key there."""

    def __init__(self, service: Elsewhere, hosts: Hosts) -> None:
        self._service = service
        self.sessions = Sessions(time.time)
        self.hosts = hosts
        self._trusted: dict[str, tuple[Caller, float]] = {}

    async def known(self, key: str) -> Caller | None:
        try:
            return await self.admit(key, "")
        except Unauthorised:
            return None

    async def admit(self, key: str | None, path: str) -> Caller:  # noqa: ARG002 - the contract
        """Raises Unavailable while the service does not answer."""
        shown, now = key or "", time.monotonic()
        caller, until = self._trusted.get(shown, (ANYBODY, 0.0))
        if now < until:
            return caller
        self._trusted = {each: trusted for each, trusted in self._trusted.items() if now < trusted[1]}
        caller = await self._ask(shown)
        self._trusted[shown] = caller, now + TRUSTED_S
        return caller

    async def _ask(self, key: str) -> Caller:
        try:
            found = await self._service.caller(key)
        except ApiError as error:
            if error.status in (401, 403):
                raise Unauthorised from None
            raise Unavailable(f"The service is away: {error.detail}") from None
        return Caller(found.owner, Scope(found.scope), key) if found.keys else ANYBODY


def passing_on(service: Elsewhere) -> APIRouter:
    """What the pages link to at the service, read with the viewer's key. Nothing is changed this way."""
    router = APIRouter(include_in_schema=False)
    http = httpx.AsyncClient(base_url=service.url, transport=service.transport, timeout=PATIENCE_S)

    async def read(request: Request) -> Response:
        asked = http.build_request("GET", request.url.path, params=request.url.query, headers=_headers(request))
        try:
            answer = await http.send(asked, stream=True)
        except httpx.TransportError as error:
            raise Unavailable(f"The service is away: {ServerAway(service.url, error)}") from None
        sent = {name: value for name, value in answer.headers.items() if name not in NOT_PASSED_BACK}
        return StreamingResponse(_pieces(answer), answer.status_code, sent)

    async def refuse() -> None:
        raise OnlyReads(f"this is a dashboard; send what changes something to the service itself, at {service.url}")

    for path in LINKED:
        router.add_api_route(path, read, methods=["GET"])
    router.add_api_route("/api/{path:path}", refuse, methods=["POST", "PUT", "PATCH", "DELETE"])
    return router


async def _pieces(answer: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for piece in answer.aiter_raw():
            yield piece
    finally:
        await answer.aclose()


def _headers(request: Request) -> dict[str, str]:
    caller: Caller | None = getattr(request.state, "caller", None)
    sent = {name: value for name, value in request.headers.items() if name in PASSED_ON}
    shown = {"authorization": f"Bearer {caller.key}"} if caller is not None and caller.key else {}
    return {"accept-encoding": "identity", **sent, **shown}


class OnlyReads(ServiceError):
    """Something that only the service itself does."""

    status = 405
    title = "A dashboard only reads"
    headers = MappingProxyType({"Allow": "GET"})
