"""What pages of other sites can make a browser send, and under which names the service answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import services
from services import SPEC, Live

from nas_service import access
from nas_service.access import Scope
from nas_service.api.hosts import name_of
from nas_service.store import keys

NAMED = "nas.example.com"


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/api/v1/jobs"), ("DELETE", "/api/v1/jobs/x"), ("POST", "/login")]
)
def test_what_the_browser_says_comes_from_elsewhere_is_refused(
    http: httpx.Client, method: str, path: str, site: str
) -> None:
    """Another port of this machine is the same site, and another origin."""
    answer = http.request(method, path, headers={"Sec-Fetch-Site": site})
    assert (answer.status_code, "another site" in answer.json()["detail"]) == (403, True)


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_what_our_own_page_or_its_user_sends_is_taken(http: httpx.Client, live: Live, site: str) -> None:
    answer = http.post("/api/v1/jobs", json=SPEC, headers={"Sec-Fetch-Site": site, "Origin": live.url})
    assert answer.status_code == 201


def test_a_link_from_another_site_may_lead_here_and_programs_need_no_origin(http: httpx.Client) -> None:
    assert http.get("/api/v1/jobs", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200
    assert http.post("/api/v1/jobs", json=SPEC).status_code == 201


def test_the_socket_of_pages_is_not_read_from_elsewhere_either(http: httpx.Client) -> None:
    """Polling begins with a GET, which elsewhere would do no harm."""
    path = "/_nicegui_ws/socket.io/?EIO=4&transport=polling"
    for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "same-site"}):
        assert http.get(path, headers=headers).status_code == 403
    assert http.get(path).status_code == 404  # this service has no pages


def test_no_other_page_shows_ours_in_a_frame(http: httpx.Client) -> None:
    assert http.get("/docs").headers["content-security-policy"] == "frame-ancestors 'none'"
    assert "content-security-policy" not in http.get("/api/v1/jobs").headers


def test_a_refused_name_is_told_which_setting_lets_it_in(http: httpx.Client) -> None:
    detail = http.get("/api/v1/jobs", headers={"Host": "evil.example:8350"}).json()["detail"]
    assert "localhost, not to 'evil.example'" in detail
    assert "NAS_PUBLIC_HOSTS" in detail


@pytest.fixture
def named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    """A service to which a name was given."""
    monkeypatch.setenv("NAS_PUBLIC_HOSTS", f"{NAMED.upper()}, other.example.com")
    with services.live(tmp_path / "home") as running, httpx.Client(base_url=running.url) as client:
        client.app = running.app
        yield client


@pytest.mark.parametrize("keyed", [False, True])
def test_a_service_with_names_answers_to_these_alone(named: httpx.Client, keyed: bool) -> None:
    shown = {}
    if keyed:
        kept, key = access.make("ann", Scope.READ, 1.0, None)
        with named.app.state.service.store.write() as conn:
            keys.add(conn, kept)
        shown = {"Authorization": f"Bearer {key}"}

    def status(host: str) -> int:
        return named.get("/api/v1/jobs", headers={"Host": host, **shown}).status_code

    assert [status(host) for host in (NAMED, f"{NAMED}:443", "other.example.com", "localhost:1", "127.0.0.1")] == [
        200
    ] * 5
    assert [status(host) for host in ("evil.example", f"{NAMED}.evil.example", "192.0.2.1", "")] == [403] * 4
    assert named.get("/healthz", headers={"Host": "10.0.0.7"}).status_code == 200  # of what watches it


@pytest.mark.parametrize(
    ("host", "name"),
    [("nas.example.com:8350", "nas.example.com"), ("[::1]:80", "::1"), ("A.B.", "a.b"), ("[", ""), ("", "")],
)
def test_the_name_is_what_stands_before_the_port(host: str, name: str) -> None:
    assert name_of(host) == name
