"""The pages from `nas dashboard`, a process beside the service."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from browsing import Open, log_in
from dashboards import showing
from playwright.sync_api import expect
from processes import Server
from services import ENDLESS, MODEL, Live

from nas_service.access import Scope
from nas_service.client import Client, ServerAway

pytestmark = pytest.mark.browser


def test_pages_show_a_service_elsewhere_and_act_on_it_with_the_viewers_key(
    visit: Open, live: Live, child: str, running: str, keyed: Callable[[str, Scope], str]
) -> None:
    with Client(live.url) as anybody:
        anybody.wait_for_export(anybody.export(child).id)
    admin, reader = keyed("root", Scope.ADMIN), keyed("eve", Scope.READ)
    with showing(live.url, key=reader) as url:
        page = visit(f"/jobs/{running}", at=url)
        log_in(page, admin)
        page.get_by_role("button", name="pause").click()
        expect(page.locator(".pill").first).to_have_text("paused")
        with Client(live.url, key=admin) as root:
            assert root.job(running).state == "paused"
            root.resume(running)
        expect(page.locator(".pill").first).to_have_text("running")
        page.goto(f"{url}/jobs/{child.partition('.')[0]}/candidates/{child}")
        address = page.get_by_role("link", name="model.onnx").first.get_attribute("href")
        assert page.request.get(url + address).body() == MODEL
        page.goto(f"{url}/devices")
        expect(page.get_by_text(f"--server {live.url}").first).to_be_visible()
        page.get_by_role("button", name="log out").click()
        expect(page.get_by_label("API key")).to_be_visible()


def test_a_service_that_goes_away_is_said_until_it_is_back(visit: Open, tmp_path: Path) -> None:
    service = Server(tmp_path / "home", ("--inline", "1", "--no-page"))
    service.start()
    try:
        with service.client() as client:
            service.until(lambda: _answers(client))
            job = client.submit(ENDLESS | {"task": {"name": "landscape", "seconds": 0.05}}).id
        with showing(service.url) as url:
            page, jobs = visit(f"/jobs/{job}", at=url), visit("/", at=url)
            expect(page.locator(".pill").first).to_have_text("running")
            expect(jobs.locator(".job")).to_have_count(1)
            service.kill()
            expect(page.get_by_text("This page is no longer up to date: no server answers")).to_be_visible()
            expect(page.locator(".pill").first).to_have_text("running")  # as it was
            expect(jobs.get_by_text("The jobs cannot be read")).to_be_visible()
            service.start()
            expect(page.get_by_text("This page is no longer up to date")).not_to_be_visible()
            expect(jobs.get_by_text("The jobs cannot be read")).not_to_be_visible()
            with service.client() as client:
                client.cancel(job)
            expect(page.locator(".pill").first).to_have_text("cancelled")
            expect(jobs.locator(".pill")).to_have_text("cancelled")
    finally:
        service.kill()


def _answers(client: Client) -> bool:
    try:
        return bool(client.caller())
    except ServerAway:  # it is still starting
        return False
