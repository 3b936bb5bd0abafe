"""Scripts, styles and fonts of the pages, read and compressed once in the life of the process."""

from __future__ import annotations

from posixpath import normpath
from typing import Final

from starlette.datastructures import Headers
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LEVEL: Final = 5  # of gzip; 9 takes much longer and saves little
SMALLEST: Final = 500  # bytes that are worth it
FOREVER: Final = "immutable"  # said of files that have the version in their path, so that browsers never ask again
OWN: Final = ("range", "if-none-match", "if-modified-since")  # a request with one of these has an answer of its own

MOST: Final = 400  # files, compressed and not; the packages have fewer

Kept = tuple[Message, bytes]  # head and body of an answer


class KeptAssets:
    """ASGI middleware: answers that never change are kept as they were sent, compressed or not; others pass."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._kept: dict[tuple[str, bool], Kept] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        asked = Headers(scope=scope)
        key = (scope["path"], "gzip" in asked.get("accept-encoding", ""))
        if any(name in asked for name in OWN):
            await self._app(scope, receive, send)
        elif kept := self._kept.get(key):
            head, body = kept
            await send({**head, "headers": list(head["headers"])})
            await send({"type": "http.response.body", "body": body})
        else:
            answer = _Copied(receive, send)
            await self._app(scope, answer.receive, answer.send)
            self._keep(key, answer)

    def _keep(self, key: tuple[str, bool], answer: _Copied) -> None:
        """Not under another spelling of a path, of which there are any number."""
        if answer.never_changes and len(self._kept) < MOST and normpath(key[0]) == key[0]:
            self._kept[key] = answer.copy


class Compressed(GZipMiddleware):
    """ASGI middleware: pages go compressed to whoever reads that, at a level that costs little."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(app, minimum_size=SMALLEST, compresslevel=LEVEL)


class _Copied:
    """An answer that is passed on, and copied where it never changes.

    The file of a reader who leaves is read no further, and Starlette's middlewares end the answer there as if it were
    whole.
    """

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self._head: Message = {}
        self._parts: list[bytes] = []
        self._whole = self._left = False

    @property
    def never_changes(self) -> bool:
        return self._whole and not self._left

    @property
    def copy(self) -> Kept:
        return self._head, b"".join(self._parts)

    async def receive(self) -> Message:
        message = await self._receive()
        self._left |= message["type"] == "http.disconnect" and not self._whole
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_forever(message):
            self._head = message
        elif message["type"] == "http.response.body" and self._head:
            self._parts.append(message.get("body", b""))
            self._whole = not message.get("more_body")
        await self._send(message)


def _is_forever(head: Message) -> bool:
    return head["status"] == 200 and FOREVER in Headers(raw=head["headers"]).get("cache-control", "")
