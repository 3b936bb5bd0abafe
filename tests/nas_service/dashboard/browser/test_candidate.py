"""The page of a candidate: its network, its curve, its line, and its exports."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from browsing import LONG, Open
from PIL import Image
from playwright.sync_api import expect
from services import MODEL, SPEC, WANN, Live

from nas_service.client import Client
from nas_service.dashboard.csv_text import file_name
from nas_service.palette import DARK, LIGHT
from nas_service.store import exports, trials
from workers.requests import Report

pytestmark = pytest.mark.browser


SERIES = """selector => {
    const element = document.querySelector(selector + ' canvas').closest('[id^=c]');
    return getElement(Number(element.id.slice(1))).chart.getOption().series.map(series => series.data);
}"""


def test_a_candidate_is_reached_from_the_table_and_from_its_point(visit: Open, client: Client, finished: str) -> None:
    page = visit(f"/jobs/{finished}")
    best = next(client.candidates(finished, order="reward"))
    page.locator(f".candidates a[href$='/candidates/{best.id}']").first.click()
    expect(page).to_have_url(re.compile(f"/jobs/{finished}/candidates/{best.id}$"))
    expect(page.locator(".pill").first).to_have_text("completed")
    page.get_by_role("link", name=LONG).click()
    page.locator(".scatter canvas").wait_for()
    name, x, y = page.evaluate("""() => {
        const element = document.querySelector('.scatter canvas').closest('[id^=c]');
        const chart = getElement(Number(element.id.slice(1))).chart;
        const [cost, value, name] = chart.getOption().series[1].data[0];
        return [name, ...chart.convertToPixel({seriesIndex: 1}, [cost, value])];
    }""")
    page.locator(".scatter canvas").click(position={"x": x, "y": y})
    expect(page).to_have_url(re.compile(f"/candidates/{name}$"))


def test_a_candidate_shows_its_network_and_what_each_op_costs(visit: Open, client: Client, child: str) -> None:
    detail = client.candidate(child)
    page = visit(f"/jobs/{detail.job_id}/candidates/{child}")
    expect(page.locator("svg.architecture g")).to_have_count(len(detail.architecture.ops))
    page.get_by_role("button", name="MACs").click()
    macs = [op.macs for op in detail.architecture.ops]
    page.wait_for_function(
        f"([selector, macs]) => JSON.stringify(({SERIES})(selector)[0].map(bar => bar.value)) == JSON.stringify(macs)",
        arg=[".drawn", macs],
    )
    expect(page.get_by_role("button", name="milliseconds")).to_have_count(0)
    expect(page).to_have_url(re.compile(r"\?cost=macs$"))


def test_a_lineage_is_followed_to_its_beginning(visit: Open, client: Client, child: str) -> None:
    detail = client.candidate(child)
    page = visit(f"/jobs/{detail.job_id}/candidates/{child}")
    for change in client.changes(child)[-1].changes[:1]:
        expect(page.get_by_text(f"{change.name} ").first).to_be_visible()
    for ancestor in reversed(detail.lineage):
        page.get_by_role("link", name=f"candidate {ancestor.number}", exact=True).click()
        expect(page).to_have_url(re.compile(f"/candidates/{ancestor.id}$"))
        expect(page.get_by_text(f"Candidate {ancestor.number}", exact=True)).to_be_visible()
    expect(page.get_by_text("It has no parent: it was drawn from the space")).to_be_visible()


def test_an_address_brings_back_what_was_looked_at(visit: Open, client: Client) -> None:
    spec = SPEC | {"task": SPEC["task"] | {"epochs": 3}, "seed": 62, "budget": {"trials": 1}}
    job = client.wait(client.submit(spec).id).id
    page = visit(f"/jobs/{job}/candidates/{job}.c0?cost=params&curve=val_loss")
    expect(page.get_by_role("button", name="parameters")).to_have_attribute("aria-pressed", "true")
    metric = page.get_by_role("combobox", name="metric")
    expect(metric).to_have_value("val_loss")
    metric.click()
    page.get_by_role("option", name="val_accuracy").click()
    expect(page).to_have_url(re.compile(r"\?cost=params&curve=val_accuracy$"))


def test_a_weight_agnostic_network_is_drawn_whatever_its_job_is_called(visit: Open, client: Client) -> None:
    job = client.wait(client.submit(WANN).id).id
    page = visit(f"/jobs/{job}/candidates/{job}.c1")
    picture = page.get_by_role("img", name=f"candidate {job}.c1")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.complete && image.naturalWidth") > 400
    page.set_viewport_size({"width": 390, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    expect(page.get_by_role("link", name=WANN["name"])).to_be_visible()


@pytest.mark.parametrize("dark", [False, True])
def test_the_picture_of_a_network_is_saved_as_it_looks_and_its_ops_as_numbers(
    visit: Open, client: Client, child: str, tmp_path: Path, *, dark: bool
) -> None:
    detail = client.candidate(child)
    page = visit(f"/jobs/{detail.job_id}/candidates/{child}")
    page.get_by_label("theme").select_option("dark" if dark else "light")
    name = f"architecture of {child}"
    with page.expect_download() as saved:
        page.get_by_label(f"{name} as SVG").click()
    picture = ET.fromstring(saved.value.path().read_text())  # noqa: S314 - our own file, and what the test is about
    assert saved.value.suggested_filename == file_name(name, "svg")
    rects = list(picture.iter("{http://www.w3.org/2000/svg}rect"))
    sheet = (DARK if dark else LIGHT)["sheet"]
    assert rects[0].get("fill") == f"rgb({', '.join(str(int(sheet[n : n + 2], 16)) for n in (1, 3, 5))})"
    assert not [one for one in picture.iter() if one.get("class")]
    assert all((one.get("fill") or "").startswith(("rgb", "none")) for one in rects)
    with page.expect_download() as saved:
        page.get_by_label(f"{name} as PNG").click()
    with Image.open(saved.value.path()) as drawn:
        assert drawn.size == (2 * int(picture.get("width", 0)), 2 * int(picture.get("height", 0)))
        assert len(drawn.convert("RGB").getcolors(1 << 20) or ()) > 20
    with page.expect_download() as saved:
        page.get_by_label(f"{name} as CSV").click()
    read = list(csv.DictReader(saved.value.path().read_text().splitlines()))
    assert [int(row["macs"]) for row in read] == [op.macs for op in detail.architecture.ops]


def test_a_candidate_leads_to_a_comparison(visit: Open, child: str) -> None:
    page = visit(f"/jobs/{child.partition('.')[0]}/candidates/{child}")
    page.get_by_role("link", name="compare with others").click()
    expect(page).to_have_url(re.compile(f"/compare\\?candidates={child}$"))
    expect(page.get_by_text("One so far.")).to_be_visible()


def test_an_export_is_asked_for_followed_and_fetched(visit: Open, live: Live, child: str) -> None:
    page = visit(f"/jobs/{child.partition('.')[0]}/candidates/{child}")
    page.get_by_role("button", name="export as ONNX").click()
    expect(page.get_by_text("test accuracy")).to_be_visible()
    expect(page.get_by_text("90.00%")).to_be_visible()
    expect(page.get_by_role("link", name="model_card.md")).to_be_visible()
    address = page.get_by_role("link", name="model.onnx").get_attribute("href")
    assert page.request.get(f"{live.url}{address}").body() == MODEL


def test_an_export_says_how_far_it_is(visit: Open, live: Live, client: Client, child: str) -> None:
    page = visit(f"/jobs/{child.partition('.')[0]}/candidates/{child}")
    live.workers.open.clear()
    try:
        page.get_by_role("button", name="export as ONNX").click()
        asked = next(one for _ in range(1000) for one in client.exports(child.partition(".")[0]) if not one.final)
        expect(page.get_by_text(f"epoch 0 of {asked.epochs}")).to_be_visible()
        with live.app.state.service.store.write() as conn:
            exports.progress(conn, Report("r", 1, asked.id, "progress", 1, {"val_accuracy": 0.625}))
        expect(page.get_by_text(f"epoch 1 of {asked.epochs}")).to_be_visible()
        expect(page.get_by_text("62.50%")).to_be_visible()
        expect(page.get_by_role("button", name="export as ONNX")).to_be_disabled()
    finally:
        live.workers.open.set()
    client.wait_for_export(asked.id)
    expect(page.get_by_text(f"epoch 1 of {asked.epochs}")).to_have_count(0)


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
