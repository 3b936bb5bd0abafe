"""Pages by keyboard alone: past the head in one step, and one sees where one is."""

from __future__ import annotations

import pytest
from browsing import Open
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

NAMED = """element => {
    const icon = element.querySelector('i')?.innerText;
    return element.ariaLabel || element.innerText.replace(icon, '').trim();
}"""
OUTLINE = "element => getComputedStyle(element).outlineStyle + ' ' + getComputedStyle(element).outlineWidth"


def test_the_first_step_leads_past_the_head(visit: Open) -> None:
    page = visit("/cluster")
    main = page.locator(".page")
    expect(main.get_by_text("Cluster", exact=True)).to_be_visible()
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to main content")
    expect(skip).to_be_focused()
    page.keyboard.press("Enter")
    expect(main).to_be_focused()


def test_what_has_the_focus_is_outlined(visit: Open, finished: str) -> None:
    page = visit(f"/jobs/{finished}")
    for part in (page.get_by_role("link", name="Devices"), page.get_by_label("theme"), page.get_by_text("extend")):
        expect(part).to_be_visible()
    page.get_by_role("link", name="New job").focus()
    for reached in ("Devices", "Cluster", "API"):
        page.keyboard.press("Tab")
        link = page.get_by_role("link", name=reached)
        expect(link).to_be_focused()
        assert link.evaluate(OUTLINE) == "solid 2px"
    for name in ("theme", "extend"):
        page.keyboard.press("Tab")
        assert page.evaluate(f"() => ({OUTLINE})(document.activeElement)") == "solid 2px", name


def test_every_button_has_a_name(visit: Open, finished: str, second: str) -> None:
    for path in ("/", f"/jobs/{finished}", f"/compare?jobs={finished},{second}", "/devices", "/jobs/new"):
        page = visit(path)
        expect(page.locator(".page")).to_be_visible()
        page.get_by_role("button").first.wait_for()
        for button in page.get_by_role("button").all():
            assert button.evaluate(NAMED), (path, button.evaluate("e => e.outerHTML"))
