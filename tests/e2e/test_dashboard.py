"""From a form to a network that runs, with nothing but a browser: what a person does who never opens a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import chromium
import pytest
import yaml
from browsing import watch_requests
from digits_search import BY_MACS
from exported_digits import accuracy
from playwright.sync_api import Page, expect, sync_playwright
from processes import LONGEST_S, Server

pytestmark = pytest.mark.browser

SPEC = BY_MACS | {"name": "from a form", "budget": {"trials": 3}, "workers": {"parallel": 1}}


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    """Of a service whose workers train for real; nothing on it may go wrong, nor be asked of another machine."""
    if (found := chromium.found()) is None:
        pytest.skip(f"no browser: none of {', '.join(chromium.NAMES)} is installed")
    server, complaints = Server(tmp_path / "home", ("--inline", "1")), []
    server.start()
    with sync_playwright() as playwright:
        browser = chromium.launched(playwright, found)
        opened = browser.new_page(base_url=server.url)
        opened.set_default_timeout(LONGEST_S * 1000)
        opened.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        watch_requests(opened, complaints.append)
        expect.set_options(timeout=LONGEST_S * 1000)
        yield opened
        browser.close()
    server.stop()
    assert complaints == []


def test_a_search_is_submitted_watched_and_its_winner_taken_home(page: Page, tmp_path: Path) -> None:
    page.goto("/jobs/new")
    page.get_by_label("YAML").fill(yaml.safe_dump(SPEC))
    page.get_by_role("button", name="Submit").click()
    expect(page.locator(".pill").first).to_have_text("finished")
    page.locator(".candidates tbody").get_by_role("link").first.click()
    expect(page.get_by_text("the best of its job")).to_be_visible()
    page.get_by_role("button", name="export as ONNX").click()
    told = page.get_by_text("test accuracy", exact=True).locator("xpath=following-sibling::*")
    shown = float(told.inner_text().removesuffix("%"))
    with page.expect_download() as taken:
        page.get_by_role("link", name="model.onnx").click()
    taken.value.save_as(tmp_path / "model.onnx")
    assert accuracy(tmp_path / "model.onnx") == pytest.approx(shown / 100, abs=0.00006)
