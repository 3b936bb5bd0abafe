"""The end of a job, told to real sockets: some answer, some refuse, some never say a word."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import services
from searches import Clock, spec, submit
from sqlalchemy import select

from nas_service.admission import admit, parse
from nas_service.api.control import MOVES
from nas_service.client import Client
from nas_service.errors import InvalidSpec
from nas_service.store import Store, events, jobs
from nas_service.store.schema import jobs as job_table
from nas_service.webhooks import ATTEMPTS, FIRST_PAUSE_S, Webhooks, refusal, refuse_forbidden

HERE = ("127.0.0.1",)


class Listener:
    """A web service that keeps what it is sent and answers with the next of `statuses`, the last one for ever."""

    def __init__(self) -> None:
        self.statuses = [204]
        self.received: list[dict[str, Any]] = []
        self.arrived = threading.Event()
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                listener.received.append(json.loads(body))
                left = listener.statuses
                self.send_response(left.pop(0) if len(left) > 1 else left[0])
                self.send_header("Location", "/elsewhere")
                self.end_headers()
                listener.arrived.set()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    thread = threading.Thread(target=made.server.serve_forever, daemon=True)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


@pytest.fixture
def silent() -> Iterator[str]:
    """The URL of a service that takes the connection and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def webhooks(sqlite: Store, clock: Clock) -> Webhooks:
    return Webhooks(sqlite, HERE, clock)


def ended(store: Store, url: str | None, job_id: str = "j") -> None:
    submit(store, spec(3, webhook={"url": url} if url else None), job_id)
    with store.write() as conn:
        jobs.move(conn, job_id, jobs.LIVE, "finished", "all 3 trials of the budget have ended", 7.0)


def told(store: Store, job_id: str = "j") -> list[dict[str, Any]]:
    with store.read() as conn:
        return [event.data for event in events.after(conn, job_id, 0) if event.type == "webhook"]


def test_the_end_is_told_once_with_where_the_job_stands(store: Store, clock: Clock, listener: Listener) -> None:
    webhooks = Webhooks(store, HERE, clock)
    ended(store, listener.url)
    webhooks.round()
    webhooks.round()
    (sent,) = listener.received
    assert sent["event"] == "job.ended"
    assert (sent["job"]["id"], sent["job"]["state"], sent["job"]["ended_at"]) == ("j", "finished", 7.0)
    assert told(store) == [{"delivered": True, "attempts": 1, "message": ""}]


def test_jobs_under_way_and_jobs_without_a_webhook_tell_nothing(
    sqlite: Store, webhooks: Webhooks, listener: Listener
) -> None:
    submit(sqlite, spec(3, webhook={"url": listener.url}), "live")
    ended(sqlite, None)
    webhooks.round()
    assert listener.received == []


def test_an_end_is_due_however_the_job_ends_and_again_after_an_extension(
    sqlite: Store, webhooks: Webhooks, listener: Listener
) -> None:
    submit(sqlite, spec(3, webhook={"url": listener.url}))
    with sqlite.write() as conn:
        jobs.move(conn, "j", MOVES["cancel"].sources, "cancelled", "", 5.0)
    webhooks.round()
    ended(sqlite, listener.url, "k")
    with sqlite.write() as conn:
        jobs.extend(conn, jobs.get(conn, "k"), {"trials": 9, "hours": None}, 8.0)
    webhooks.round()
    with sqlite.write() as conn:
        jobs.move(conn, "k", jobs.LIVE, "finished", "", 9.0)
    webhooks.round()
    assert [(sent["job"]["id"], sent["job"]["ended_at"]) for sent in listener.received] == [("j", 5.0), ("k", 9.0)]


def test_a_failed_call_is_tried_again_later_and_later(
    sqlite: Store, clock: Clock, webhooks: Webhooks, listener: Listener
) -> None:
    listener.statuses = [500, 302, 200]
    ended(sqlite, listener.url)
    webhooks.round()
    clock.now += FIRST_PAUSE_S - 1
    webhooks.round()
    assert len(listener.received) == 1
    clock.now += 1
    webhooks.round()
    clock.now += 2 * FIRST_PAUSE_S
    webhooks.round()
    assert told(sqlite) == [{"delivered": True, "attempts": 3, "message": ""}]


def test_one_that_never_answers_holds_nothing_up_and_is_given_up(
    sqlite: Store, clock: Clock, listener: Listener, silent: str
) -> None:
    ended(sqlite, silent)
    ended(sqlite, listener.url, "k")
    Webhooks(sqlite, HERE, clock, timeout_s=2).round()
    assert told(sqlite, "k") == [{"delivered": True, "attempts": 1, "message": ""}]
    assert told(sqlite) == []
    hasty = Webhooks(sqlite, HERE, clock, timeout_s=0.1)
    for _ in range(ATTEMPTS):
        clock.now += 1000
        hasty.round()
    assert told(sqlite) == [{"delivered": False, "attempts": ATTEMPTS, "message": "no answer within 0.1 s"}]
    with sqlite.read() as conn:
        assert conn.execute(select(job_table.c.webhook).order_by(job_table.c.id)).scalars().all() == [
            "failed",
            "delivered",
        ]


def test_the_thread_delivers_and_ends(sqlite: Store, webhooks: Webhooks, listener: Listener) -> None:
    ended(sqlite, listener.url)
    webhooks.start()
    assert listener.arrived.wait(20)
    webhooks.stop()


def test_a_running_service_tells_the_end_of_its_jobs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listener: Listener
) -> None:
    monkeypatch.setenv("NAS_WEBHOOK_HOSTS", "hooks.example.com, 127.0.0.1")
    with services.live(tmp_path) as live, Client(live.url) as client:
        job = client.wait(client.submit(services.SPEC | {"webhook": {"url": listener.url}}).id)
        assert listener.arrived.wait(20)
    (sent,) = listener.received
    assert (sent["job"]["state"], sent["job"]["best_reward"]) == ("finished", job.best_reward)


def test_a_host_that_was_forbidden_meanwhile_is_not_called(sqlite: Store, clock: Clock, listener: Listener) -> None:
    ended(sqlite, listener.url)
    forbidding = Webhooks(sqlite, (), clock)
    for _ in range(ATTEMPTS):
        forbidding.round()
        clock.now += 1000
    assert listener.received == []
    assert "may not call '127.0.0.1'" in told(sqlite)[0]["message"]


@pytest.mark.parametrize(
    ("url", "hosts", "said"),
    [
        ("https://hooks.example.com/x", ("hooks.example.com",), ""),
        ("https://HOOKS.example.com/x", ("*.Example.com",), ""),
        ("http://10.0.0.1:8080/", ("*",), ""),
        ("https://example.com", ("*.example.com",), "may not call 'example.com'"),
        ("https://evil-example.com", ("example.com",), "NAS_WEBHOOK_HOSTS=evil-example.com"),
        ("http://169.254.169.254/latest", (), "may not call"),
        ("file:///etc/passwd", ("*",), "no address of a web service"),
        ("ftp://example.com/", ("*",), "no address of a web service"),
        ("example.com/hook", ("*",), "no address of a web service"),
        ("https://user:secret@example.com/", ("*",), "may not hold a user"),
        ("http://[::1", ("*",), "is no URL"),
        ("http://example.com:99999/", ("*",), "is no URL"),
    ],
)
def test_only_allowed_hosts_are_called(url: str, hosts: tuple[str, ...], said: str) -> None:
    found = refusal(url, hosts)
    assert said in found
    assert bool(found) == bool(said)


def test_a_spec_with_a_forbidden_webhook_is_refused_by_its_field() -> None:
    refuse_forbidden(parse(spec(3, webhook={"url": "http://127.0.0.1/"})), HERE)
    with pytest.raises(InvalidSpec) as refused:
        refuse_forbidden(parse(spec(3, webhook={"url": "http://elsewhere/"})), HERE)
    assert refused.value.field == "webhook.url"
    with pytest.raises(InvalidSpec) as unknown:
        admit(spec(3, webhook={"uri": "http://127.0.0.1/"}), Path("/nowhere"))
    assert unknown.value.field.startswith("webhook")
