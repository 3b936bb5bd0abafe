"""Charts are begun where they are in sight, the others when the browser has time."""

from __future__ import annotations

import pytest
from browsing import Open
from playwright.sync_api import Page

pytestmark = pytest.mark.browser
BUSY = "window.requestIdleCallback = work => { (window.put_off ??= []).push(work); };"
PLOTS = "[...document.querySelectorAll('.nicegui-echart')].filter(one => one.offsetHeight)"
DRAWN = "one => !!getElement(Number(one.id.slice(1))).chart"
FIRST, LAST = f"{PLOTS}[0]", f"{PLOTS}.at(-1)"


@pytest.fixture
def busy(visit: Open, finished: str) -> Page:
    """The page of a job in a browser that has no time before a test gives it some."""
    page = visit("/cluster")
    page.set_viewport_size({"width": 1280, "height": 500})
    page.add_init_script(BUSY)
    page.goto(f"{page.url.removesuffix('/cluster')}/jobs/{finished}")
    page.wait_for_function(f"() => {FIRST} && ({DRAWN})({FIRST})")
    page.wait_for_function("() => window.put_off?.length")
    return page


def test_a_chart_far_down_waits_until_the_browser_has_time(busy: Page) -> None:
    assert not busy.evaluate(f"({DRAWN})({LAST})")
    busy.evaluate("put_off.forEach(work => work())")
    busy.wait_for_function(f"() => {PLOTS}.every({DRAWN})")


def test_a_chart_that_is_scrolled_to_is_drawn_at_once(busy: Page) -> None:
    busy.evaluate(f"{LAST}.scrollIntoView()")
    busy.wait_for_function(f"() => ({DRAWN})({LAST})")


def test_a_picture_is_saved_of_a_chart_that_has_not_been_seen(busy: Page) -> None:
    button = busy.get_by_label("as PNG").last
    with busy.expect_download() as saved:
        button.evaluate("one => one.click()")
    assert saved.value.suggested_filename.endswith(".png")
