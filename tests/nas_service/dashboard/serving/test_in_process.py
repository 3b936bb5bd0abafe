"""Requests within a process: answers as they come, and requests that go on when nobody waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse

from nas_service.dashboard.serving.in_process import InProcess

app = FastAPI()
ended: list[str] = []


@app.post("/echo")
async def echo(request: Request, times: int) -> list[str]:
    return [(await request.body()).decode()] * times


@app.get("/endless")
async def endless() -> StreamingResponse:
    async def numbers() -> AsyncIterator[str]:
        try:
            for number in range(10**9):
                yield f"{number}\n"
                await asyncio.sleep(0)
        finally:
            ended.append("endless")

    return StreamingResponse(numbers())


@app.get("/fault")
async def fault() -> None:
    raise LookupError("a fault in the service")


async def client() -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url="http://here", transport=InProcess(app))


def test_a_request_is_answered_as_over_http() -> None:
    async def ask() -> httpx.Response:
        return await (await client()).post("/echo", params={"times": 2}, content="said")

    answer = asyncio.run(ask())
    assert (answer.status_code, answer.json()) == (200, ["said", "said"])


def test_a_fault_is_an_answer_too(caplog: pytest.LogCaptureFixture) -> None:
    async def ask() -> int:
        return (await (await client()).get("/fault")).status_code

    assert asyncio.run(ask()) == 500
    assert "a request from a page failed" in caplog.text


def test_a_stream_is_read_while_it_goes_on_and_ends_with_its_reader() -> None:
    async def read() -> list[str]:
        lines = []
        async with (await client()).stream("GET", "/endless") as answer:
            async for line in answer.aiter_lines():
                lines.append(line)
                if len(lines) == 3:
                    break
        while not ended:
            await asyncio.sleep(0.01)
        return lines

    assert asyncio.run(read()) == ["0", "1", "2"]
