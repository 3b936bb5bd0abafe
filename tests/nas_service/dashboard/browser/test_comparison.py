"""Jobs and candidates beside each other: fronts, measures and differences, and what cannot be compared."""

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
        best = page.get_by_role("link", name=one.best.id, exact=True).first
        expect(best).to_have_attribute("href", f"/jobs/{one.job.id}/candidates/{one.best.id}")
    line = page.get_by_role("row", name="budget.trials")
    expect(line.get_by_role("cell")).to_have_text(["50", "30"])
    page.locator("canvas").wait_for()
    fronts = page.evaluate(FRONTS)
    assert fronts == [*(one.front.id for one in found.jobs), *([one.best.id] for one in found.jobs)]


def test_candidates_of_several_jobs_are_ticked_and_compared(
    visit: Open, client: Client, finished: str, second: str
) -> None:
    """Those of the one job go along to the page of the other."""
    first, other = (next(client.candidates(job, order="reward")) for job in (finished, second))
    third = next(one for one in client.candidates(finished, order="reward") if one.id != first.id)
    page = visit(f"/jobs/{finished}")
    page.get_by_label(f"compare {first.id}", exact=True).click()
    expect(page.get_by_text(f"{first.id}: tick another one to compare them")).to_be_visible()
    page.get_by_label(f"compare {third.id}", exact=True).click()
    page.get_by_role("button", name="compare", exact=True).click()
    expect(page).to_have_url(re.compile(f"/compare\\?candidates={first.id},{third.id}$"))
    page.get_by_role("link", name="pick candidates").click()
    expect(page).to_have_url(re.compile(f"/jobs/{finished}\\?compare={first.id},{third.id}$"))
    page = visit(f"/jobs/{second}?compare={first.id},{third.id}")
    page.get_by_label(f"compare {other.id}", exact=True).click()
    page.get_by_role("button", name="compare", exact=True).click()
    expect(page).to_have_url(re.compile(f"/compare\\?candidates={first.id},{third.id},{other.id}$"))
    compared = [first, third, other]
    metrics = page.get_by_role("row", name=re.compile("^val_accuracy")).get_by_role("cell")
    expect(metrics).to_have_count(len(compared))
    for cell, one in zip(metrics.all(), compared, strict=True):
        expect(cell).to_contain_text(f"{one.value:.2%}")
    expect(page.locator("svg.architecture")).to_have_count(3)
    page.locator("canvas").wait_for()
    assert page.evaluate(FRONTS)[-3:] == [[one.id] for one in compared]
    page.get_by_label(f"tell the others against {other.id}").click()
    expect(page).to_have_url(re.compile(f"candidates={other.id},{first.id},{third.id}$"))
    page.get_by_label(f"leave out {first.id}").click()
    expect(page).to_have_url(re.compile(f"candidates={other.id},{third.id}$"))


def test_what_differs_from_the_first_is_marked_and_equal_lines_are_shown_if_wanted(
    visit: Open, live: Live, client: Client, child: str
) -> None:
    detail = client.candidate(child)
    page = visit(f"/jobs/{detail.job_id}/candidates/{child}")
    page.locator(".sheet", has_text="Lineage").get_by_role("link", name="compare").last.click()
    expect(page).to_have_url(re.compile(f"candidates={detail.parents[0]},{child}$"))
    pictures = page.locator("svg.architecture")
    expect(pictures.nth(0).locator(".differing")).to_have_count(0)
    marked = pictures.nth(1).locator(".differing").count() + pictures.nth(1).locator(".missing").count()
    assert marked > 0
    rows = page.get_by_role("table", name="Op by op").locator("tbody tr")
    differing = rows.count()
    page.get_by_label("Op by op: equal lines too").click()
    expect(rows).not_to_have_count(differing)
    every = rows.count()
    expect(page).to_have_url(re.compile("ops=all"))
    expect(page.get_by_text("There is one job, so there is nothing to differ from.")).to_be_visible()
    page.get_by_label("Specs: equal lines too").click()
    expect(page.get_by_role("row", name="task.name")).to_contain_text("landscape")
    again = visit(page.url.removeprefix(live.url))
    expect(again.get_by_role("table", name="Op by op").locator("tbody tr")).to_have_count(every)


def test_others_are_added_by_their_ids(visit: Open, finished: str, second: str) -> None:
    page = visit("/compare")
    expect(page.get_by_text("Nothing to compare yet.")).to_be_visible()
    page.get_by_label("id of a job or candidate").fill(finished)
    page.get_by_role("button", name="add").click()
    expect(page.get_by_text("One so far.")).to_be_visible()
    page.get_by_label("id of a job or candidate").fill(f"{second}.c1")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/compare\\?jobs={finished}&candidates={second}.c1$"))
    expect(page.get_by_text("One so far.")).not_to_be_visible()


def test_what_is_gone_is_named_beside_the_rest(visit: Open, client: Client, finished: str) -> None:
    gone = client.wait(client.submit(SPEC | {"name": "gone", "budget": {"trials": 2}, "seed": 77}).id).id
    client.delete(gone)
    page = visit(f"/compare?jobs={finished},{gone}&candidates={gone}.c0,{finished}.c0,nope.c1")
    for said in (f"there is no job '{gone}'", f"there is no candidate '{gone}.c0'", "there is no candidate 'nope.c1'"):
        expect(page.get_by_text(said)).to_be_visible()
    expect(page.get_by_role("link", name=f"{finished}.c0", exact=True).first).to_be_visible()
    page.get_by_role("link", name="compare the others").click()
    expect(page).to_have_url(re.compile(f"/compare\\?jobs={finished}&candidates={finished}.c0$"))


def test_more_than_six_are_cut_and_said(visit: Open, finished: str) -> None:
    named = [f"{finished}.c{number}" for number in range(7)]
    page = visit(f"/compare?candidates={','.join(named)}")
    expect(page.get_by_text(f"At most 6 are compared. Left out: {named[-1]}.")).to_be_visible()
    expect(page.get_by_label("id of a job or candidate")).to_have_count(0)


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
    expect(page.get_by_role("columnheader").filter(has_text="by size").first).to_be_visible()
    expect(page.locator("canvas")).not_to_be_visible()
    client.cancel(other)
    live.workers.open.set()


@pytest.mark.parametrize(
    ("jobs", "said"),
    [("", "Nothing to compare yet."), ("nope", "there is no job 'nope'"), ("{job},nope", "there is no job 'nope'")],
)
def test_a_comparison_of_what_is_not_there_says_so(visit: Open, finished: str, jobs: str, said: str) -> None:
    page = visit("/compare?jobs=" + jobs.format(job=finished))
    expect(page.get_by_text(said)).to_be_visible()
    expect(page.get_by_role("link", name="all jobs").first).to_have_attribute("href", "/")
