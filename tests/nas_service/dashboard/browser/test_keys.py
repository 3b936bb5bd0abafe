"""Pages of a service with keys: who is asked for one, who may do what, and what is no page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from browsing import Open, log_in
from playwright.sync_api import expect
from services import MODEL, Live
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from nas_service import access
from nas_service.access import Scope
from nas_service.client import Client
from nas_service.store import keys

pytestmark = pytest.mark.browser


def test_the_api_is_never_answered_with_a_page(visit: Open, live: Live) -> None:
    page = visit("/")
    answer = page.request.get(f"{live.url}/api/v1/nothing")
    assert answer.status == 404
    assert answer.headers["content-type"] == "application/problem+json"


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
        expect(page.get_by_text("eve", exact=True)).to_be_visible()
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
