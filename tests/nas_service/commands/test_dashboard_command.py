"""`nas dashboard`: what it refuses to show, and what passes through it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import httpx
import pytest
from dashboards import showing
from services import SPEC, Live

from nas_service import access
from nas_service.access import Scope
from nas_service.api.routes import operation
from nas_service.client import Client
from nas_service.store import keys

Refused = Callable[..., str]


@pytest.fixture
def refuses(refused: Refused) -> Refused:
    """What a dashboard says that does not start."""
    return partial(refused, "dashboard", "--port", "0")


def made(live: Live, scope: Scope) -> str:
    kept, key = access.make("ann", scope, 1.0, None)
    with live.app.state.service.store.write() as conn:
        keys.add(conn, kept)
    return key


def test_what_does_not_answer_is_not_shown(refuses: Refused) -> None:
    assert "no server answers at http://127.0.0.1:9" in refuses("--server", "http://127.0.0.1:9")
    assert "is no address" in refuses("--server", "nowhere")


def test_another_version_is_not_shown(refuses: Refused, live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operation, "version", lambda _: "0.0.1")
    said = refuses("--server", live.url)
    assert "is of version 0.0.1 and this dashboard of" in said
    assert "install nas-service 0.0.1 here" in said


def test_other_machines_are_let_in_to_a_service_that_asks_for_keys(refuses: Refused, live: Live) -> None:
    """192.0.2.1 is no address of any machine, so a dashboard that would start cannot listen there."""
    there = ("--server", live.url, "--host", "192.0.2.1")
    assert "--tls-cert" in refuses(*there)
    assert "asks nobody for a key" in refuses(*there, "--allow-plain-http")
    assert "cannot listen" in refuses(*there, "--allow-plain-http", "--allow-keyless")


def test_without_keys_it_answers_to_this_machine_alone_and_changes_nothing_itself(live: Live, client: Client) -> None:
    job = client.wait(client.submit(SPEC).id).id
    with showing(live.url) as url, httpx.Client(base_url=url, timeout=60) as http:
        assert http.get(f"/api/v1/jobs/{job}").json()["state"] == "finished"
        events = http.get(f"/api/v1/jobs/{job}/events", headers={"Last-Event-ID": "1"}).text
        assert next(line for line in events.splitlines() if line.startswith("id: ")) == "id: 2"
        tag = http.get(f"/api/v1/jobs/{job}").headers["etag"]
        assert http.get(f"/api/v1/jobs/{job}", headers={"If-None-Match": tag}).status_code == 304
        assert http.get("/agent.pyz").content == httpx.get(f"{live.url}/agent.pyz").content
        for host in ("evil.example", "192.0.2.1"):
            assert http.get("/api/v1/jobs", headers={"Host": host}).status_code == 403
        answer = http.post("/api/v1/jobs", json=SPEC)
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET")
        assert live.url in answer.json()["detail"]


# With keys. These come last: a module's service asks for keys from the first one on.


def test_the_key_that_it_starts_with_has_to_read(refuses: Refused, live: Live) -> None:
    admin = made(live, Scope.ADMIN)
    assert "asks for a key; set NAS_API_KEY" in refuses("--server", live.url)
    assert "refuses the key in NAS_API_KEY" in refuses("--server", live.url, NAS_API_KEY=f"{admin[:-3]}abc")
    measuring = made(live, Scope.MEASURE)
    assert "does not let this key read" in refuses("--server", live.url, NAS_API_KEY=measuring)


def test_who_opens_it_logs_in_with_a_key_of_the_service(live: Live) -> None:
    reader = made(live, Scope.READ)
    with showing(live.url, key=reader) as url, httpx.Client(base_url=url, timeout=60) as http:
        assert http.get("/api/v1/jobs").status_code == 401  # its own key is not its viewers'
        page = http.get("/", headers={"Accept": "text/html"})
        assert (page.status_code, 'action="/login"' in page.text) == (401, True)
        for wrong in ("nas_wrong", "clé", made(live, Scope.MEASURE)):
            assert http.post("/login", data={"key": wrong}).status_code == 401
        said = http.post("/login", data={"key": reader, "page": "/cluster"})
        assert (said.status_code, said.headers["location"]) == (303, "/cluster")
        assert http.get("/api/v1/caller").json()["owner"] == "ann"
        assert http.post("/logout").status_code == 303
        assert http.get("/api/v1/jobs").status_code == 401
