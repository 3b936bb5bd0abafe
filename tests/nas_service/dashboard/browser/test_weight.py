"""What a browser fetches of a job's page: everything the first time, and only what can change after that."""

from __future__ import annotations

import asyncio
import re
import threading
from typing import Any

import httpx
import pytest
from browsing import Open
from playwright.sync_api import Page, expect
from services import Live

from nas_service.client import AsyncClient

pytestmark = pytest.mark.browser
FETCHED = "performance.getEntriesByType('resource').filter(one => one.transferSize).map(one => one.name)"


def shown(visit: Open, job: str) -> Page:
    page = visit(f"/jobs/{job}")
    expect(page.locator(".nicegui-echart canvas").first).to_be_visible()
    return page


def test_a_page_that_was_visited_fetches_no_script_again(visit: Open, finished: str) -> None:
    shown(visit, finished)
    again: list[str] = shown(visit, finished).evaluate(FETCHED)
    assert [address for address in again if "/_nicegui/" in address] == []


def test_scripts_and_styles_are_compressed_and_kept_by_browsers_for_good(live: Live, finished: str) -> None:
    page = httpx.get(f"{live.url}/jobs/{finished}", headers={"accept": "text/html"})
    assert page.headers["content-encoding"] == "gzip"
    paths = set(re.findall(r"/_nicegui/[\w./-]+\.(?:js|css)", page.text))
    assert len(paths) > 5
    for path in paths:
        found = httpx.get(live.url + path)
        assert found.status_code == 200, path
        assert "immutable" in found.headers["cache-control"], path
        assert len(found.content) < 1000 or found.headers["content-encoding"] == "gzip", path


def test_a_page_is_there_before_its_candidates_are_read(
    visit: Open, finished: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, read = threading.Event(), AsyncClient.points

    async def held(*args: Any, **options: Any) -> Any:
        while not go_on.is_set():
            await asyncio.sleep(0.01)
        return await read(*args, **options)

    monkeypatch.setattr(AsyncClient, "points", held)
    try:
        page = visit(f"/jobs/{finished}")
        expect(page.get_by_role("link", name="clone")).to_be_visible()
        expect(page.get_by_text("reading the candidates")).to_be_visible()
        expect(page.locator(".scatter canvas")).to_be_hidden()
    finally:
        go_on.set()
    expect(page.locator(".scatter canvas")).to_be_visible()
    expect(page.get_by_text("reading the candidates")).to_be_hidden()
