"""What tests of pages share: how one is opened, what is on it, and a log-in."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from playwright.sync_api import Page

Open = Callable[..., Page]
HERE = ("127.0.0.1", "localhost", None)  # None: what a page has made itself (data:, blob:)
LONG = "a name that is longer than any sensible name of a job would be, without-a-place-to-break-it-in-two-anywhere"
COLOURS = """canvas => {
    const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
    return new Set(new Uint32Array(pixels.buffer)).size;
}"""


def watch_requests(page: Page, complain: Callable[[str], object]) -> None:
    """Complain of whatever the page asks of another machine."""

    def note(url: str) -> None:
        if urlsplit(url).hostname not in HERE:
            complain(f"asked of another machine: {url}")

    page.on("request", lambda asked: note(asked.url))
    page.on("websocket", lambda opened: note(opened.url))


def log_in(page: Page, key: str) -> None:
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Log in").click()
