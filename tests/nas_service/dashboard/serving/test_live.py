"""What pages share: one stream, and one request for what all of them ask; on a real service, over real HTTP."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import services
from fastapi import FastAPI
from made_tables import document, made_table
from searches import Clock
from services import ENDLESS, Live
from starlette.types import ASGIApp, Receive, Scope, Send

from nas_service import access
from nas_service.access import Scope as KeyScope
from nas_service.api import standing
from nas_service.client import ApiError, AsyncClient, Client
from nas_service.dashboard.serving import live as sharing
from nas_service.dashboard.serving.live import DEVICES, JOBS, Hub, LiveClient, Watch, topic_of
from nas_service.store import keys

STREAM = "/api/v1/events"
PATIENCE_S = 30.0


class Counted:
    """ASGI middleware: how often each path was asked for, and how many streams are open."""

    def __init__(self, app: ASGIApp, asked: Counter[str], open_streams: Counter[str]) -> None:
        self._app, self._asked, self._open = app, asked, open_streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        self._asked[path] += 1
        self._open[path] += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._open[path] -= 1


class Counts:
    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.open: Counter[str] = Counter()

    def install(self, app: FastAPI) -> None:
        app.add_middleware(Counted, asked=self.asked, open_streams=self.open)


@pytest.fixture
def counts() -> Counts:
    return Counts()


@pytest.fixture
def served(tmp_path: Path, counts: Counts) -> Iterator[Live]:
    with services.live(tmp_path / "home", change=counts.install) as running:
        yield running


class Pages:
    """A hub over HTTP, as a dashboard has it, and clients of viewers."""

    def __init__(self, url: str) -> None:
        self._url, self._transport = url, httpx.AsyncHTTPTransport()
        self.hub = Hub(lambda key: AsyncClient(url, key=key, transport=self._transport))

    def viewer(self, key: str = "") -> LiveClient:
        return LiveClient(self._url, key=key, transport=self._transport, hub=self.hub)

    async def open(self, topics: list[str], key: str = "") -> Watch:
        """A page that has no news yet, of a hub whose stream is ready."""
        watch = self.hub.watch(key, topics)
        await until(lambda: self.hub._round > 0)
        await watch.news(0.0)
        return watch

    async def end(self) -> None:
        await self.hub.close()
        await self._transport.aclose()


def browse(live: Live, story: Callable[[Pages], Awaitable[Any]]) -> Any:
    async def told() -> Any:
        pages = Pages(live.url)
        try:
            return await story(pages)
        finally:
            await pages.end()

    return asyncio.run(told())


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("path", "topic"),
    [
        ("/jobs", JOBS),
        ("/jobs/abc", "abc"),
        ("/jobs/abc/points", "abc"),
        ("/candidates/abc.c1/changes", "abc"),
        ("/exports/abc.e1", "abc"),
        ("/trials/abc.t7/log", "abc"),
        ("/devices/pi/table", DEVICES),
        ("/campaigns", DEVICES),
        ("/agents", DEVICES),
        ("/cluster", "cluster"),
    ],
)
def test_an_answer_is_about_a_job_or_about_what_its_path_says(path: str, topic: str) -> None:
    assert topic_of(path) == topic


def test_fifty_viewers_are_one_stream_and_one_request_each_time(served: Live, counts: Counts) -> None:
    with Client(served.url) as client:
        job = client.submit(ENDLESS).id

        async def story(pages: Pages) -> None:
            watches = [await pages.open([job]) for _ in range(50)]
            viewers = [pages.viewer() for _ in watches]
            for _ in range(3):
                await asyncio.gather(*(watch.news(PATIENCE_S) for watch in watches))  # of trials that ended
                before = counts.asked[f"/api/v1/jobs/{job}"]
                found = await asyncio.gather(*(viewer.job(job) for viewer in viewers))
                assert counts.asked[f"/api/v1/jobs/{job}"] == before + 1
                assert len({one.completed for one in found}) == 1
            assert (counts.asked[STREAM], counts.open[STREAM]) == (1, 1)
            for watch in watches[1:]:
                pages.hub.leave(watch)
            assert counts.open[STREAM] == 1
            pages.hub.leave(watches[0])
            await until(lambda: counts.open[STREAM] == 0)

        browse(served, story)
        client.cancel(job)


def test_a_page_is_told_of_its_own_job_alone_and_lists_of_every_one(served: Live) -> None:
    served.workers.open.clear()
    with Client(served.url) as client:
        first, second = (client.submit(ENDLESS | {"seed": seed}).id for seed in (1, 2))
        client.pause(second)  # nothing happens in it from then on

        async def story(pages: Pages) -> tuple[bool, bool, bool]:
            mine, others, every = [await pages.open(topics) for topics in ([first], [second], [JOBS])]
            await asyncio.to_thread(client.pause, first)
            await mine.news(PATIENCE_S)
            await every.news(PATIENCE_S)
            await others.news(0.0)
            versions = [pages.hub._version(topic)[1] for topic in (first, second, JOBS)]
            return versions[0] > 0, versions[1] == 0, versions[2] > 0

        assert browse(served, story) == (True, True, True)
        client.cancel(first)
        client.cancel(second)


def test_pages_of_devices_are_told_of_tables_and_those_of_jobs_are_not(served: Live, tmp_path: Path) -> None:
    sent = document(made_table(), tmp_path)

    async def story(pages: Pages) -> list[str]:
        devices = await pages.open([DEVICES])
        viewer = pages.viewer()
        assert await viewer.devices() == []
        with Client(served.url) as client:
            await asyncio.to_thread(client.put_table, "pi", sent)
        await devices.news(PATIENCE_S)
        assert pages.hub._version(JOBS)[1] == 0
        return [table.name for table in await viewer.devices()]

    assert browse(served, story) == ["pi"]


def test_what_a_page_did_itself_it_sees_at_once(served: Live) -> None:
    served.workers.open.clear()

    async def story(pages: Pages) -> list[str]:
        viewer = pages.viewer()
        job = (await viewer.submit(ENDLESS)).id
        states = [(await viewer.job(job)).state]
        await viewer.cancel(job)
        states.append((await viewer.job(job)).state)
        return states

    before, after = browse(served, story)
    assert before in ("queued", "running")
    assert after == "cancelled"


def test_a_stream_that_was_cut_is_taken_up_again_and_everybody_looks(served: Live, counts: Counts) -> None:
    def submit() -> None:
        with Client(served.url) as client:
            client.submit(ENDLESS)

    async def story(pages: Pages) -> None:
        watch = await pages.open([JOBS])
        round_before = pages.hub._round
        feed = served.app.state.service.feed
        feed.close()  # as a service that stops does
        await watch.news(PATIENCE_S)
        assert pages.hub._round > round_before
        feed._stop.clear()
        feed.start()
        asked = counts.asked[STREAM]
        await until(lambda: counts.asked[STREAM] > asked)
        await asyncio.to_thread(submit)
        await until(lambda: pages.hub._version(JOBS)[1] > 0)
        assert counts.open[STREAM] == 1

    browse(served, story)


def test_pages_are_told_when_the_service_is_gone(tmp_path: Path) -> None:
    async def story() -> str:
        with services.live(tmp_path / "home") as running:
            pages = Pages(running.url)
            watch = await pages.open([JOBS])
            running.app.state.service.feed.close()
        await watch.news(PATIENCE_S)
        with pytest.raises(ApiError) as away:
            await pages.viewer().jobs_page()
        await pages.end()
        return str(away.value)

    assert "no server answers" in asyncio.run(story())


def test_a_revoked_key_sees_nothing_though_others_with_it_open_pages_go_on(
    served: Live, counts: Counts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one stream was opened with the key that is revoked, and what others asked for is there to be seen."""
    monkeypatch.setattr(sharing, "ADMITTED_S", 0.0)
    monkeypatch.setattr(Hub, "_is_old", lambda *_: False)
    monkeypatch.setattr(standing, "EVERY_S", 0.0)
    store = served.app.state.service.store
    made = [access.make(owner, KeyScope.SUBMIT, 1.0, None) for owner in ("ann", "bob")]
    (revoked, lost), (_, kept) = sorted(made, key=lambda one: one[1])
    with store.write() as conn:
        for each, _ in made:
            keys.add(conn, each)

    async def story(pages: Pages) -> None:
        await pages.open([JOBS], lost)
        watch = await pages.open([JOBS], kept)
        await pages.viewer(kept).jobs_page()
        assert (await pages.viewer(lost).jobs_page()).items == []
        assert counts.asked["/api/v1/jobs"] == 1  # it was shared
        with store.write() as conn:
            keys.revoke(conn, revoked.id, 1.0)
        with pytest.raises(ApiError) as refusal:
            await pages.viewer(lost).jobs_page()
        assert refusal.value.status == 401
        assert (await pages.viewer(kept).jobs_page()).items == []
        await pages.viewer(kept).submit(ENDLESS)  # has the stream look at its key, and end
        await until(lambda: lost in pages.hub._shut_out)
        await until(lambda: counts.open[STREAM] == 1)
        await watch.news(PATIENCE_S)
        assert len((await pages.viewer(kept).jobs_page()).items) == 1

    browse(served, story)


def test_an_answer_to_a_key_that_is_refused_is_nobody_elses(served: Live) -> None:
    store = served.app.state.service.store
    kept, key = access.make("ann", KeyScope.READ, 1.0, None)
    with store.write() as conn:
        keys.add(conn, kept)

    async def story(pages: Pages) -> None:
        stranger, ann = pages.viewer("nas_wrong"), pages.viewer(key)
        refused, page = await asyncio.gather(stranger.jobs_page(), ann.jobs_page(), return_exceptions=True)
        assert isinstance(refused, ApiError)
        assert not isinstance(page, BaseException)
        assert page.items == []

    browse(served, story)


def test_a_busy_job_wakes_its_pages_once_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, later = Clock(), []

    async def story() -> list[int]:
        hub = Hub(lambda key: AsyncClient("http://127.0.0.1:9", key=key), clock)
        loop = asyncio.get_running_loop()
        monkeypatch.setattr(loop, "call_later", lambda wait_s, call, *given: later.append((wait_s, call, given)))
        versions = []
        for _ in range(100):
            hub.changed("job")
            versions.append(hub._version("job")[1])
        assert [round(wait_s, 3) for wait_s, *_ in later] == [1.0, 1.0]  # of the job and of the list
        clock.now += 1.0
        for _, call, given in later:
            call(*given)
        return [*versions, hub._version("job")[1]]

    assert asyncio.run(story()) == [1] * 100 + [2]
