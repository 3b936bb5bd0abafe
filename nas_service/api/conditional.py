"""Who polls gets nothing anew: answers have an `ETag`, and one that the reader has already is a 304 without a body."""

from __future__ import annotations

from hashlib import blake2b

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

NEVER_KEPT = "private, no-cache"  # by anybody but the reader, who has to ask each time


class Conditional:
    """ASGI middleware: JSON that answers a GET in one piece is named by a hash of its bytes (RFC 9110, 13)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].startswith("/api"):
            await self._app(scope, receive, send)
            return
        await self._app(scope, receive, _Answer(send, Headers(scope=scope).get("if-none-match", "")).send)


class _Answer:
    """Holds the head of an answer back until its body is there."""

    def __init__(self, send: Send, known: str) -> None:
        self._send = send
        self._known = known
        self._head: Message | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_json(message):
            self._head = message
            return
        if self._head is not None:
            head, self._head = self._head, None
            if message["type"] == "http.response.body" and not message.get("more_body"):
                message = self._named(head, message)
            await self._send(head)
        await self._send(message)

    def _named(self, head: Message, message: Message) -> Message:
        tag = f'"{blake2b(message.get("body", b""), digest_size=16).hexdigest()}"'
        headers = MutableHeaders(raw=head["headers"])
        headers["etag"] = tag
        headers.setdefault("cache-control", NEVER_KEPT)
        if tag not in {one.strip().removeprefix("W/") for one in self._known.split(",")}:
            return message
        head["status"] = 304
        for name in ("content-length", "content-type"):
            del headers[name]
        return {"type": "http.response.body", "body": b""}


def _is_json(head: Message) -> bool:
    return head["status"] == 200 and Headers(raw=head["headers"]).get("content-type") == "application/json"
