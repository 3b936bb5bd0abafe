"""A real page in a real browser, on a service whose workers a test can hold back."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import services
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright
from services import Live

from nas_service.client import Client

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LONGEST_MS = 60_000  # for what a page should show, on a machine that is busy with other tests
ASKED = "status of 401 (Unauthorized)"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The service with its pages. NiceGUI has one server a process, so one module holds all tests that need this."""
    home: Path = tmp_path_factory.mktemp("pages")
    with services.live(home, page=True) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[BrowserContext]:
    """One profile, whose cache spares every page but the first its scripts.

    It ends with the module: while it is open, this thread has a running event loop, and `asyncio.run` would fail.
    """
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip(f"no browser: none of {', '.join(BROWSERS)} is installed")
    expect.set_options(timeout=LONGEST_MS)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        context = launched.new_context()
        context.set_default_timeout(LONGEST_MS)
        yield context
        launched.close()


@pytest.fixture
def client(live: Live) -> Iterator[Client]:
    with Client(live.url) as connected:
        yield connected


@pytest.fixture
def visit(browser: BrowserContext, live: Live) -> Iterator[Open]:
    """Opens a path in a window of its own; at the end, no page may have complained, but that it is asked for a key."""
    complaints: list[str] = []
    pages: list[Page] = []

    def note(text: str) -> None:
        if ASKED not in text:
            complaints.append(text)

    def open_(path: str, width: int = 1280) -> Page:
        page = browser.new_page()
        page.set_viewport_size({"width": width, "height": 900})
        page.on("console", lambda said: note(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(live.url + path)
        pages.append(page)
        return page

    yield open_
    for page in pages:
        page.close()
    assert complaints == []
