"""The panels of a job's page that show how its search gets on and what it chooses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import hostile_space
import pytest
from browsing import Open
from playwright.sync_api import Locator, Page, expect
from services import ENDLESS, SPEC, Live

from nas_service.client import Client

pytestmark = pytest.mark.browser

CHART = "canvas => getElement(Number(canvas.closest('[id^=c]').id.slice(1))).chart"
NARROW = 390


@pytest.fixture(scope="module")
def controlled(live: Live) -> str:
    """A finished job with a control."""
    with Client(live.url) as connected:
        spec = SPEC | {"control": {"share": 0.4}, "budget": {"trials": 60}, "seed": 41}
        return connected.wait(connected.submit(spec).id).id


@pytest.fixture(scope="module")
def hostile(live: Live) -> Iterator[str]:
    """A finished job of a space whose names are HTML."""
    with hostile_space.registered(), Client(live.url) as connected:
        yield connected.wait(connected.submit(SPEC | hostile_space.PARTS).id).id


def options(canvas: Locator) -> dict[str, Any]:
    """What a chart shows."""
    shown: dict[str, Any] = canvas.evaluate(f"canvas => ({CHART})(canvas).getOption()")
    return shown


def tooltip(page: Page, canvas: Locator, series: int) -> str:
    """What a chart says of the first point of a series, as HTML."""
    tip = f"{{type: 'showTip', seriesIndex: {series}, dataIndex: 0}}"
    canvas.evaluate(f"canvas => ({CHART})(canvas).dispatchAction({tip})")
    box = page.locator("div[style*='z-index: 9999999']").last
    expect(box).to_have_text(re.compile("%"))
    return box.inner_html()


def canvases(page: Page, panel: str) -> Locator:
    """The charts of a panel, once they are there."""
    found = page.locator(f".{panel} canvas:visible")
    found.first.wait_for()
    return found


def test_progress_shows_search_and_control_by_trials_and_by_time(visit: Open, client: Client, controlled: str) -> None:
    page = visit(f"/jobs/{controlled}")
    charts = canvases(page, "progress")
    expect(charts).to_have_count(2)
    found = client.progress(controlled)
    lines = {one["name"]: one["data"] for one in options(charts.last)["series"]}
    assert set(lines) == {"search", "random control"}
    assert {name: data[-1] for name, data in lines.items()} == {
        name: [arm.trials, pytest.approx(arm.hypervolume, rel=1e-5)]
        for name, arm in zip(("search", "random control"), found.arms, strict=True)
    }
    by_trials, by_time = (page.get_by_role("button", name=name) for name in ("by trials", "by time"))
    expect(by_trials).to_have_attribute("aria-pressed", "true")
    by_time.focus()
    page.keyboard.press("Enter")
    expect(by_time).to_have_attribute("aria-pressed", "true")
    expect(by_trials).to_have_attribute("aria-pressed", "false")
    expect(page).to_have_url(re.compile(r"[?&]progress=time"))
    again = visit(f"/jobs/{controlled}?progress=time")
    expect(again.get_by_role("button", name="by time")).to_have_attribute("aria-pressed", "true")
    assert options(canvases(again, "progress").first)["xAxis"][0]["name"].startswith("time since the start")


def test_a_dot_leads_to_its_candidate(visit: Open, client: Client, controlled: str) -> None:
    page = visit(f"/jobs/{controlled}")
    chart = canvases(page, "progress").first
    place = chart.evaluate(
        f"""canvas => {{
            const chart = ({CHART})(canvas), [x, y] = chart.getOption().series[0].data[0];
            return chart.convertToPixel({{seriesIndex: 0}}, [x, y]);
        }}"""
    )
    chart.scroll_into_view_if_needed()
    chart.click(position={"x": place[0], "y": place[1]})
    expect(page).to_have_url(re.compile(rf"/jobs/{controlled}/candidates/{re.escape(controlled)}\.c\d+$"))


def test_generations_show_every_choice_and_one_by_its_options(visit: Open, client: Client, controlled: str) -> None:
    found = client.choices(controlled)
    page = visit(f"/jobs/{controlled}?gene=stage1.op")
    charts = canvases(page, "generations")
    assert options(charts.first)["yAxis"][0]["data"] == [gene.name for gene in found.genes]
    gene = next(one for one in found.genes if one.name == "stage1.op")
    assert [one["name"] for one in options(charts.last)["series"]] == gene.values
    assert [part[2] for part in options(charts.last)["series"][0]["data"]] == [counts[0] for counts in gene.counts]
    expect(page.get_by_role("combobox", name="choice")).to_have_value("stage1.op")
    page.get_by_role("combobox", name="choice").click()
    page.get_by_role("option", name="resolution").click()
    expect(page).to_have_url(re.compile(r"[?&]gene=resolution"))
    page.wait_for_function(
        f"canvas => ({CHART})(canvas).getOption().series[0].name === '16'", arg=charts.last.element_handle()
    )


def test_a_search_of_a_large_budget_fills_its_picture_from_the_beginning(
    visit: Open, client: Client, running: str
) -> None:
    page = visit(f"/jobs/{running}")
    charts = canvases(page, "generations")
    page.wait_for_function(
        f"canvas => ({CHART})(canvas).getOption().xAxis[0].data.length > 2", arg=charts.first.element_handle()
    )
    job = client.job(running)
    assert job.trials < job.trials_budget / 32, "of which each column was a part"


def test_before_the_first_result_both_panels_say_so(visit: Open, live: Live, client: Client) -> None:
    live.workers.open.clear()
    job = client.submit(ENDLESS | {"seed": 67}).id
    page = visit(f"/jobs/{job}")
    expect(page.locator(".progress")).to_contain_text("No result yet")
    expect(page.locator(".progress canvas:visible")).to_have_count(0)
    client.cancel(job)
    expect(page.locator(".progress")).to_contain_text("The job ended without a result.")
    live.workers.open.set()


def test_names_of_a_space_are_never_read_as_html(visit: Open, client: Client, hostile: str) -> None:
    page = visit(f"/jobs/{hostile}")
    charts = canvases(page, "generations")
    assert options(charts.first)["yAxis"][0]["data"][0].startswith("<img src=x")
    page.get_by_role("combobox", name="choice").click()
    page.get_by_role("option", name=hostile_space.KERNEL).click()
    page.wait_for_function(
        f"canvas => ({CHART})(canvas).getOption().series[0].name === '<b>three</b>'", arg=charts.last.element_handle()
    )
    for chart in (charts.first, charts.last):
        told = tooltip(page, chart, 0)
        assert "three" not in told
        assert "kernel" not in told
    expect(page.locator("img[src=x]")).to_have_count(0)
    expect(page.locator(".generations script")).to_have_count(0)


def test_a_space_that_is_gone_is_no_reason_for_the_rest_of_the_page_to_go(
    visit: Open, live: Live, client: Client
) -> None:
    with hostile_space.registered():
        job = client.wait(client.submit(SPEC | hostile_space.PARTS | {"seed": 2}).id).id
    page = visit(f"/jobs/{job}")
    expect(page.locator(".generations")).to_contain_text("What the search chose cannot be read")
    expect(page.locator(".generations")).to_contain_text("there is no search space 'hostile'")
    canvases(page, "progress")


def test_a_phone_shows_both_without_scrolling_sideways(visit: Open, controlled: str) -> None:
    page = visit(f"/jobs/{controlled}", width=NARROW)
    for panel in ("progress", "generations"):
        canvases(page, panel)
        assert page.locator(f".{panel}").bounding_box()["width"] <= NARROW
        for canvas in canvases(page, panel).all():
            assert canvas.bounding_box()["width"] <= NARROW
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW


def test_what_is_not_in_the_window_is_brought_up_to_date_when_it_is(visit: Open, client: Client, running: str) -> None:
    page = visit(f"/jobs/{running}")
    page.set_viewport_size({"width": 1280, "height": 300})
    chart = canvases(page, "progress").first
    expect(chart).not_to_be_in_viewport()
    page.wait_for_timeout(1000)  # until a reading that had begun has been drawn
    before = len(options(chart)["series"][0]["data"])
    told = page.get_by_text(re.compile(r"of 100,000$"))
    first = told.inner_text()
    expect(told).not_to_have_text(first)
    expect(told).not_to_have_text(told.inner_text())
    assert len(options(chart)["series"][0]["data"]) == before
    chart.scroll_into_view_if_needed()
    page.wait_for_function(
        f"before => ({CHART})(document.querySelector('.progress canvas')).getOption().series[0].data.length > before",
        arg=before,
    )
