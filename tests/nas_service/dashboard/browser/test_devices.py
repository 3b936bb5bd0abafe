"""The pages of devices and of the cluster."""

from __future__ import annotations

import platform
from dataclasses import replace
from pathlib import Path

import pytest
from browsing import COLOURS, Open
from made_tables import document, made_table
from playwright.sync_api import expect
from services import ENDLESS, Live
from tiny_device import SPEC as TINY

from nas_service.client import Client
from nas_service.dashboard.serving import following

pytestmark = pytest.mark.browser

PLOT = """() => {
    const element = document.querySelector('canvas')?.closest('[id^=c]');
    return element && getElement(Number(element.id.slice(1)));
}"""


@pytest.mark.usefixtures("tables")
def test_devices_appear_as_they_are_measured(
    visit: Open, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By notices alone: the page does not look by itself."""
    monkeypatch.setattr(following, "SLOW_S", 1e6)
    page = visit("/devices")
    expect(page.get_by_text("No device has been measured yet")).to_be_visible()
    expect(page.get_by_text("agent.pyz --server http://127.0.0.1", exact=False)).to_be_visible()
    table = made_table()
    client.put_table("pi", document(table, tmp_path))
    row = page.locator(".job", has=page.get_by_role("link", name="pi", exact=True))
    expect(row).to_contain_text(f"{len(table.entries)} ops")
    client.measure("waiting-for-one", TINY)
    expect(page.get_by_text("waits for an agent on 'waiting-for-one'")).to_be_visible()
    row.get_by_role("link").click()
    page.locator("canvas").wait_for()
    page.wait_for_function(f"() => ({COLOURS})(document.querySelector('canvas')) > 20")
    expect(page.get_by_text(f"{len(table.networks)} calibration networks")).to_be_visible()
    expect(page.get_by_text("nas device check pi --for search.yaml")).to_be_visible()


@pytest.mark.usefixtures("tables")
def test_a_chart_that_goes_before_it_is_drawn_is_no_error(visit: Open, client: Client, tmp_path: Path) -> None:
    """As on a slow browser, which is told to remove it while it still loads what draws it."""
    client.put_table("pi", document(made_table(), tmp_path))
    page = visit("/devices/pi")
    page.locator("canvas").wait_for()
    page.evaluate(f"() => {{ ({PLOT})().chart = undefined; }}")
    client.put_table("pi", document(replace(made_table(), drift=1.5), tmp_path))
    page.wait_for_function(f"() => ({PLOT})()?.chart")  # the one that came for it


@pytest.mark.usefixtures("tables")
@pytest.mark.parametrize("path", ["/devices", "/devices/pi", "/cluster"])
def test_nothing_sticks_out_of_a_narrow_window(visit: Open, client: Client, tmp_path: Path, path: str) -> None:
    client.put_table("pi", document(made_table(), tmp_path))
    page = visit(path, 390)
    expect(page.locator(".sheet").nth(1)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_device_without_a_table_says_how_to_measure_it_and_reads_no_html(visit: Open) -> None:
    page = visit("/devices/%3Cimg%20src=x%3E")
    expect(page.get_by_text("No latency table yet")).to_be_visible()
    expect(page.get_by_text("nas device profile '<img src=x>' --for search.yaml")).to_be_visible()
    expect(page.locator(".page img")).to_have_count(0)


def test_a_table_that_cannot_be_used_says_why(visit: Open, tables: Path) -> None:
    (tables / "broken-2t.json").write_text("{")
    page = visit("/devices/broken-2t")
    expect(page.locator(".danger")).to_contain_text("damaged")
    expect(page.get_by_text("nas device profile broken --for search.yaml --threads 2 --fresh")).to_be_visible()


def test_the_cluster_shows_its_workers_queue_and_trials(visit: Open, client: Client, live: Live) -> None:
    live.workers.open.clear()
    job = client.submit(ENDLESS | {"name": "goes on", "seed": 41}).id
    page = visit("/cluster")
    expect(page.get_by_text("0 of 2 free", exact=True)).to_be_visible()
    expect(page.get_by_text("leads", exact=True)).to_be_visible()
    expect(page.locator(".node")).to_contain_text(platform.node())
    expect(page.locator(".node")).to_contain_text("CPUs: 0 of 2 free")
    expect(page.locator(".job").get_by_role("link")).to_have_attribute("href", f"/jobs/{job}")
    expect(page.locator("tbody tr")).to_have_count(2)
    first = client.trials_page(job).items[0].candidate_id
    link = page.locator("tbody").get_by_role("link", name=first, exact=True)
    expect(link).to_have_attribute("href", f"/jobs/{job}/candidates/{first}")
    page.set_viewport_size({"width": 390, "height": 900})
    expect(page.get_by_role("columnheader", name="worker, or what it waits for")).to_be_visible()
    client.pause(job)
    expect(page.locator(".job")).to_contain_text("paused by request")
    client.cancel(job)
    live.workers.open.set()
    expect(page.get_by_text("No job runs or waits.")).to_be_visible()
    expect(page.get_by_text("No trial is under way.")).to_be_visible()
