"""The table of a job's candidates: sorted, narrowed and paged by the service, as its address says."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import pytest
from browsing import Open
from playwright.sync_api import Locator, Page, expect
from services import SPEC

from nas_service.client import Client

pytestmark = pytest.mark.browser


def names(page: Page) -> Locator:
    return page.locator(".candidates tbody tr td:nth-child(2)")


def listed(client: Client, job: str, **wanted: Any) -> list[str]:
    return [candidate.id.rpartition(".")[2] for candidate in client.candidates(job, **wanted)]


def test_the_candidates_are_listed_best_first_page_by_page(visit: Open, client: Client, finished: str) -> None:
    every = listed(client, finished, order="reward")
    page = visit(f"/jobs/{finished}")
    expect(names(page)).to_have_text(every[:20])
    expect(page.get_by_role("status").get_by_text(f"1 to 20 of {len(every)} with a result in full")).to_be_visible()
    expect(page.get_by_role("button", name="previous")).to_be_disabled()
    page.get_by_role("button", name="next").click()
    expect(names(page)).to_have_text(every[20:40])
    page.get_by_role("button", name="next").click()
    expect(names(page)).to_have_text(every[40:])
    expect(page.get_by_role("button", name="next")).to_be_disabled()
    page.get_by_role("button", name="previous").click()
    expect(names(page)).to_have_text(every[20:40])


@pytest.mark.parametrize(
    ("column", "order"),
    [("candidate", "number"), ("val_accuracy", "value"), ("parameters", "params"), ("MACs", "macs")],
)
def test_a_click_on_a_head_sorts_and_another_one_turns(
    visit: Open, client: Client, finished: str, column: str, order: str
) -> None:
    page = visit(f"/jobs/{finished}")
    expect(page.locator(".candidates th", has_text="reward")).to_have_attribute("aria-sort", "descending")
    head = page.locator(".candidates th", has_text=column)
    button = head.get_by_role("button")
    for descending in (order == "value", order != "value"):
        button.focus()
        page.keyboard.press("Enter")
        expect(head).to_have_attribute("aria-sort", "descending" if descending else "ascending")
        expect(names(page)).to_have_text(listed(client, finished, order=order, descending=descending)[:20])


def test_filters_narrow_the_table_and_stand_in_the_address(visit: Open, client: Client, finished: str) -> None:
    page = visit(f"/jobs/{finished}?sort=macs")
    sheet = page.locator(".candidates")
    sheet.get_by_role("button", name="more filters").click()
    sheet.get_by_label("MACs at most").fill("2M")
    wanted = {"order": "macs", "macs_max": 2_000_000}
    expect(names(page)).to_have_text(listed(client, finished, **wanted)[:20])
    expect(page).to_have_url(re.compile(r"\?sort=macs&macs_max=2M$"))
    sheet.get_by_text("within limits").click()
    sheet.get_by_label("state").click()
    page.get_by_role("option", name="infeasible").click()
    expect(sheet.get_by_text("No candidate is like this.")).to_be_visible()
    sheet.get_by_role("button", name="clear", exact=True).click()
    expect(names(page)).to_have_text(listed(client, finished, order="macs")[:20])
    expect(page).to_have_url(re.compile(r"\?sort=macs$"))
    expect(sheet.get_by_label("MACs at most")).to_have_value("")


def test_an_address_opens_the_table_that_it_names(visit: Open, client: Client, finished: str) -> None:
    wanted = {"order": "params", "descending": True, "id_part": "c1", "macs_max": 4_000_000}
    page = visit(f"/jobs/{finished}?sort=params&direction=descending&candidate=c1&macs_max=4M&state=none")
    expect(names(page)).to_have_text(listed(client, finished, **wanted)[:20])
    expect(page.get_by_label("MACs at most")).to_have_value("4M")
    expect(page.locator(".candidates th", has_text="parameters")).to_have_attribute("aria-sort", "descending")


def test_candidates_without_a_result_are_a_click_away(visit: Open, client: Client) -> None:
    task = SPEC["task"] | {"seconds": 1}
    spec = SPEC | {"task": task, "seed": 34, "workers": {"timeout_s": 0.01}, "budget": {"trials": 2}}
    job = client.wait(client.submit(spec).id).id
    page = visit(f"/jobs/{job}")
    expect(page.get_by_text("No candidate with a result in full.")).to_be_visible()
    page.get_by_role("button", name="show all candidates").click()
    expect(names(page)).to_have_text(listed(client, job))
    expect(page.locator(".candidates tbody tr").first).to_contain_text("failed")


def test_a_field_says_what_it_cannot_mean(visit: Open, client: Client, finished: str) -> None:
    page = visit(f"/jobs/{finished}?params_max=1G")
    before = listed(client, finished, order="reward")[:20]
    expect(names(page)).to_have_text(before)
    page.get_by_label("parameters at most").fill("many")
    expect(page.get_by_text("a number, such as 0.3 or 1.2M")).to_be_visible()
    expect(names(page)).to_have_text(before)


def test_the_narrowed_table_is_downloaded_whole(visit: Open, client: Client, finished: str, tmp_path: Path) -> None:
    page = visit(f"/jobs/{finished}?sort=macs&feasible=yes")
    expect(names(page)).to_have_count(20)
    with page.expect_download() as download:
        page.locator(".candidates").get_by_role("link", name="CSV").click()
    download.value.save_as(tmp_path / "table.csv")
    with (tmp_path / "table.csv").open(newline="") as file:
        found = [row["id"] for row in csv.DictReader(file)]
    assert found == [one.id for one in client.candidates(finished, order="macs", feasible=True)]
    assert len(found) > 20


def test_on_a_narrow_screen_the_order_is_chosen(visit: Open, client: Client, finished: str) -> None:
    page = visit(f"/jobs/{finished}", 390)
    expect(page.locator(".candidates th", has_text="MACs")).to_be_hidden()
    page.get_by_label("sort by").click()
    page.get_by_role("option", name="MACs").click()
    expect(names(page)).to_have_text(listed(client, finished, order="macs")[:20])
    page.get_by_role("button", name="ascending").click()
    expect(names(page)).to_have_text(listed(client, finished, order="macs", descending=True)[:20])
