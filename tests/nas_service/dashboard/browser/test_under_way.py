"""What goes on in a job, on its page: trials under way with their curves, and events with their causes."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from itertools import islice

import pytest
from browsing import Open
from playwright.sync_api import expect
from services import ENDLESS, SPEC, Live

from nas_service.client import Client

pytestmark = pytest.mark.browser


@pytest.fixture
def slow(client: Client) -> Iterator[str]:
    """A job whose trials have many epochs and take long."""
    task = {"name": "landscape", "epochs": 400, "seconds": 200}
    job = client.submit(ENDLESS | {"seed": 72, "task": task, "workers": {"parallel": 3}}).id
    yield job
    client.cancel(job)


def test_trials_under_way_show_where_they_are_and_how_they_learn(visit: Open, client: Client, slow: str) -> None:
    list(islice((event for event in client.events(slow) if event.type == "epoch"), 4))
    page = visit(f"/jobs/{slow}")
    sheet = page.locator(".under-way")
    cards = sheet.locator(".trial")
    expect(cards).to_have_count(3)
    expect(sheet.get_by_text("2 trials run; 1 waits: no free slot: 2 of 2 in use.")).to_be_visible()
    trials = {one.candidate_id.rpartition(".")[2] for one in client.trials_page(slow).items}
    assert set(cards.get_by_role("link").all_inner_texts()) == trials
    first = sheet.locator(".trial:not(.waits)").first
    expect(sheet.locator(".trial.waits")).to_have_text(re.compile(r"waits for .*no free slot"))
    expect(first).to_contain_text(re.compile(r"epoch \d+ of 400"))
    expect(first.locator("svg")).to_be_visible()
    expect(first.locator("path.marks")).to_have_attribute("d", re.compile(r"h0$"))
    with page.expect_download() as saved:
        first.get_by_role("button", name="as PNG").click()
    assert saved.value.path().read_bytes().startswith(b"\x89PNG")
    with page.expect_download() as saved:
        first.get_by_role("button", name="as CSV").click()
    rows = list(csv.DictReader(saved.value.path().read_text().splitlines()))
    assert {row["candidate"].rpartition(".")[2] for row in rows} == {first.get_by_role("link").inner_text()}
    assert [float(row["epoch"]) for row in rows] == list(range(1, len(rows) + 1))
    epoch = first.get_by_text(re.compile("^epoch")).inner_text()
    expect(first.get_by_text(re.compile("^epoch"))).not_to_have_text(epoch)
    client.cancel(slow)
    expect(sheet).to_be_hidden()


def test_events_are_told_newest_first_and_by_kind(visit: Open, finished: str) -> None:
    page = visit(f"/jobs/{finished}")
    events = page.locator(".events")
    expect(events.get_by_text("The job has finished")).to_be_visible()  # exports of other tests may come after it
    expect(events.locator(".event")).to_have_count(15)
    events.get_by_role("button", name="earlier").click()
    expect(events.locator(".event")).to_have_count(30)
    events.get_by_role("button", name="the job itself").click()
    expect(events.get_by_text(re.compile(r"^Trial t"))).to_have_count(0)
    expect(events.get_by_text("The job has finished")).to_be_visible()
    expect(events.locator(".event").last).to_contain_text("The job is queued")
    expect(page).to_have_url(re.compile("events=job$"))
    events.get_by_role("button", name="failures").click()
    expect(events.get_by_text("Nothing has failed.")).to_be_visible()


def test_events_of_a_running_job_are_added_on_top(visit: Open, client: Client, running: str) -> None:
    client.pause(running)
    page = visit(f"/jobs/{running}?events=job")
    first = page.locator(".event").first
    expect(first).to_contain_text("The job is paused")
    client.resume(running)
    expect(first).to_contain_text("The job runs")
    expect(page.locator(".event").nth(1)).to_contain_text("The job is paused")


def test_a_trial_that_failed_says_why_and_shows_its_log_as_text(visit: Open, client: Client, live: Live) -> None:
    task = SPEC["task"] | {"seconds": 1}
    spec = SPEC | {"task": task, "seed": 33, "workers": {"timeout_s": 0.01}, "budget": {"trials": 2}}
    job = client.wait(client.submit(spec).id).id
    page = visit(f"/jobs/{job}?events=failures")
    row = page.locator(".event", has_text="Trial t0 failed")
    expect(row).to_contain_text("timeout: ")
    expect(row.get_by_role("link", name="candidate c0")).to_have_attribute("href", f"/jobs/{job}/candidates/{job}.c0")
    button = row.get_by_role("button", name="log")
    expect(button).to_have_attribute("aria-expanded", "false")
    button.click()
    expect(row.locator(".log")).to_have_text(client.trial_log(f"{job}.t0"))
    expect(button).to_have_attribute("aria-expanded", "true")
    button.click()
    expect(row.locator(".log")).to_be_hidden()
