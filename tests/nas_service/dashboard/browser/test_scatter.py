"""The scatter on the page of a job: select, zoom and switch by hand and by keyboard, and come back to it by address."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from browsing import Open
from playwright.sync_api import Page, expect

from nas_service.client import Client
from nas_service.dashboard.job import scatter_panel

pytestmark = pytest.mark.browser

CHART = """() => {
    const element = document.querySelector('.scatter canvas').closest('[id^=c]');
    const known = getElement(Number(element.id.slice(1))).chart?.getOption();
    return known && {
        points: Object.fromEntries(known.series.map(one => [one.id, one.data])),
        zoom: known.dataZoom.map(one => [one.startValue, one.endValue, one.start, one.end]),
    };
}"""
PLACE = """point => {
    const canvas = document.querySelector('.scatter canvas'), element = canvas.closest('[id^=c]');
    const [x, y] = getElement(Number(element.id.slice(1))).chart.convertToPixel({xAxisIndex: 0, yAxisIndex: 0}, point);
    const box = canvas.getBoundingClientRect();
    return [box.x + x, box.y + y];
}"""


LOSE = """() => {
    const element = document.querySelector('.scatter canvas').closest('[id^=c]');
    getElement(Number(element.id.slice(1))).chart.setOption({series: [{id: 'candidates', data: []}]});
}"""


def chart(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate(CHART)
    return found


def until(page: Page, condition: str) -> None:
    """Wait for what is drawn to meet a condition on `shown`."""
    page.wait_for_function(f"() => {{ const shown = ({CHART})(); return shown && ({condition}); }}")


def drawn(visit: Open, path: str, width: int = 1280) -> Page:
    page = visit(path, width)
    page.locator(".scatter canvas").wait_for()
    until(page, "shown.points.candidates.length > 0")
    return page


def query(page: Page) -> dict[str, str]:
    return {name: value for name, (value,) in parse_qs(urlsplit(page.evaluate("location.href")).query).items()}


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).press("Enter")


def test_every_candidate_is_in_the_scatter(visit: Open, client: Client, finished: str) -> None:
    points = chart(drawn(visit, f"/jobs/{finished}"))["points"]
    shown = [point[2] for name in ("candidates", "Pareto front") for point in points[name]]
    assert sorted(shown) == sorted(client.points(finished).id)


def test_a_frame_drawn_by_hand_selects_what_lies_in_it(visit: Open, client: Client, finished: str) -> None:
    page = drawn(visit, f"/jobs/{finished}")
    every = client.points(finished)
    low, high = sorted(every.cost)[10], sorted(every.cost)[20]
    page.get_by_role("button", name="select", exact=True).click()
    start, end = (page.evaluate(PLACE, point) for point in ([low * 0.999, 0.99 * min(every.value)], [high, 0.9]))
    while page.evaluate("document.querySelector('.scatter canvas').parentElement.style.cursor") != "crosshair":
        page.mouse.move(start[0] - 1, start[1])
        page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2, steps=3)
    page.mouse.move(*end, steps=3)
    page.mouse.up()
    until(page, "shown.points.selected.length > 0")
    left, right, bottom, top = map(float, query(page)["select"].split(","))
    columns = zip(every.id, every.cost, every.value, strict=True)
    inside = {name for name, cost, value in columns if left <= cost <= right and bottom <= value <= top}
    assert {point[2] for point in chart(page)["points"]["selected"]} == inside
    expect(page.get_by_role("status").filter(has_text="selected")).to_contain_text(f"{len(inside)} candidate")
    expect(page.get_by_role("button", name="select", exact=True)).to_have_attribute("aria-pressed", "false")


def test_two_that_are_selected_can_be_compared(visit: Open, client: Client, finished: str) -> None:
    points = client.points(finished)
    (_, first), (_, second), *_ = sorted(zip(points.cost, points.id, strict=True))
    costs = sorted(points.cost)
    page = drawn(visit, f"/jobs/{finished}?select={costs[0]},{(costs[1] + costs[2]) / 2},-1,2")
    page.get_by_role("link", name="compare them").click()
    page.wait_for_url(re.compile(r"/compare\?candidates="))
    assert set(page.url.partition("candidates=")[2].split(",")) == {first, second}


def test_by_keyboard_one_zooms_selects_what_is_seen_and_ends_it(visit: Open, client: Client, finished: str) -> None:
    page = drawn(visit, f"/jobs/{finished}")
    expect(page.get_by_role("button", name="zoom out")).to_be_disabled()
    press(page, "zoom in")
    until(page, "shown.zoom.every(([from, to, start, end]) => end - start < 60)")
    press(page, "select what is seen")
    until(page, "shown.points.selected.length > 0")
    seen = chart(page)["points"]["selected"]
    assert len(seen) < len(client.points(finished).id)
    press(page, "clear the selection")
    until(page, "shown.points.selected.length == 0")
    expect(page.get_by_role("button", name="clear the selection")).not_to_be_visible()
    press(page, "zoom out")
    until(page, "shown.zoom.every(([from, to, start, end]) => start == 0 && end == 100)")
    page.wait_for_function("() => !location.search")


def test_an_address_brings_zoom_selection_and_switches_back(visit: Open, client: Client, finished: str) -> None:
    page = drawn(visit, f"/jobs/{finished}?mine=kept")
    press(page, "zoom in")
    page.wait_for_function("() => location.search.includes('zoom=')")
    press(page, "select what is seen")
    press(page, "reward contours")
    until(page, "shown.points.selected.length > 0 && shown.points.levels.length > 1")
    page.wait_for_function("() => location.search.includes('contours')")
    before, address = chart(page), query(page)
    assert address["mine"] == "kept"
    page.reload()
    until(page, "shown.points.candidates.length > 0")
    after = chart(page)
    assert after["points"] == before["points"]
    for old, new in zip(before["zoom"], after["zoom"], strict=True):
        assert new == pytest.approx(old, rel=1e-3)
    expect(page.get_by_role("button", name="reward contours")).to_have_attribute("aria-pressed", "true")


def test_a_job_goes_on_and_neither_zoom_nor_selection_is_lost(visit: Open, running: str) -> None:
    page = drawn(visit, f"/jobs/{running}")
    press(page, "zoom in")
    page.wait_for_function("() => location.search.includes('zoom=')")
    press(page, "select what is seen")
    page.wait_for_function("() => location.search.includes('select=')")
    before, address = chart(page), query(page)
    count = len(before["points"]["candidates"])
    page.evaluate("() => { document.querySelector('.scatter canvas').mark = 'the same' }")
    until(page, f"shown.points.candidates.length > {count}")
    after = chart(page)
    assert [zoom[:2] for zoom in after["zoom"]] == [pytest.approx(zoom[:2], rel=1e-3) for zoom in before["zoom"]]
    assert query(page) == address
    assert page.evaluate("() => document.querySelector('.scatter canvas').mark") == "the same"
    shown = [json.dumps(point) for point in after["points"]["candidates"]]
    assert len(shown) == len(set(shown))


def test_a_browser_that_missed_something_is_sent_everything(visit: Open, client: Client, running: str) -> None:
    page = drawn(visit, f"/jobs/{running}")
    page.evaluate(LOSE)
    until(page, f"shown.points.candidates.length > {len(client.points(running).id) // 2}")


def test_of_many_candidates_some_are_drawn_and_more_of_where_one_looks(
    visit: Open, client: Client, finished: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scatter_panel, "MOST", 25)
    total = len(client.points(finished).id)
    page = drawn(visit, f"/jobs/{finished}")
    expect(page.get_by_text(f"25 of {total} candidates are drawn")).to_be_visible()
    press(page, "zoom in")
    until(page, "shown.points.candidates.length + shown.points['Pareto front'].length > 25")


def test_an_address_that_makes_no_sense_shows_everything(visit: Open, finished: str) -> None:
    page = drawn(visit, f"/jobs/{finished}?zoom=a,b&select=<b>&show=%00")
    assert [zoom[2:] for zoom in chart(page)["zoom"]] == [[0, 100], [0, 100]]
    assert chart(page)["points"]["selected"] == []


def test_a_narrow_page_has_no_more_than_its_width(visit: Open, finished: str) -> None:
    page = drawn(visit, f"/jobs/{finished}?select=0,1e12,-1,2", width=390)
    expect(page.get_by_role("status").filter(has_text="selected")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
