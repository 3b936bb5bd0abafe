"""The list of jobs: what it shows live, how it narrows, and what can be done from a row."""

from __future__ import annotations

import re

import pytest
from browsing import LONG, Open
from playwright.sync_api import Page, expect
from services import ENDLESS, SPEC, Live

from nas_service.client import Client

pytestmark = pytest.mark.browser


def test_a_job_submitted_meanwhile_appears_and_proceeds_by_itself(visit: Open, live: Live, client: Client) -> None:
    page = visit("/")
    live.workers.open.clear()
    job = client.submit(SPEC | {"name": "seen from the start", "seed": 21})
    row = page.locator(".job", has_text="seen from the start")
    expect(row).to_contain_text("0 of 20 trials")
    expect(row).to_contain_text("running")
    live.workers.open.set()
    expect(row).to_contain_text("20 of 20 trials")
    expect(row).to_contain_text("finished")
    expect(row.get_by_role("link")).to_have_attribute("href", f"/jobs/{job.id}")


def test_filters_narrow_the_list_and_stand_in_the_address(visit: Open, client: Client, finished: str) -> None:
    other = client.submit(ENDLESS | {"name": "Quite another one", "seed": 41}).id
    client.cancel(other)
    page = visit("/")
    rows = page.locator(".job")
    page.get_by_label("search by name").fill("quite ANOTHER")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("cancelled by request")
    expect(page).to_have_url(re.compile(r"/\?name=quite\+ANOTHER$"))
    page.get_by_role("combobox", name="state").press("ArrowDown")
    page.get_by_role("option", name="finished").click()
    expect(page.get_by_text("No job like this.")).to_be_visible()
    page = visit(page.url.removeprefix(client.base_url))
    expect(page.get_by_text("No job like this.")).to_be_visible()
    expect(page.get_by_label("search by name")).to_have_value("quite ANOTHER")
    page.get_by_role("link", name="show all jobs").click()
    expect(page.get_by_role("link", name=LONG)).to_be_visible()
    client.delete(other)


def test_a_row_that_changes_stays_the_same_element(visit: Open, running: str) -> None:
    page = visit("/?state=running")
    row = page.locator(".job", has_text="goes on")
    row.evaluate("element => element.dataset.kept = 'yes'")
    trials = row.get_by_text(re.compile(r"of 100,000 trials$"))
    before = trials.inner_text()
    expect(trials).not_to_have_text(before)
    assert row.get_attribute("data-kept") == "yes"
    expect(row).to_contain_text("a minute")
    expect(row).to_contain_text("left")


def choose(page: Page, job: str, action: str) -> None:
    page.get_by_label(f"actions on {job}").click()
    page.get_by_role("menuitem", name=action, exact=True).click()


def test_a_job_is_paused_extended_cancelled_and_deleted_from_its_row(visit: Open, client: Client) -> None:
    job = client.submit(ENDLESS | {"name": "acted upon", "seed": 12}).id
    page = visit("/")
    state = page.locator(".job", has_text="acted upon").first.locator(".pill")
    choose(page, job, "pause")
    expect(state).to_have_text("paused")
    choose(page, job, "extend")
    page.get_by_label("trials to add").fill("50")
    page.get_by_role("button", name="extend", exact=True).click()
    expect(page.get_by_text(re.compile(r"of 100,050 trials$"))).to_be_visible()
    choose(page, job, "cancel")
    page.get_by_role("button", name="let it run").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert client.job(job).state == "paused"
    choose(page, job, "cancel")
    page.get_by_role("button", name="cancel the job").click()
    expect(state).to_have_text("cancelled")
    choose(page, job, "clone")
    expect(page.get_by_label("Name", exact=True)).to_have_value("acted upon")
    page.go_back()
    choose(page, job, "delete")
    expect(page.get_by_text("it has no exports")).to_be_visible()
    page.get_by_role("button", name="delete for good").click()
    expect(page.get_by_label(f"actions on {job}")).to_have_count(0)
    assert job not in {one.id for one in client.jobs()}


def test_older_jobs_are_a_page_away(visit: Open, client: Client) -> None:
    mine = [client.submit(ENDLESS | {"name": f"paged {i}", "seed": i}).id for i in range(27)]
    for job in mine:
        client.cancel(job)
    page = visit("/?name=paged")
    rows = page.locator(".job")
    expect(rows).to_have_count(25)
    page.get_by_role("button", name="older").click()
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("paged 1")
    page = visit(page.url.removeprefix(client.base_url))
    expect(page.locator(".job")).to_have_count(2)
    page.get_by_role("button", name="newer").click()
    expect(page.locator(".job")).to_have_count(25)
    for job in mine:
        client.delete(job)
