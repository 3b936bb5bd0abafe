"""The page of a new job: a form in step with its YAML, refusals, and the spec of another job."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from browsing import LONG, Open, log_in
from playwright.sync_api import Page, expect

from nas_service.access import Scope
from nas_service.client import Client

pytestmark = pytest.mark.browser


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
