"""Answers that never change are kept as they were sent; pages go compressed to whoever reads that."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Message

from nas_service.dashboard.serving.assets import Compressed, KeptAssets

FOREVER = {"cache-control": "public, max-age=31536000, immutable"}
TEXT = "a script " * 1000
HEARD = 100  # turns of the event loop, in which every task has heard of what happened

Get = Callable[..., httpx.Response]


class Passing(BaseHTTPMiddleware):
    """Changes nothing, as most of them."""

    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        return await call_next(request)


@pytest.fixture
def read() -> list[str]:
    """The paths that reached the application, in order."""
    return []


@pytest.fixture
def get(read: list[str]) -> Get:
    def answer(request: Request) -> Response:
        read.append(request.url.path)
        script = PlainTextResponse(TEXT, headers=FOREVER | {"etag": '"1"'})
        return {
            "/script.js": script,
            "/x//script.js": script,
            "/parts.js": StreamingResponse(iter([TEXT[:50], TEXT[50:]]), headers=FOREVER),
            "/page": PlainTextResponse(TEXT, headers={"cache-control": "no-store"}),
            "/tiny": PlainTextResponse("tiny"),
        }.get(request.url.path, PlainTextResponse("not here", status_code=404, headers=FOREVER))

    app = Starlette(routes=[Route("/{path:path}", answer)])
    app.add_middleware(Compressed)
    app.add_middleware(KeptAssets)

    async def ask(path: str, **headers: str) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client:
            return await client.get(path, headers=headers)

    return lambda path, **headers: asyncio.run(ask(path, **headers))


def test_what_never_changes_is_read_once(get: Get, read: list[str]) -> None:
    first, second = get("/script.js"), get("/script.js")
    assert first.text == second.text == TEXT
    assert first.headers == second.headers
    assert first.headers["content-encoding"] == "gzip"
    assert read == ["/script.js"]


def test_an_answer_in_parts_is_kept_whole(get: Get, read: list[str]) -> None:
    assert [get("/parts.js").text for _ in range(2)] == [TEXT, TEXT]
    assert read == ["/parts.js"]


def test_who_reads_no_gzip_gets_none(get: Get) -> None:
    get("/script.js")
    plain = get("/script.js", **{"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.text == TEXT


@pytest.mark.parametrize("path", ["/page", "/missing.js", "/x//script.js"])
def test_what_may_change_is_missing_or_is_spelt_otherwise_is_not_kept(get: Get, read: list[str], path: str) -> None:
    get(path)
    get(path)
    assert read == [path, path]


@pytest.mark.parametrize("header", [{"range": "bytes=0-9"}, {"if-none-match": '"1"'}])
def test_a_request_with_conditions_is_answered_by_the_application(
    get: Get, read: list[str], header: dict[str, Any]
) -> None:
    get("/script.js")
    get("/script.js", **header)
    assert read == ["/script.js", "/script.js"]


def test_pages_are_compressed_and_small_answers_are_not(get: Get) -> None:
    page = get("/page")
    assert page.text == TEXT
    assert page.headers["content-encoding"] == "gzip"
    assert int(page.headers["content-length"]) < len(TEXT) / 10
    assert "content-encoding" not in get("/tiny").headers


@pytest.mark.parametrize("coded", [b"gzip", b"identity"])
def test_an_answer_whose_reader_left_in_the_middle_is_not_kept(tmp_path: Path, coded: bytes) -> None:
    """The middlewares of NiceGUI end such an answer as if it were whole."""
    path = tmp_path / "script.js"
    path.write_bytes(b"a script " * 100_000)
    app = Starlette(routes=[Route("/script.js", lambda _: FileResponse(path, headers=FOREVER))])
    app.add_middleware(Passing)
    app.add_middleware(Compressed)
    app.add_middleware(KeptAssets)

    async def read(*, leaving: bool) -> bytes:
        said, left = [{"type": "http.request"}], asyncio.Event()
        parts: list[bytes] = []

        async def receive() -> Message:
            if said:
                return said.pop()
            await left.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            parts.append(message.get("body", b""))
            if leaving and message["type"] == "http.response.body":
                left.set()
                for _ in range(HEARD):
                    await asyncio.sleep(0)

        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "GET",
            "path": "/script.js",
            "query_string": b"",
            "headers": [(b"accept-encoding", coded)],
        }
        await app(scope, receive, send)
        return b"".join(parts)

    part, whole = asyncio.run(read(leaving=True)), asyncio.run(read(leaving=False))
    assert len(part) < len(whole)
    assert (gzip.decompress(whole) if coded == b"gzip" else whole) == path.read_bytes()
    assert asyncio.run(read(leaving=False)) == whole
