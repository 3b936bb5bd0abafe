"""Jobs beside each other: their fronts, figures and differences, and what cannot be compared."""

from __future__ import annotations

import csv
import re
import struct
from pathlib import Path

import pytest
from browsing import Open
from playwright.sync_api import expect
from services import SPEC, Live

from nas_service.client import Client

pytestmark = pytest.mark.browser


FRESH = {"name": "landscape", "epochs": 3}  # of which no other test has results


FRONTS = """() => {
    const element = document.querySelector('canvas').closest('[id^=c]');
    return getElement(Number(element.id.slice(1))).chart.getOption().series.map(one => one.data.map(p => p[2]));
}"""


def test_two_jobs_are_ticked_and_compared(visit: Open, client: Client, finished: str, second: str) -> None:
    page = visit("/")
    page.get_by_label(f"compare {finished}").click()
    expect(page.get_by_text("tick another one to compare them")).to_be_visible()
    page.get_by_label(f"compare {second}").click()
    page.get_by_role("button", name="compare").click()
    expect(page).to_have_url(re.compile(f"/compare\\?jobs={finished},{second}$"))
    found = client.compare([finished, second])
    expect(page.get_by_role("link", name="<b>second</b>").first).to_have_attribute("href", f"/jobs/{second}")
    for one in found.jobs:
        expect(page.get_by_text(f"{one.found.hypervolume:.4f}", exact=True)).to_be_visible()
        best = page.get_by_role("link", name=one.best.id)
        expect(best).to_have_attribute("href", f"/jobs/{one.job.id}/candidates/{one.best.id}")
    line = page.get_by_role("row", name="budget.trials")
    expect(line.get_by_role("cell")).to_have_text(["50", "30"])
    page.locator("canvas").wait_for()
    fronts = page.evaluate(FRONTS)
    assert fronts == [one.front.id for one in found.jobs]


def test_a_chart_is_saved_as_a_picture_and_as_numbers(
    visit: Open, client: Client, finished: str, second: str, tmp_path: Path
) -> None:
    page = visit(f"/compare?jobs={finished},{second}")
    page.locator("canvas").wait_for()
    with page.expect_download() as picture:
        page.get_by_label("Pareto fronts compared as PNG").click()
    picture.value.save_as(tmp_path / "fronts.png")
    assert picture.value.suggested_filename == "pareto-fronts-compared.png"
    width, height = struct.unpack(">II", (tmp_path / "fronts.png").read_bytes()[16:24])
    assert (width > 1000, height) == (True, 2 * 440)
    with page.expect_download() as numbers:
        page.get_by_label("Pareto fronts compared as CSV").click()
    read = list(csv.DictReader(numbers.value.path().read_text().splitlines()))
    found = client.compare([finished, second])
    assert [row["candidate"] for row in read] == [name for one in found.jobs for name in one.front.id]
    assert [float(row["macs"]) for row in read] == [cost for one in found.jobs for cost in one.front.cost]


def test_jobs_that_cannot_be_compared_say_why(visit: Open, client: Client, live: Live, finished: str) -> None:
    live.workers.open.clear()
    other = client.submit(SPEC | {"name": "by size", "objective": {"cost": "params", "target": 1e5}, "task": FRESH}).id
    page = visit(f"/compare?jobs={finished},{other}")
    expect(page.get_by_text("Their fronts cannot be compared")).to_be_visible()
    expect(page.get_by_text("none yet")).to_be_visible()
    expect(page.locator("canvas")).not_to_be_visible()
    client.cancel(other)
    live.workers.open.set()


@pytest.mark.parametrize(
    ("jobs", "said"),
    [("", "tick two to four"), ("{job}", "tick two to four"), ("{job},nope", "there is no job 'nope'")],
)
def test_a_comparison_of_what_is_not_there_says_so(visit: Open, finished: str, jobs: str, said: str) -> None:
    page = visit("/compare?jobs=" + jobs.format(job=finished))
    expect(page.get_by_text(said)).to_be_visible()
    expect(page.get_by_role("link", name="all jobs")).to_have_attribute("href", "/")
