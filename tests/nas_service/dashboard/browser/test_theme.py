"""Light and dark: as the system says or as the viewer chose, from the first sight of a page on, in charts too."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from browsing import Open
from playwright.sync_api import BrowserContext, Page, expect

from nas_service.access import Scope
from nas_service.palette import DARK, LIGHT

pytestmark = pytest.mark.browser

BACKGROUND = "() => getComputedStyle(document.body).backgroundColor"
AXIS = """() => {
    const element = document.querySelector('canvas')?.closest('[id^=c]');
    const chart = element && getElement(Number(element.id.slice(1))).chart;
    return chart?.getOption()?.xAxis?.[0]?.nameTextStyle?.color;
}"""


@pytest.fixture
def forgotten(browser: BrowserContext) -> Iterator[None]:
    """The viewer comes for the first time, and what this one chose is not left to others."""
    browser.clear_cookies()
    yield
    browser.clear_cookies()


def rgb(color: str) -> str:
    return f"rgb({', '.join(str(int(color[place : place + 2], 16)) for place in (1, 3, 5))})"


def expect_theme(page: Page, palette: dict[str, str]) -> None:
    """Of the page, of Quasar's parts and of the chart in it."""
    page.wait_for_function(f"color => ({BACKGROUND})() === color", arg=rgb(palette["paper"]))
    page.wait_for_function(f"color => ({AXIS})() === color", arg=palette["ink"])
    page.wait_for_function("dark => document.body.classList.contains('body--dark') === dark", arg=palette is DARK)


@pytest.mark.usefixtures("forgotten")
def test_a_page_follows_the_system_until_the_viewer_chooses(visit: Open, finished: str, second: str) -> None:
    path = f"/compare?jobs={finished},{second}"
    page = visit(path)
    expect_theme(page, LIGHT)
    page.emulate_media(color_scheme="dark")
    expect_theme(page, DARK)
    page.get_by_label("theme").select_option("light")
    expect_theme(page, LIGHT)
    page.reload()
    expect(page.get_by_label("theme")).to_have_value("light")
    expect_theme(page, LIGHT)
    page.get_by_label("theme").select_option("auto")
    expect_theme(page, DARK)


@pytest.mark.usefixtures("forgotten")
def test_a_choice_holds_for_the_next_page_before_it_is_built(visit: Open, finished: str, second: str) -> None:
    page = visit("/")
    page.get_by_label("theme").select_option("dark")
    page.wait_for_function("() => document.cookie.includes('shade=dark')")
    page.goto(page.url, wait_until="commit")
    page.wait_for_function("() => document.body")
    assert page.evaluate("() => document.documentElement.className") == "dark"
    compared = visit(f"/compare?jobs={finished},{second}")
    expect(compared.get_by_label("theme")).to_have_value("dark")
    expect_theme(compared, DARK)


@pytest.mark.usefixtures("forgotten")
def test_the_theme_is_chosen_by_keyboard(visit: Open) -> None:
    page = visit("/cluster")
    page.get_by_label("theme").focus()
    page.keyboard.type("dark")
    expect(page.locator("html.dark")).to_be_attached()
    expect(page.locator("body.body--dark")).to_be_attached()


def test_the_log_in_follows_the_system(visit: Open, keyed: Callable[[str, Scope], str]) -> None:
    keyed("root", Scope.ADMIN)
    page = visit("/")
    expect(page.get_by_label("API key")).to_be_visible()
    assert page.evaluate(BACKGROUND) == rgb(LIGHT["paper"])
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(BACKGROUND) == rgb(DARK["paper"])
