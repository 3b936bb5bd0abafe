"""A page of another origin, in the browser that has ours open, tries to act through it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from browsing import Open, log_in
from playwright.sync_api import BrowserContext
from services import SPEC, Live

from nas_service.access import Scope
from nas_service.client import Client

pytestmark = pytest.mark.browser

TRIES = """async ([server, spec, job]) => {
    const told = {};
    const say = async (name, tried) => {
        try { told[name] = await tried() } catch (error) { told[name] = 'refused' }
    };
    const body = JSON.stringify(spec);
    const json = {method: 'POST', credentials: 'include', body, headers: {'Content-Type': 'application/json'}};
    await say('post', async () => (await fetch(server + '/api/v1/jobs', json)).status);
    await say('blind post', async () => (await fetch(server + '/api/v1/jobs',
        {method: 'POST', mode: 'no-cors', credentials: 'include', body})).type);
    await say('blind pause', async () => (await fetch(`${server}/api/v1/jobs/${job}/pause`,
        {method: 'POST', mode: 'no-cors', credentials: 'include'})).type);
    await say('read', async () => (await fetch(server + '/api/v1/jobs', {credentials: 'include'})).status);
    await say('poll', async () => (await fetch(server + '/_nicegui_ws/socket.io/?EIO=4&transport=polling',
        {credentials: 'include'})).status);
    await say('socket', () => new Promise((open, refused) => {
        const address = server.replace('http', 'ws') + '/_nicegui_ws/socket.io/?EIO=4&transport=websocket';
        const socket = new WebSocket(address);
        socket.onopen = () => open('open');
        socket.onerror = refused;
    }));
    return told;
}"""
FRAME = """server => new Promise(loaded => {
    const frame = document.body.appendChild(document.createElement('iframe'));
    frame.onload = loaded;
    frame.src = server + '/';
})"""
FORM = """server => {
    const form = document.createElement('form');
    form.method = 'post';
    form.action = server + '/logout';
    document.body.append(form);
    form.submit();
}"""


class Elsewhere(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>elsewhere</title><body>")

    def log_message(self, *_: Any) -> None:
        """Nothing is said."""


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """Another port of this machine: for a browser the same site, which it sends our cookie to, and another origin."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("with_key", [False, True])
def test_nothing_is_done_or_read_from_another_origin(
    visit: Open,
    browser: BrowserContext,
    live: Live,
    elsewhere: str,
    running: str,
    keyed: Callable[[str, Scope], str],
    with_key: bool,
) -> None:
    key = keyed("root", Scope.ADMIN) if with_key else ""
    ours = visit("/")
    if with_key:
        log_in(ours, key)
    ours.wait_for_function("() => window.socket?.connected")
    with Client(live.url, key=key) as client:
        before = [job.id for job in client.jobs()]
        page = browser.new_page()
        page.goto(elsewhere)
        told = page.evaluate(TRIES, [live.url, SPEC, running])
        assert (told.pop("blind post"), told.pop("blind pause")) == ("opaque", "opaque")  # it is not told the answer
        assert told == dict.fromkeys(("post", "read", "poll", "socket"), "refused"), json.dumps(told)
        assert client.job(running).state == "running"
        page.evaluate(FRAME, live.url)
        assert "NAS service" not in page.frames[-1].content()
        page.evaluate(FORM, live.url)
        page.get_by_text("another site").wait_for()
        page.close()
        assert [job.id for job in client.jobs()] == before
    ours.reload()
    ours.get_by_text("Jobs", exact=True).wait_for()  # and nobody was logged out
