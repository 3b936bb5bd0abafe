"""What a person sees in the browser: jobs as they run, a job's scatter and candidates, and its controls."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import pytest
from made_tables import document, made_table
from playwright.sync_api import Page, expect
from services import ENDLESS, MODEL, SPEC, Live
from tiny_device import SPEC as TINY
from tiny_device import hurry, work
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from device_agent.server import Server
from nas_service import access, finalists
from nas_service.access import Scope
from nas_service.client import Client
from nas_service.store import keys, schema, trials
from workers.requests import Report

pytestmark = pytest.mark.browser

Open = Callable[..., Page]
FRESH = {"name": "landscape", "epochs": 3}  # of which no other test has results
LONG = "a name that is longer than any sensible name of a job would be, without-a-place-to-break-it-in-two-anywhere"
COLOURS = """canvas => {
    const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
    return new Set(new Uint32Array(pixels.buffer)).size;
}"""


@pytest.fixture(scope="module")
def finished(live: Live) -> str:
    with Client(live.url) as connected:
        spec = SPEC | {"name": LONG, "budget": {"trials": 50}}
        return connected.wait(connected.submit(spec).id).id


@pytest.fixture
def running(client: Client) -> Iterator[str]:
    """A job with some results that goes on for as long as it is left alone."""
    job = client.submit(ENDLESS | {"name": "goes on", "seed": 11}).id
    list(islice(client.events(job), 60))
    yield job
    client.cancel(job)


FRONT = """() => {
    const element = document.querySelector('canvas').closest('[id^=c]');
    const front = getElement(Number(element.id.slice(1))).chart.getOption().series[1];
    return [front.data.map(point => point[2]), front.markLine.data[0].xAxis];
}"""


SERIES = """selector => {
    const element = document.querySelector(selector + ' canvas').closest('[id^=c]');
    return getElement(Number(element.id.slice(1))).chart.getOption().series.map(series => series.data);
}"""


FRONTS = """() => {
    const element = document.querySelector('canvas').closest('[id^=c]');
    return getElement(Number(element.id.slice(1))).chart.getOption().series.map(one => one.data.map(p => p[2]));
}"""


def test_the_empty_page_says_how_to_begin(visit: Open) -> None:
    page = visit("/")
    expect(page.get_by_text("No job yet.")).to_be_visible()
    expect(page.get_by_text("nas submit search.yaml")).to_be_visible()


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


@pytest.fixture(scope="module")
def second(live: Live) -> str:
    """A finished job of another strategy, with what HTML would read as bold in its name."""
    with Client(live.url) as connected:
        spec = SPEC | {"name": "<b>second</b>", "strategy": {"name": "random"}, "budget": {"trials": 30}}
        return connected.wait(connected.submit(spec).id).id


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


def test_a_job_shows_its_scatter_front_and_limit(visit: Open, client: Client, finished: str) -> None:
    page = visit(f"/jobs/{finished}")
    page.locator("canvas").wait_for()
    page.wait_for_function(f"() => ({COLOURS})(document.querySelector('canvas')) > 20")  # an empty sheet has fewer
    front, limit = page.evaluate(FRONT)
    assert front == [candidate.id for candidate in client.pareto(finished)]
    assert limit == SPEC["objective"]["limits"]["macs"]


def test_the_candidates_are_listed_best_first_page_by_page(visit: Open, client: Client, finished: str) -> None:
    every = [candidate.id for candidate in client.candidates(finished, order="reward")]
    page = visit(f"/jobs/{finished}")
    names = page.locator("tbody tr td:first-child")
    expect(names).to_have_text(every[:20])
    expect(page.get_by_role("button", name="previous")).to_be_disabled()
    page.get_by_role("button", name="next").click()
    expect(names).to_have_text(every[20:40])
    page.get_by_role("button", name="next").click()
    expect(names).to_have_text(every[40:])
    expect(page.get_by_role("button", name="next")).to_be_disabled()
    page.get_by_role("button", name="previous").click()
    expect(names).to_have_text(every[20:40])


def test_a_job_is_paused_resumed_and_cancelled_from_its_page(visit: Open, client: Client, running: str) -> None:
    page = visit(f"/jobs/{running}")
    page.get_by_role("button", name="pause").click()
    expect(page.locator(".pill")).to_have_text("paused")
    assert client.job(running).state == "paused"
    page.get_by_role("button", name="resume").click()
    expect(page.locator(".pill")).to_have_text("running")
    page.get_by_role("button", name="cancel").click()
    expect(page.locator(".pill")).to_have_text("cancelled")
    assert client.job(running).state == "cancelled"
    for name in ("pause", "resume", "cancel"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)


def test_a_running_job_proceeds_on_its_page(visit: Open, running: str) -> None:
    page = visit(f"/jobs/{running}")
    trials = page.get_by_text(re.compile(r"^[\d,]+ of 100,000$"))
    before = trials.inner_text()
    expect(trials).not_to_have_text(before)


def test_what_was_reused_is_shown_and_how_the_control_did(visit: Open, client: Client, finished: str) -> None:
    spec = SPEC | {"warm_start": {"jobs": [finished], "top": 5}, "control": {"share": 0.4}}
    job = client.wait(client.submit(spec).id)
    best = next(c for c in client.candidates(job.id, order="reward") if c.reused_from)
    page = visit(f"/jobs/{job.id}")
    expect(page.locator("tr", has_text=best.id).first).to_contain_text(f"completed, reused from {best.reused_from}")
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
    expect(page.get_by_text("raise workers.timeout_s")).to_be_visible()
    expect(page.locator("canvas")).not_to_be_visible()


def test_an_unknown_job_explains_itself_and_shows_nothing_else(visit: Open) -> None:
    page = visit("/jobs/nope")
    expect(page.get_by_text("there is no job 'nope'")).to_be_visible()
    expect(page.get_by_role("link", name="all jobs")).to_have_attribute("href", "/")
    expect(page.get_by_role("table")).not_to_be_visible()


@pytest.fixture(scope="module")
def child(live: Live, finished: str) -> str:
    """A completed candidate with a parent."""
    with Client(live.url) as connected:
        return next(one.id for one in connected.candidates(finished, order="reward") if one.parents)


def test_a_candidate_is_reached_from_the_table_and_from_its_point(visit: Open, client: Client, finished: str) -> None:
    page = visit(f"/jobs/{finished}")
    best = next(client.candidates(finished, order="reward"))
    page.get_by_role("link", name=best.id, exact=True).click()
    expect(page).to_have_url(re.compile(f"/jobs/{finished}/candidates/{best.id}$"))
    expect(page.locator(".pill").first).to_have_text("completed")
    page.get_by_role("link", name=LONG).click()
    page.locator("canvas").wait_for()
    name, x, y = page.evaluate("""() => {
        const element = document.querySelector('canvas').closest('[id^=c]');
        const chart = getElement(Number(element.id.slice(1))).chart;
        const [cost, value, name] = chart.getOption().series[1].data[0];
        return [name, ...chart.convertToPixel({seriesIndex: 1}, [cost, value])];
    }""")
    page.locator("canvas").click(position={"x": x, "y": y})
    expect(page).to_have_url(re.compile(f"/candidates/{name}$"))


def test_a_candidate_shows_its_network_and_what_each_op_costs(visit: Open, client: Client, child: str) -> None:
    detail = client.candidate(child)
    page = visit(f"/jobs/{detail.job_id}/candidates/{child}")
    expect(page.locator("svg.architecture g")).to_have_count(len(detail.architecture.ops))
    page.get_by_role("button", name="MACs").click()
    macs = [op.macs for op in detail.architecture.ops]
    page.wait_for_function(
        f"([selector, macs]) => JSON.stringify(({SERIES})(selector)[0].map(bar => bar.value)) == JSON.stringify(macs)",
        arg=[".beside", macs],
    )
    expect(page.get_by_role("button", name="milliseconds")).to_have_count(0)
    for ancestor in detail.lineage:
        expect(page.get_by_role("link", name=f"candidate {ancestor.number}", exact=True)).to_be_visible()
    for change in client.changes(child)[-1].changes[:1]:
        expect(page.get_by_text(f"{change.name} ").first).to_be_visible()


def test_a_candidate_is_compared_with_the_one_whose_id_is_given(visit: Open, client: Client, child: str) -> None:
    detail = client.candidate(child)
    parent = detail.parents[0]
    page = visit(f"/jobs/{detail.job_id}/candidates/{child}")
    page.get_by_label("id of another candidate").fill(parent)
    page.get_by_role("button", name="compare").click()
    expect(page).to_have_url(re.compile(f"against={parent}$"))
    expect(page.get_by_text(re.compile(rf"^They differ in \d+ of {len(detail.architecture.ops)}"))).to_be_visible()
    expect(page.locator("tbody tr").first).to_be_visible()
    changed = page.locator("tbody tr").count()
    page.get_by_text("equal ops too").click()
    expect(page.locator("tbody tr")).not_to_have_count(changed)
    page = visit(f"/jobs/{detail.job_id}/candidates/{child}?against=nope")
    expect(page.get_by_text("there is no candidate 'nope'")).to_be_visible()


def test_an_export_is_asked_for_followed_and_fetched(visit: Open, live: Live, child: str) -> None:
    page = visit(f"/jobs/{child.partition('.')[0]}/candidates/{child}")
    page.get_by_role("button", name="export as ONNX").click()
    expect(page.get_by_text("test accuracy")).to_be_visible()
    expect(page.get_by_text("90.00%")).to_be_visible()
    expect(page.get_by_role("link", name="model_card.md")).to_be_visible()
    address = page.get_by_role("link", name="model.onnx").get_attribute("href")
    assert page.request.get(f"{live.url}{address}").body() == MODEL


def test_a_curve_grows_on_the_page_until_its_trial_has_ended(visit: Open, live: Live, client: Client) -> None:
    live.workers.open.clear()
    job = client.submit(SPEC | {"seed": 41, "budget": {"trials": 1}}).id
    try:
        trial = next(found for _ in range(1000) if (found := next(client.trials(job), None)))
        page = visit(f"/jobs/{job}/candidates/{trial.candidate_id}")
        expect(page.locator(".learning").get_by_text(f"trial {trial.number}")).to_be_visible()
        for epoch in (1, 2):
            with live.app.state.service.store.write() as conn:
                report = Report("r", 1, trial.id, "progress", epoch, {"val_accuracy": epoch / 4})
                trials.add_epochs(conn, job, [report])
            page.locator(".learning canvas").wait_for()
            page.wait_for_function(f"([selector, n]) => ({SERIES})(selector)[0].length == n", arg=[".learning", epoch])
    finally:
        live.workers.open.set()
    expect(page.locator(".pill").first).to_have_text("completed")


def test_what_was_never_trained_or_failed_says_why(visit: Open, client: Client) -> None:
    spec = SPEC | {"seed": 51, "objective": SPEC["objective"] | {"limits": {"macs": 1e6}}}
    job = client.wait(client.submit(spec).id).id
    refused = next(client.candidates(job, state="infeasible"))
    page = visit(f"/jobs/{job}/candidates/{refused.id}")
    expect(page.get_by_text(f"It was never trained: {refused.reason}")).to_be_visible()
    expect(page.locator(".learning canvas")).not_to_be_visible()
    task = SPEC["task"] | {"seconds": 1}
    spec = SPEC | {"task": task, "seed": 52, "workers": {"timeout_s": 0.01}, "budget": {"trials": 1}}
    job = client.wait(client.submit(spec).id).id
    page = visit(f"/jobs/{job}/candidates/{job}.c0")
    expect(page.get_by_text(re.compile("^It failed: .*raise workers.timeout_s"))).to_be_visible()


def test_a_candidate_that_is_not_here_leads_back_to_the_job(visit: Open, client: Client, child: str) -> None:
    page = visit("/jobs/nope/candidates/nope.c1")
    expect(page.get_by_text("there is no candidate 'nope.c1'")).to_be_visible()
    expect(page.get_by_role("link", name="back to the job")).to_have_attribute("href", "/jobs/nope")
    page = visit(f"/jobs/nope/candidates/{child}")
    own = f"/jobs/{client.candidate(child).job_id}/candidates/{child}"
    expect(page.get_by_role("link", name="its page")).to_have_attribute("href", own)


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize(
    "path",
    ["/", "/jobs/{job}", "/jobs/{job}/candidates/{job}.c0?against={job}.c1", "/compare?jobs={job},{second}"],
    ids=["jobs", "job", "candidate", "compare"],
)
def test_nothing_sticks_out_of_the_window(visit: Open, finished: str, second: str, path: str, width: int) -> None:
    page = visit(path.format(job=finished, second=second), width)
    expect(page.get_by_text(LONG).first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.fixture
def tables(live: Live) -> Iterator[Path]:
    """Of the service; none is left behind."""
    folder: Path = live.app.state.service.settings.tables
    folder.mkdir(parents=True, exist_ok=True)
    yield folder
    for table in folder.glob("*.json"):
        table.unlink()


@pytest.mark.usefixtures("tables")
def test_devices_appear_as_they_are_measured(visit: Open, client: Client, tmp_path: Path) -> None:
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
    expect(page.get_by_text("0 of 2 free")).to_be_visible()
    expect(page.get_by_text("leads", exact=True)).to_be_visible()
    expect(page.locator(".job").get_by_role("link")).to_have_attribute("href", f"/jobs/{job}")
    expect(page.locator("tbody tr")).to_have_count(2)
    expect(page.locator("tbody")).to_contain_text(client.trials_page(job).items[0].candidate_id)
    client.pause(job)
    expect(page.locator(".job")).to_contain_text("paused by request")
    client.cancel(job)
    live.workers.open.set()
    expect(page.get_by_text("No job runs or waits.")).to_be_visible()
    expect(page.get_by_text("No trial is under way.")).to_be_visible()


def test_the_api_is_never_answered_with_a_page(visit: Open, live: Live) -> None:
    page = visit("/")
    answer = page.request.get(f"{live.url}/api/v1/nothing")
    assert answer.status == 404
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.fixture
def keyed(live: Live) -> Iterator[Callable[[str, Scope], str]]:
    """Makes keys, of which none is left behind: with the first one, the service asks for them."""
    store = live.app.state.service.store

    def make(owner: str, scope: Scope) -> str:
        kept, key = access.make(owner, scope, 1.0, None)
        with store.write() as conn:
            keys.add(conn, kept)
        return key

    yield make
    with store.write() as conn:
        conn.execute(schema.keys.delete())


def log_in(page: Page, key: str) -> None:
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Log in").click()


def test_with_keys_a_page_asks_for_one_and_shows_what_it_may_do(
    visit: Open, live: Live, running: str, keyed: Callable[[str, Scope], str]
) -> None:
    admin = keyed("root", Scope.ADMIN)
    with Client(live.url, key=admin) as root:
        page = visit(f"/jobs/{running}")
        log_in(page, "nas_wrong")
        expect(page.get_by_text("This key opens nothing here.")).to_be_visible()
        log_in(page, keyed("eve", Scope.READ))
        expect(page.locator(".pill")).to_have_text("running")
        expect(page.get_by_text("eve")).to_be_visible()
        expect(page.get_by_role("button", name="cancel")).to_have_count(0)
        page.get_by_role("link", name="NAS service").click()
        expect(page.locator(".job").first).to_be_visible()
        expect(page.get_by_label("actions on").filter(visible=True)).to_have_count(0)
        page.get_by_role("button", name="log out").click()
        log_in(page, admin)
        page.locator(".job", has_text="goes on").first.get_by_role("link").click()
        page.get_by_role("button", name="pause").click()
        expect(page.locator(".pill")).to_have_text("paused")
        assert root.job(running).state == "paused"
        page.get_by_role("button", name="log out").click()
        expect(page.get_by_label("API key")).to_be_visible()


def test_a_reader_sees_exports_and_asks_for_none(
    visit: Open, live: Live, child: str, keyed: Callable[[str, Scope], str]
) -> None:
    job = child.partition(".")[0]
    with Client(live.url) as anybody:
        anybody.wait_for_export(anybody.export(child).id)
    keyed("root", Scope.ADMIN)
    page = visit(f"/jobs/{job}/candidates/{child}")
    log_in(page, keyed("eve", Scope.READ))
    expect(page.get_by_role("link", name="model.onnx").first).to_be_visible()
    address = page.get_by_role("link", name="model.onnx").first.get_attribute("href")
    assert page.request.get(f"{live.url}{address}").body() == MODEL
    expect(page.get_by_role("button", name="export as ONNX")).not_to_be_visible()


def test_a_page_whose_key_is_revoked_says_so(visit: Open, live: Live, keyed: Callable[[str, Scope], str]) -> None:
    key = keyed("ann", Scope.SUBMIT)
    page = visit("/")
    log_in(page, key)
    expect(page.get_by_text("Jobs", exact=True)).to_be_visible()
    page.wait_for_function("() => window.socket?.connected")
    with live.app.state.service.store.write() as conn:
        keys.revoke(conn, access.id_of(key) or "", 2.0)
    expect(page.get_by_text("The jobs cannot be read")).to_be_visible()


def test_the_socket_of_the_pages_is_theirs_alone(live: Live, keyed: Callable[[str, Scope], str]) -> None:
    address = live.url.replace("http", "ws") + "/_nicegui_ws/socket.io/?EIO=4&transport=websocket"
    with connect(address, origin=live.url):
        pass
    with pytest.raises(InvalidStatus, match="403"), connect(address, origin="http://evil.example"):
        pass
    keyed("ann", Scope.ADMIN)
    with pytest.raises(InvalidStatus, match="403"), connect(address, origin=live.url):
        pass


YAML = "YAML"  # the label of the text


def change(page: Page, before: str, after: str) -> None:
    """Edit the YAML of a new job."""
    text = page.get_by_label(YAML)
    text.fill(text.input_value().replace(before, after))


def test_a_job_is_made_in_a_form_that_keeps_in_step_with_its_yaml(visit: Open, client: Client) -> None:
    page = visit("/")
    page.get_by_role("link", name="New job").first.click()
    text = page.get_by_label(YAML)
    page.get_by_role("combobox", name="Task").click()
    page.get_by_role("option", name="landscape").click()
    expect(text).to_have_value(re.compile(r"^task: \{name: landscape\}$", re.MULTILINE))
    change(page, "name: search", "# mine\nname: <b>made</b> in a form")
    expect(page.get_by_label("Name", exact=True)).to_have_value("<b>made</b> in a form")
    page.get_by_label("Trials", exact=True).fill("25")
    expect(text).to_have_value(re.compile(r"^# mine\n(.*\n)+budget: \{trials: 25\}$", re.MULTILINE))
    page.get_by_text("options of mobilenetv3").click()
    page.get_by_role("group", name="kernel").get_by_role("button", name="5").press("Enter")
    expect(text).to_have_value(re.compile(r"kernel: \[3\]"))
    expect(page.get_by_text(re.compile(r"^[\d.]+% of 1,000$"))).to_be_visible()
    page.get_by_role("button", name="Submit").dblclick()
    expect(page).to_have_url(re.compile(r"/jobs/[a-z0-9]{8}$"))
    expect(page.get_by_text("<b>made</b> in a form")).to_be_visible()
    made = [job for job in client.jobs() if job.name == "<b>made</b> in a form"]
    assert [page.url.endswith(job.id) for job in made] == [True]
    spec = client.job(made[0].id).spec
    assert (spec["budget"]["trials"], spec["space"]["options"]["kernel"]) == (25, [3])


def test_a_spec_that_is_refused_says_why_at_its_field_and_makes_no_job(visit: Open, client: Client) -> None:
    before = client.jobs_page().items
    page = visit("/jobs/new", 390)
    told, kernel = page.locator(".refusal"), page.get_by_role("group", name="kernel")
    change(page, "kernel: [3, 5]", "kernel: [3, 9]")
    expect(told).to_contain_text("space.options.kernel.1: Input should be 3, 5 or 7")
    expect(kernel).to_contain_text("Input should be 3, 5 or 7")
    change(page, "kernel: [3, 9]", "kernel: [3")
    expect(told).to_contain_text("this is no YAML")
    page.get_by_role("button", name="Submit").click()
    change(page, "kernel: [3", "kernel: [3]")
    expect(told).to_be_empty()
    expect(kernel).not_to_contain_text("Input should be")
    page.get_by_label("Limit, MACs").fill("1000")
    expect(page.get_by_text("0.0% of 1,000")).to_be_visible()
    page.get_by_role("button", name="Submit").click()
    expect(told).to_contain_text("Raise the limit, or give the space smaller options")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.url.endswith("/jobs/new")
    assert [job.id for job in client.jobs_page().items] == [job.id for job in before]


def test_without_a_measured_device_a_new_job_says_how_to_measure_one(visit: Open) -> None:
    page = visit("/jobs/new")
    expect(page.get_by_text("No device has been measured yet")).to_be_visible()
    expect(page.get_by_role("combobox", name="Device")).to_have_value("no device: limit MACs")
    change(page, "objective: {cost: macs, limits: {macs: 2000000}}", "device: {name: pi}\nobjective: {target: 3}")
    expect(page.get_by_role("combobox", name="Device")).to_have_value("pi, 1 thread (not measured)")
    expect(page.get_by_text("no latency table for 'pi'")).to_have_count(2)  # at the field, and above the YAML
    expect(page.get_by_text("nas device profile pi --threads 1 --for SPEC.yaml", exact=True)).to_be_visible()


def test_the_spec_of_a_job_is_cloned_into_the_form(visit: Open, finished: str) -> None:
    page = visit(f"/jobs/{finished}")
    page.get_by_role("link", name="clone").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value(LONG)
    expect(page.get_by_label(YAML)).to_have_value(re.compile(r"^budget: \{trials: 50\}$", re.MULTILINE))
    expect(page.get_by_label(YAML)).not_to_have_value(re.compile("warm_start|seed"))  # which it has by default
    expect(visit("/jobs/new?clone=nope").get_by_text("there is no job 'nope'")).to_be_visible()


def test_who_may_only_read_sees_the_form_and_why_it_cannot_be_submitted(
    visit: Open, finished: str, keyed: Callable[[str, Scope], str]
) -> None:
    key = keyed("eve", Scope.READ)
    page = visit(f"/jobs/new?clone={finished}")
    log_in(page, key)
    expect(page.get_by_label("Name", exact=True)).to_have_value(LONG)
    expect(page.get_by_text("This key may only read")).to_be_visible()
    expect(page.get_by_role("button", name="Submit")).to_be_disabled()
    expect(page.get_by_text("A preview needs a key of scope submit.")).to_be_visible()


def test_finalists_that_were_measured_stand_beside_their_estimates(
    visit: Open, live: Live, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last test here: it leaves a latency table, and some of the others are about a service without one."""
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
