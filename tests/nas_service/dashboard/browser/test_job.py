"""The page of a job: scatter, candidates, controls, finalists, and what went wrong."""

from __future__ import annotations

import re
import time

import pytest
from browsing import COLOURS, LONG, Open
from playwright.sync_api import expect
from services import SPEC, Live
from tiny_device import SPEC as TINY
from tiny_device import hurry, work

from device_agent.server import Server
from nas_service import finalists
from nas_service.client import Client

pytestmark = pytest.mark.browser


FRONT = """() => {
    const element = document.querySelector('.scatter canvas').closest('[id^=c]');
    const front = getElement(Number(element.id.slice(1))).chart.getOption().series[1];
    return [front.data.map(point => point[2]), front.markLine.data[0].xAxis];
}"""


def test_a_job_shows_its_scatter_front_and_limit(visit: Open, client: Client, finished: str) -> None:
    page = visit(f"/jobs/{finished}")
    page.locator(".scatter canvas").wait_for()
    sheet = "document.querySelector('.scatter canvas')"
    page.wait_for_function(f"() => ({COLOURS})({sheet}) > 20")  # an empty one has fewer
    front, limit = page.evaluate(FRONT)
    assert front == [candidate.id for candidate in client.pareto(finished)]
    assert limit == SPEC["objective"]["limits"]["macs"]
    best = client.job(finished).incumbent
    link = page.get_by_role("link", name=best, exact=True)
    expect(link).to_have_attribute("href", f"/jobs/{finished}/candidates/{best}")


def test_a_job_is_paused_resumed_and_cancelled_from_its_page(visit: Open, client: Client, running: str) -> None:
    page = visit(f"/jobs/{running}")
    page.get_by_role("button", name="pause").click()
    expect(page.locator(".pill")).to_have_text("paused")
    assert client.job(running).state == "paused"
    page.get_by_role("button", name="resume").click()
    expect(page.locator(".pill")).to_have_text("running")
    page.get_by_role("button", name="cancel", exact=True).click()
    page.get_by_role("button", name="let it run").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert client.job(running).state == "running"
    page.get_by_role("button", name="cancel", exact=True).click()
    page.get_by_role("button", name="cancel the job").click()
    expect(page.locator(".pill")).to_have_text("cancelled")
    assert client.job(running).state == "cancelled"
    for name in ("pause", "resume", "extend", "cancel"):
        expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)


def test_a_question_stays_while_its_job_changes(visit: Open, client: Client, running: str) -> None:
    page = visit(f"/jobs/{running}")
    page.get_by_role("button", name="extend", exact=True).click()
    expect(page.get_by_label("trials to add")).to_be_visible()
    client.pause(running)
    expect(page.locator(".pill")).to_have_text("paused")
    page.get_by_label("trials to add").fill("7")
    page.get_by_role("dialog").get_by_role("button", name="extend", exact=True).click()
    expect(page.get_by_text(re.compile(r"^[\d,]+ of 100,007$"))).to_be_visible()


def test_a_job_is_deleted_from_its_page_which_leads_to_the_list(visit: Open, client: Client) -> None:
    job = client.wait(client.submit(SPEC | {"seed": 61}).id).id
    page = visit(f"/jobs/{job}")
    page.get_by_role("button", name="delete", exact=True).click()
    expect(page.get_by_text("There is no way back.")).to_be_visible()
    page.get_by_role("button", name="delete for good").click()
    page.get_by_text("Jobs", exact=True).wait_for()
    assert job not in {one.id for one in client.jobs()}


def test_a_running_job_proceeds_on_its_page(visit: Open, running: str) -> None:
    page = visit(f"/jobs/{running}")
    trials = page.get_by_text(re.compile(r"^[\d,]+ of 100,000$"))
    before = trials.inner_text()
    expect(trials).not_to_have_text(before)
    expect(page.get_by_text(re.compile(r"^[\d.,]+ a minute, [\d.]+ (s|min|h) left$"))).to_be_visible()


def test_what_was_reused_is_shown_and_how_the_control_did(visit: Open, client: Client, finished: str) -> None:
    spec = SPEC | {"warm_start": {"jobs": [finished], "top": 5}, "control": {"share": 0.4}}
    job = client.wait(client.submit(spec).id)
    best = next(c for c in client.candidates(job.id, order="reward") if c.reused_from)
    page = visit(f"/jobs/{job.id}")
    row = page.locator("tr", has=page.get_by_label(f"compare {best.id}", exact=True))
    expect(row).to_contain_text(f"reused from {best.reused_from}")
    twins = visit(f"/jobs/{job.id}/candidates/{best.id}").locator(".twins")
    known = twins.locator(".job", has_text=LONG)
    expect(known).to_contain_text("Its result stands here too")
    source = client.trial(best.reused_from).candidate_id
    expect(known.get_by_role("link").first).to_have_attribute("href", f"/jobs/{finished}/candidates/{source}")
    expect(page.get_by_text(re.compile(r"^not trained again, .* saved$"))).to_be_visible()
    expect(page.get_by_text("hypervolume, random control")).to_be_visible()
    expect(page.get_by_text(client.comparison(job.id).note)).to_be_visible()
    expect(visit(f"/jobs/{finished}").get_by_text("hypervolume, search")).not_to_be_visible()


def test_a_job_that_failed_says_why(visit: Open, client: Client) -> None:
    task = SPEC["task"] | {"seconds": 1}
    spec = SPEC | {"task": task, "seed": 31, "workers": {"timeout_s": 0.01}, "budget": {"trials": 2}}
    job = client.wait(client.submit(spec).id).id
    page = visit(f"/jobs/{job}")
    expect(page.locator(".pill")).to_have_text("failed")
    expect(page.locator(".danger").first).to_contain_text("raise workers.timeout_s")
    expect(page.locator(".scatter canvas")).to_be_hidden()
    expect(page.get_by_text("No candidate was evaluated in full.")).to_be_visible()


def test_an_unknown_job_explains_itself_and_shows_nothing_else(visit: Open) -> None:
    page = visit("/jobs/nope")
    expect(page.get_by_text("there is no job 'nope'")).to_be_visible()
    expect(page.get_by_role("link", name="all jobs")).to_have_attribute("href", "/")
    expect(page.get_by_role("table")).not_to_be_visible()


@pytest.mark.usefixtures("tables")
def test_finalists_that_were_measured_stand_beside_their_estimates(
    visit: Open, live: Live, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurry(monkeypatch)
    monkeypatch.setattr(finalists, "LOOK_S", 0.05)
    server = Server(live.url)
    client.measure("pi4", TINY)
    assert work(server)
    work(server)
    objective = {"cost": "latency_ms", "target": 1.0}
    job = client.submit(TINY | {"device": {"name": "pi4"}, "objective": objective, "measure": {"finalists": 2}})
    assert client.wait(job.id).state == "finished"
    page = visit(f"/jobs/{job.id}")
    sheet = page.locator(".sheet", has=page.get_by_text("Finalists", exact=True))
    expect(sheet).to_contain_text("waits for an agent on 'pi4'")
    while not work(server):
        time.sleep(0.1)
    work(server)
    expect(sheet).to_contain_text("completed")
    expect(sheet).to_contain_text("inside their intervals")
    measured = client.finalists(job.id).networks
    expect(sheet.get_by_role("link")).to_have_text([f"candidate {one.number}" for one in measured])
    expect(sheet).to_contain_text(f"measured {measured[0].measured_ms:.3f}")
