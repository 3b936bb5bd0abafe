"""Clicks that come early, or while the page changes: none is lost."""

from __future__ import annotations

import re

import pytest
from browsing import Open
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

MUTE = """(() => {
    const send = WebSocket.prototype.send, kept = [];
    WebSocket.prototype.send = function (...said) { kept.push([this, said]); };
    window.speak = () => {
        WebSocket.prototype.send = send;
        for (const [socket, said] of kept) socket.send(...said);
    };
})()"""
CHANGES = 3  # of what a page shows, told while something is pressed


def test_what_is_done_before_the_page_has_its_socket_is_done_when_it_has(
    visit: Open, finished: str, second: str
) -> None:
    page = visit("/")
    page.add_init_script(MUTE)
    page.goto(page.url.rstrip("/") + f"/compare?jobs={finished}")
    page.get_by_label("id of a job or candidate").fill(second)
    page.get_by_role("button", name="add").click()
    assert not page.evaluate("window.did_handshake")
    page.evaluate("window.speak()")
    expect(page).to_have_url(re.compile(rf"jobs={finished},{second}$"))


def test_what_is_pressed_is_not_drawn_anew_before_it_is_released(visit: Open, running: str) -> None:
    """The figures of a job that runs, with the link to its best candidate, change with each of its trials."""
    told: list[str] = []
    page = visit("/")
    page.on("websocket", lambda socket: socket.on("framereceived", lambda said: told.append(str(said))))
    page.goto(page.url.rstrip("/") + f"/jobs/{running}")
    best = page.locator(f"a[href^='/jobs/{running}/candidates/']").first
    expect(best).to_be_visible()
    page.wait_for_function("() => window.did_handshake")
    best.hover()
    page.mouse.down()
    before = len(told)
    while sum('"update"' in one for one in told[before:]) < CHANGES:
        page.wait_for_timeout(50)
    page.mouse.up()
    expect(page).to_have_url(re.compile(rf"/jobs/{running}/candidates/"))
