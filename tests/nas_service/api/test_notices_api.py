"""The stream of what changes: it tells which jobs to read anew, misses none, and ends with the key that opened it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import empty_stores
import pytest
from feeds import feed_of
from made_tables import document, made_table
from rows import add_job
from services import ENDLESS, Live
from tiny_device import SPEC as TINY

from nas_service import access
from nas_service.access import Scope
from nas_service.api.feed import Feed, Listener
from nas_service.api.live_views import NoticeView
from nas_service.client import ApiError, Client
from nas_service.store import Store, jobs, keys, movement, schema

AT = 1.0


def until(stream: Iterator[NoticeView], wanted: NoticeView) -> NoticeView:
    """The first notice like this one."""
    return next(notice for notice in stream if (notice.type, notice.job_id) == (wanted.type, wanted.job_id))


def test_a_stream_says_that_it_is_ready_and_then_which_jobs_change(live: Live, client: Client) -> None:
    live.workers.open.clear()
    stream = client.notices()
    assert next(stream) == NoticeView(type="ready")
    job = client.submit(ENDLESS | {"seed": 3}).id
    about = NoticeView(type="job", job_id=job)
    first = until(stream, about)
    assert first.last_event
    client.pause(job)
    second = until(stream, about)
    assert second.last_event > first.last_event
    client.cancel(job)
    client.delete(job)
    live.workers.open.set()
    assert any(notice.type == "deleted" or (notice.job_id == job and notice.last_event is None) for notice in stream)


def test_an_export_of_a_job_that_has_ended_is_told(live: Live, client: Client, finished: str) -> None:
    live.workers.open.clear()
    client.export_best(finished)
    stream = client.notices()
    next(stream)
    live.workers.open.set()
    until(stream, NoticeView(type="job", job_id=finished))
    assert client.exports(finished)[-1].final


def test_tables_and_campaigns_are_told_by_their_device(client: Client, tmp_path: Path) -> None:
    stream = client.notices()
    next(stream)
    client.put_table("pi", document(made_table(), tmp_path))
    assert next(one for one in stream if one.type == "device") == NoticeView(type="device", device="pi")
    campaign = client.measure("zero", TINY)
    assert next(one for one in stream if one.type == "device").device == "zero"
    client.cancel_campaign(campaign.id)
    assert next(one for one in stream if one.type == "device").device == "zero"


async def told(feed: Feed, count: int) -> list[Listener]:
    """Listeners after a look that finds nothing new."""
    listeners = [feed.listen() for _ in range(count)]
    feed.look()
    feed.look()
    return listeners


def test_nothing_is_told_where_nothing_changes_and_gone_listeners_cost_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def listen() -> None:
        feed = feed_of(store, tmp_path)
        listeners = await told(feed, 50)
        assert [listener.take() for listener in listeners] == [[]] * 50
        for listener in listeners:
            feed.leave(listener)
        monkeypatch.setattr(movement, "moving", None)  # no look needs it any more
        feed.look()

    store = empty_stores.opened(tmp_path / "nas.sqlite")
    asyncio.run(listen())
    store.close()


def test_a_listener_keeps_the_last_notice_of_each_job_and_device_until_it_is_taken() -> None:
    async def tell() -> list[NoticeView]:
        listener = Listener()
        for seq in (1, 2):
            listener.tell([NoticeView(type="job", job_id="a", last_event=seq)])
        listener.tell([NoticeView(type="job", job_id="b", last_event=1)])
        listener.tell([NoticeView(type="device", device=name) for name in ("pi", "zero", "pi")])
        first, rest = listener.take(), listener.take()
        assert rest == []
        return first

    told = asyncio.run(tell())
    assert [(notice.job_id or notice.device, notice.last_event) for notice in told] == [
        *[("a", 2), ("b", 1)],
        *[("pi", None), ("zero", None)],
    ]


def test_of_jobs_that_are_over_only_those_that_are_new_or_wait_for_something_are_looked_at(store: Store) -> None:
    with store.write() as conn:
        for name in ("old", "exported"):
            add_job(conn, name)
            jobs.move(conn, name, jobs.LIVE, "finished", "", 2.0)
        rows = {"id": "r", "job_id": "exported", "kind": "export", "state": "running", "open_trials": 1}
        conn.execute(schema.requests.insert(), rows)
        add_job(conn, "live")
        before = movement.moving(conn, None)
        add_job(conn, "short")
        jobs.move(conn, "short", jobs.LIVE, "finished", "", 2.0)
        after = movement.moving(conn, before)
    assert (before.events.keys(), before.total) == ({"exported", "live"}, 3)
    assert (after.events.keys(), after.total) == ({"exported", "live", "short"}, 4)


# With keys. These come last: a module's service asks for keys from the first one on.


@pytest.fixture(scope="module")
def admin(live: Live) -> str:
    kept, key = access.make("root", Scope.ADMIN, AT, None)
    with live.app.state.service.store.write() as conn:
        keys.add(conn, kept)
    return key


@pytest.mark.parametrize("which", ["notices", "events"])
def test_a_stream_ends_when_its_key_is_revoked(live: Live, admin: str, which: str) -> None:
    store = live.app.state.service.store
    kept, key = access.make("ann", Scope.READ, AT, None)
    with store.write() as conn:
        keys.add(conn, kept)
    with Client(live.url, key=admin) as root, Client(live.url, key=key) as reader:
        job = root.submit(ENDLESS | {"seed": 5}).id
        stream = reader.notices() if which == "notices" else reader.events(job)
        next(stream)
        with store.write() as conn:
            keys.revoke(conn, kept.id, AT)
        with pytest.raises(ApiError) as refusal:  # from the connection after the one that ended
            list(stream)
        assert refusal.value.status == 401
        root.cancel(job)


@pytest.mark.parametrize(("scope", "status"), [(Scope.READ, None), (Scope.MEASURE, 403), (None, 401)])
def test_who_may_read_may_listen_and_is_told_who_he_is(
    live: Live, admin: str, scope: Scope | None, status: int | None
) -> None:
    kept, key = access.make("eve", scope or Scope.READ, AT, None)
    if scope is not None:
        with live.app.state.service.store.write() as conn:
            keys.add(conn, kept)
    with Client(live.url, key=key) as client:
        if status is None:
            assert next(client.notices()).type == "ready"
            found = client.caller()
            assert (found.owner, found.scope, found.keys) == ("eve", "read", True)
            return
        for ask in (client.caller, lambda: next(client.notices())):
            with pytest.raises(ApiError) as refusal:
                ask()
            assert refusal.value.status == status
