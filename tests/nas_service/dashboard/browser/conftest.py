"""A real page in a real browser, on a service whose workers a test can hold back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import chromium
import pytest
import services
from browsing import LONG, Open, watch_requests
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright
from services import ENDLESS, SPEC, Live

from nas_service import access
from nas_service.access import Scope
from nas_service.client import Client
from nas_service.store import keys, schema

LONGEST_MS = 60_000  # for what a page should show, on a machine that is busy with other tests
ASKED = "status of 401 (Unauthorized)"
GONE = ("net::ERR_CONNECTION_REFUSED", "net::ERR_CONNECTION_RESET")
FOLDER = Path(__file__).parent
FIRST = "test_beginning.py"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The page of a service on which nothing has happened yet comes before the tests that make something happen."""
    places = [place for place, item in enumerate(items) if item.path.parent == FOLDER]
    ordered = sorted((items[place] for place in places), key=lambda item: item.path.name != FIRST)
    for place, item in zip(places, ordered, strict=True):
        items[place] = item


@pytest.fixture(scope="package")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The service with its pages. NiceGUI has one server a process, so all tests of this folder share this one."""
    home: Path = tmp_path_factory.mktemp("pages")
    with services.live(home, page=True) as running:
        yield running


@pytest.fixture(scope="package")
def browser() -> Iterator[BrowserContext]:
    """One profile, whose cache spares every page but the first its scripts.

    It ends with this folder: while it is open, this thread has a running event loop, and `asyncio.run` would fail.
    """
    if (found := chromium.found()) is None:
        pytest.skip(f"no browser: none of {', '.join(chromium.NAMES)} is installed")
    expect.set_options(timeout=LONGEST_MS)
    with sync_playwright() as playwright:
        launched = chromium.launched(playwright, found)
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
    """Opens a path in a window of its own.

    At the end, no page may have complained, but that it is asked for a key, nor asked another machine for anything.
    """
    complaints: list[str] = []
    pages: list[Page] = []

    def note(text: str, at: str) -> None:
        gone = at != live.url and any(each in text for each in GONE)  # a server of a test's own ends before its pages
        if ASKED not in text and not gone:
            complaints.append(text)

    def open_(path: str, width: int = 1280, at: str = live.url) -> Page:
        page = browser.new_page()
        page.set_viewport_size({"width": width, "height": 900})
        page.on("console", lambda said: note(said.text, at) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        watch_requests(page, complaints.append)
        page.goto(at + path)
        pages.append(page)
        return page

    yield open_
    for page in pages:
        page.close()
    assert complaints == []


@pytest.fixture(scope="package")
def finished(live: Live) -> str:
    with Client(live.url) as connected:
        spec = SPEC | {"name": LONG, "budget": {"trials": 50}}
        return connected.wait(connected.submit(spec).id).id


@pytest.fixture
def running(client: Client) -> Iterator[str]:
    """A job with some results that goes on for as long as it is left alone."""
    job = client.submit(ENDLESS | {"name": "goes on", "seed": 11}).id
    list(islice(client.events(job), 60))
    yield job
    client.cancel(job)


@pytest.fixture(scope="package")
def second(live: Live) -> str:
    """A finished job of another strategy, with what HTML would read as bold in its name."""
    with Client(live.url) as connected:
        spec = SPEC | {"name": "<b>second</b>", "strategy": {"name": "random"}, "budget": {"trials": 30}}
        return connected.wait(connected.submit(spec).id).id


@pytest.fixture(scope="package")
def child(live: Live, finished: str) -> str:
    """A completed candidate with a parent."""
    with Client(live.url) as connected:
        return next(one.id for one in connected.candidates(finished, order="reward") if one.parents)


@pytest.fixture
def tables(live: Live) -> Iterator[Path]:
    """Of the service; none is left behind."""
    folder: Path = live.app.state.service.settings.tables
    folder.mkdir(parents=True, exist_ok=True)
    yield folder
    for table in folder.glob("*.json"):
        table.unlink()


@pytest.fixture
def keyed(live: Live) -> Iterator[Callable[[str, Scope], str]]:
    """Makes keys, of which none is left behind: with the first one, the service asks for them."""
    store = live.app.state.service.store

    def make(owner: str, scope: Scope) -> str:
        kept, key = access.make(owner, scope, 1.0, None)
        with store.write() as conn:
            keys.add(conn, kept)
        return key

    yield make
    with store.write() as conn:
        conn.execute(schema.keys.delete())
