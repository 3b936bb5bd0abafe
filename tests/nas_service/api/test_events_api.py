"""The event stream: nothing is skipped, nothing comes twice, wherever it is taken up again."""

from __future__ import annotations

import asyncio
from itertools import islice
from pathlib import Path

import empty_stores
import httpx
import pytest
from feeds import feed_of
from services import ENDLESS, SPEC, Live
from sqlalchemy import event

from nas_service.api.feed import Feed
from nas_service.client import ApiError, Client
from nas_service.store import events


def stored(live: Live, job_id: str) -> list[int]:
    with live.app.state.service.store.read() as conn:
        return [event.seq for event in events.after(conn, job_id, 0, 10_000)]


def test_a_finished_job_streams_every_event_and_ends(client: Client, live: Live, finished: str) -> None:
    found = list(client.events(finished))
    assert [event.seq for event in found] == stored(live, finished) == list(range(1, len(found) + 1))
    assert found[0].data["state"] == "queued"
    assert found[-1].data["state"] == "finished"
    assert sum(event.type == "trial" for event in found) == 20


@pytest.mark.parametrize("how", ["header", "query"])
def test_a_stream_resumes_after_any_event(http: httpx.Client, live: Live, finished: str, how: str) -> None:
    every = stored(live, finished)
    for seen in (0, 1, 7, every[-1] - 1, every[-1]):
        by_header = {"headers": {"Last-Event-ID": str(seen)}, "params": {"after": 3}}
        text = http.get(
            f"/api/v1/jobs/{finished}/events", **(by_header if how == "header" else {"params": {"after": seen}})
        ).text
        ids = [int(line.removeprefix("id: ")) for line in text.splitlines() if line.startswith("id: ")]
        assert ids == every[seen:]


def test_a_viewer_sees_a_running_job_as_it_goes_on(client: Client, live: Live) -> None:
    live.workers.open.clear()
    job = client.submit(ENDLESS | {"seed": 7}).id
    stream = client.events(job)
    before = list(islice(stream, 2))
    live.workers.open.set()
    trial = next(event for event in stream if event.type == "trial")
    assert [event.data["state"] for event in before] == ["queued", "running"]
    assert trial.data["state"] == "completed"
    client.cancel(job)
    rest = list(stream)
    assert rest[-1].data["state"] == "cancelled"
    assert [event.seq for event in rest] == list(range(trial.seq + 1, rest[-1].seq + 1))


def test_past_events_come_newest_first_page_by_page(client: Client, live: Live, finished: str) -> None:
    every = stored(live, finished)[::-1]
    page = client.history_page(finished, limit=7)
    assert ([event.seq for event in page.items], page.last) == (every[:7], every[0])
    following = client.history_page(finished, limit=7, cursor=page.next)
    assert [event.seq for event in following.items] == every[7:14]
    assert [event.seq for event in client.history(finished)] == every
    assert [event.seq for event in client.history(finished, after=every[3])] == every[:3]


def test_past_events_of_a_kind(client: Client) -> None:
    job = client.wait(client.submit(SPEC | {"seed": 32, "task": {"name": "landscape", "epochs": 3}}).id).id
    every = list(client.history(job))
    assert {event.type for event in client.history(job, kind="job")} == {"job"}
    ends = list(client.history(job, kind="ends"))
    assert ends == [event for event in every if event.type != "epoch"]
    assert 20 < len(ends) < len(every)
    assert list(client.history(job, kind="failures")) == []


def test_failures_are_told_with_their_causes(client: Client) -> None:
    task = SPEC["task"] | {"seconds": 1}
    spec = SPEC | {"task": task, "seed": 31, "workers": {"timeout_s": 0.01}, "budget": {"trials": 2}}
    job = client.wait(client.submit(spec).id).id
    ended, *trials = client.history(job, kind="failures")
    assert (ended.type, ended.data["state"]) == ("job", "failed")
    assert {trial.data["cause"] for trial in trials} == {"timeout"}
    assert {trial.data["trial"] for trial in trials} == {f"{job}.t{n}" for n in range(len(trials))}


def test_a_page_of_few_events_is_short_and_has_a_next_one(
    client: Client, finished: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "LOOKED_THROUGH", 5)
    page = client.history_page(finished, kind="job")
    assert len(page.items) < 3
    assert page.next
    assert [event.data["state"] for event in client.history(finished, kind="job")] == ["finished", "running", "queued"]


def test_a_history_refuses_what_is_none(client: Client) -> None:
    with pytest.raises(ApiError, match="no job 'nope'"):
        client.history_page("nope")


async def opened(feed: Feed, job_id: str, viewers: int) -> list[bool]:
    """Which of many viewers have news after one look."""
    watching = [feed.watch(job_id) for _ in range(viewers)]
    feed.look()
    await asyncio.sleep(0)
    return [viewer.news.is_set() for viewer in watching]


def test_many_viewers_cost_one_query_a_look(tmp_path: Path) -> None:
    store = empty_stores.opened(tmp_path / "nas.sqlite")
    queries: list[str] = []
    event.listen(store.engine, "before_cursor_execute", lambda *call: queries.append(call[2]))
    assert all(asyncio.run(opened(feed_of(store, tmp_path), "any", 1000)))
    assert sum(query.startswith("SELECT") for query in queries) == 1
    store.close()


def test_a_viewer_is_woken_once_for_what_it_was_told(tmp_path: Path) -> None:
    async def look_twice() -> list[bool]:
        feed = feed_of(store, tmp_path)
        viewer = feed.watch("gone")
        woken = []
        for _ in range(2):
            viewer.news.clear()
            feed.look()
            await asyncio.sleep(0)
            woken.append(viewer.news.is_set())
        return woken

    store = empty_stores.opened(tmp_path / "nas.sqlite")
    assert asyncio.run(look_twice()) == [True, False]
    store.close()
