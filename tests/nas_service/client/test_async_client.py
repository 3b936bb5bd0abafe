"""The asynchronous client: what the dashboard stands on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import httpx
import pytest
from services import MODEL, SPEC, Live

from nas_service.client import ApiError, AsyncClient, Client, ServerAway

T = TypeVar("T")


def ask(live: Live, question: Callable[[AsyncClient], Awaitable[T]]) -> T:
    async def asked() -> T:
        async with AsyncClient(live.url) as client:
            return await question(client)

    return asyncio.run(asked())


def test_a_job_runs_from_submission_to_its_file(live: Live) -> None:
    async def whole(client: AsyncClient) -> bytes:
        job = await client.wait((await client.submit(SPEC | {"seed": 21})).id)
        export = await client.wait_for_export((await client.export_best(job.id)).id)
        return await client.download(export.id, "model.onnx")

    assert ask(live, whole) == MODEL


def test_it_reads_what_the_other_client_reads(live: Live, client: Client, finished: str) -> None:
    other = client.wait(client.submit(SPEC | {"seed": 22}).id).id

    async def everything(asked: AsyncClient) -> list[object]:
        return [
            await asked.job(finished),
            [candidate async for candidate in asked.candidates(finished, order="reward")],
            await asked.candidates_page(finished, order="macs", count=True, feasible=True, limit=3),
            await asked.candidates_csv(finished, order="macs", descending=True),
            await asked.curves(finished),
            await asked.history_page(finished, kind="job"),
            [event async for event in asked.history(finished, kind="ends", after=3)],
            await asked.pareto(finished),
            await asked.points(finished),
            await asked.points(finished, most=10, within=(0, 3e6, 0, 1)),
            await asked.progress(finished, most=5),
            await asked.choices(finished, most=3),
            await asked.compare([finished, other]),
            (await asked.jobs_page(name="no such name")).items,
            await asked.candidate(f"{finished}.c1"),
            await asked.changes(f"{finished}.c1"),
            await asked.twins(f"{finished}.c1"),
            [trial async for trial in asked.trials(finished, state="completed")],
            await asked.trial_log(f"{finished}.t1"),
            [event async for event in asked.events(finished, after=3)],
            await asked.spaces(),
            await asked.strategies(),
            await asked.tasks(),
            await asked.spec_schema(),
            await asked.plugins(),
            await asked.devices(),
            [one.device for one in await asked.agents()],
            await asked.cluster(),
            await asked.caller(),
            [await anext(asked.notices())],
        ]

    assert ask(live, everything) == [
        client.job(finished),
        list(client.candidates(finished, order="reward")),
        client.candidates_page(finished, order="macs", count=True, feasible=True, limit=3),
        client.candidates_csv(finished, order="macs", descending=True),
        client.curves(finished),
        client.history_page(finished, kind="job"),
        list(client.history(finished, kind="ends", after=3)),
        client.pareto(finished),
        client.points(finished),
        client.points(finished, most=10, within=(0, 3e6, 0, 1)),
        client.progress(finished, most=5),
        client.choices(finished, most=3),
        client.compare([finished, other]),
        client.jobs_page(name="no such name").items,
        client.candidate(f"{finished}.c1"),
        client.changes(f"{finished}.c1"),
        client.twins(f"{finished}.c1"),
        list(client.trials(finished, state="completed")),
        client.trial_log(f"{finished}.t1"),
        list(client.events(finished, after=3)),
        client.spaces(),
        client.strategies(),
        client.tasks(),
        client.spec_schema(),
        client.plugins(),
        client.devices(),
        [one.device for one in client.agents()],
        client.cluster(),
        client.caller(),
        [next(client.notices())],
    ]


def test_refusals_are_raised(live: Live) -> None:
    with pytest.raises(ApiError, match="no job 'nope'"):
        ask(live, lambda client: client.job("nope"))


def test_a_stream_that_only_drops_ends_with_the_server_away() -> None:
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    def drop(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    async def follow() -> None:
        client = AsyncClient("http://test", transport=httpx.MockTransport(drop), sleep=pause)
        async with client:
            async for _ in client.events("any"):
                pass

    with pytest.raises(ServerAway):
        asyncio.run(follow())
    assert len(pauses) == 8
