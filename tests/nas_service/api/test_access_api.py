"""Who gets in and who may do what, over HTTP: without keys, and with keys of every kind."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from services import ENDLESS, SPEC, Live
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from nas_service import access
from nas_service.access import Scope
from nas_service.client import Client
from nas_service.store import Key, keys
from nas_service.store.schema import metadata

AT = 1.0  # long ago: what expired then has expired
PROTECTED = ("/api/v1/jobs", "/api/v1/cluster", "/api/nothing", "/metrics", "/docs", "/redoc", "/openapi.json", "/nope")
As = Callable[..., httpx.Response]


@pytest.fixture(scope="module")
def shown(live: Live) -> dict[str, str]:
    """Keys by name. From here on the service asks for them."""
    wanted = {
        "admin": ("root", Scope.ADMIN),
        "ann": ("ann", Scope.SUBMIT),
        "bob": ("bob", Scope.SUBMIT),
        "eve": ("eve", Scope.READ),
    }
    made = {name: access.make(owner, scope, AT, None) for name, (owner, scope) in wanted.items()}
    made["expired"] = access.make("ann", Scope.ADMIN, AT, AT + 1)
    revoked, key = access.make("ann", Scope.ADMIN, AT, None)
    made["revoked"] = replace(revoked, revoked_at=AT), key
    with live.app.state.service.store.write() as conn:
        for kept, _ in made.values():
            keys.add(conn, kept)
    others = {
        "of another": made["ann"][1][:-43] + made["bob"][1][-43:],
        "never made": access.make("ann", Scope.ADMIN, AT, None)[1],
        "no key": "letmein",
        "empty": "",
    }
    return {name: key for name, (_, key) in made.items()} | others


@pytest.fixture
def call(live: Live, shown: dict[str, str]) -> Iterator[As]:
    """Sends a request with the key of that name, or with none."""
    with httpx.Client(base_url=live.url, timeout=30) as http:

        def send(name: str | None, method: str, path: str, **parts: Any) -> httpx.Response:
            headers = {} if name is None else {"Authorization": f"Bearer {shown[name]}".strip()}
            return http.request(method, path, headers=headers | parts.pop("headers", {}), **parts)

        yield send


@pytest.fixture
def anns(live: Live, shown: dict[str, str]) -> Iterator[str]:
    """A job of Ann's that goes on until it is cancelled."""
    with Client(live.url, key=shown["ann"]) as client:
        job = client.submit(ENDLESS).id
        yield job
        client.cancel(job)


# Without keys. These come first: a module's service asks for keys from the first one on.


@pytest.mark.parametrize("path", ["/api/v1/jobs", "/metrics", "/docs", "/openapi.json", "/healthz", "/readyz"])
def test_without_keys_everybody_on_this_machine_gets_in(http: httpx.Client, path: str) -> None:
    assert http.get(path).status_code == 200
    assert http.get(path, headers={"Authorization": "Bearer nas_of_another_service"}).status_code == 200


def test_without_keys_jobs_have_no_owner(client: Client) -> None:
    assert client.submit(SPEC).owner == ""


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8350", "192.0.2.1", "localhost.evil.example", "[::2]"])
def test_without_keys_a_name_that_resolves_to_this_machine_is_refused(http: httpx.Client, host: str) -> None:
    answer = http.get("/api/v1/jobs", headers={"Host": host})
    assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")
    assert "nas key create" in answer.json()["detail"]
    assert http.get("/", headers={"Host": host}).status_code == 403


@pytest.mark.parametrize("host", ["localhost", "localhost:9999", "127.0.0.1:1", "[::1]:8350"])
def test_without_keys_the_machine_has_several_names(http: httpx.Client, host: str) -> None:
    assert http.get("/api/v1/jobs", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", "https://localhost"])
def test_what_a_page_of_another_site_sends_is_refused(http: httpx.Client, origin: str) -> None:
    answer = http.post("/api/v1/gc", headers={"Origin": origin})
    assert answer.status_code == 403
    assert "another site" in answer.json()["detail"]


def test_what_our_own_page_sends_is_taken(http: httpx.Client, live: Live) -> None:
    assert http.post("/api/v1/gc", headers={"Origin": live.url}).status_code == 200


# With keys.


@pytest.mark.parametrize("path", PROTECTED)
@pytest.mark.parametrize("name", [None, "expired", "revoked", "of another", "never made", "no key", "empty"])
def test_what_opens_nothing_is_refused_without_telling_why(call: As, path: str, name: str | None) -> None:
    answer, other = call(name, "GET", path), call(None, "GET", "/api/v1/jobs")
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.content == other.content
    assert "nas key create" in answer.json()["detail"]


def test_other_ways_to_show_a_key_are_none(call: As, shown: dict[str, str]) -> None:
    key = shown["admin"]
    for headers in ({"Authorization": key}, {"Authorization": f"Basic {key}"}, {"Cookie": f"nas_session={key}"}):
        assert call(None, "GET", "/api/v1/jobs", headers=headers).status_code == 401
    assert call(None, "GET", f"/api/v1/jobs?key={key}").status_code == 401
    assert call(None, "GET", "/api/v1/jobs", headers={"Authorization": f"bearer  {key}"}).status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_who_watches_needs_no_key(call: As, path: str) -> None:
    assert call(None, "GET", path).status_code == 200


@pytest.mark.parametrize("name", ["admin", "ann", "eve"])
@pytest.mark.parametrize("path", ["/api/v1/jobs", "/api/v1/spaces", "/metrics", "/docs", "/openapi.json"])
def test_every_scope_reads_everything(call: As, name: str, path: str) -> None:
    assert call(name, "GET", path).status_code == 200


def test_with_keys_any_name_of_the_service_will_do(call: As) -> None:
    assert call("eve", "GET", "/api/v1/jobs", headers={"Host": "nas.example.com"}).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/jobs"),
        ("POST", "/api/v1/jobs/preview"),
        ("POST", "/api/v1/jobs/{job}/pause"),
        ("DELETE", "/api/v1/jobs/{job}"),
        ("PUT", "/api/v1/devices/local/table"),
    ],
)
def test_a_key_that_only_reads_changes_nothing(call: As, anns: str, method: str, path: str) -> None:
    answer = call("eve", method, path.format(job=anns), json={})
    assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")
    assert "needs a key of scope submit" in answer.json()["detail"]


@pytest.mark.parametrize(("method", "path"), [("PUT", "/api/v1/devices/local/table"), ("POST", "/api/v1/gc")])
def test_what_is_everybodys_only_an_admin_changes(call: As, method: str, path: str) -> None:
    answer = call("ann", method, path, json={})
    assert answer.status_code == 403
    assert "needs a key of scope admin" in answer.json()["detail"]
    assert call("admin", method, path, json={}).status_code != 403


ACTIONS = [
    ("POST", "/api/v1/jobs/{job}/pause", {}),
    ("POST", "/api/v1/jobs/{job}/resume", {}),
    ("POST", "/api/v1/jobs/{job}/extend", {"trials": 1}),
    ("POST", "/api/v1/jobs/{job}/prioritise", {"priority": 1}),
    ("POST", "/api/v1/jobs/{job}/clone", {"budget": {"trials": 1}}),
    ("POST", "/api/v1/jobs/{job}/exports", {}),
    ("POST", "/api/v1/candidates/{job}.c0/exports", {}),
    ("DELETE", "/api/v1/jobs/{job}", None),
    ("POST", "/api/v1/jobs/{job}/cancel", {}),
]


@pytest.mark.parametrize(("method", "path", "body"), ACTIONS)
def test_jobs_of_another_owner_are_read_and_not_changed(
    live: Live, call: As, shown: dict[str, str], anns: str, method: str, path: str, body: dict[str, Any] | None
) -> None:
    with Client(live.url, key=shown["bob"]) as client:
        next(event for event in client.events(anns) if event.type == "trial")
        answer = call("bob", method, path.format(job=anns), json=body)
        assert answer.status_code == 403
        assert "is ann's" in answer.json()["detail"]
        job = client.job(anns)
        assert (job.owner, job.state, job.trials_budget) == ("ann", "running", ENDLESS["budget"]["trials"])
        assert client.exports(anns) == []
        assert list(client.jobs(owner="bob")) == []


@pytest.mark.parametrize("name", ["ann", "admin"])
def test_the_owner_and_an_admin_do_all_of_it(live: Live, call: As, shown: dict[str, str], anns: str, name: str) -> None:
    with Client(live.url, key=shown[name]) as client:
        next(event for event in client.events(anns) if event.type == "trial")
    for method, path, body in ACTIONS:
        allowed = (200, 201, 202, 409)  # 409: a job that runs is not deleted, or has no best candidate yet
        assert call(name, method, path.format(job=anns), json=body).status_code in allowed, path


def test_what_was_submitted_before_there_were_keys_is_an_admins(call: As) -> None:
    (job, *_) = call("ann", "GET", "/api/v1/jobs", params={"owner": ""}).json()["items"]
    answer = call("ann", "POST", f"/api/v1/jobs/{job['id']}/clone", json={})
    assert answer.status_code == 403
    assert "before there were keys" in answer.json()["detail"]
    assert call("admin", "POST", f"/api/v1/jobs/{job['id']}/clone", json={}).json()["owner"] == "root"


def test_a_job_that_is_none_is_not_found_by_anybody(call: As) -> None:
    for method, path, body in ACTIONS:
        assert call("ann", method, path.format(job="nope"), json=body).status_code == 404


def test_jobs_are_listed_by_owner(call: As, anns: str) -> None:
    def of(owner: str) -> set[str]:
        found = call("eve", "GET", "/api/v1/jobs", params={"owner": owner, "limit": 500}).json()["items"]
        assert {job["owner"] for job in found} <= {owner}
        return {job["id"] for job in found}

    assert anns in of("ann")
    assert of("nobody") == set()


def test_an_idempotency_key_is_its_owners(call: As) -> None:
    once = {"Idempotency-Key": "once"}
    answers = [call(name, "POST", "/api/v1/jobs", json=SPEC, headers=once) for name in ("ann", "bob", "ann")]
    assert [answer.status_code for answer in answers] == [201, 201, 200]
    ids = [answer.json()["id"] for answer in answers]
    assert ids[0] == ids[2] != ids[1]


def test_a_forged_cursor_is_refused(call: As) -> None:
    for cursor in ("x", "W10", "WyJhIl0", "Wy0xXQ"):
        answer = call("eve", "GET", "/api/v1/jobs", params={"cursor": cursor})
        assert (answer.status_code, answer.json()["field"]) == (422, "cursor")


def test_the_last_use_of_a_key_is_noted(live: Live, call: As, shown: dict[str, str]) -> None:
    call("eve", "GET", "/api/v1/jobs")
    with live.app.state.service.store.read() as conn:
        used, unused = (keys.find(conn, shown[name][4:12]) for name in ("eve", "expired"))
    assert isinstance(used, Key)
    assert used.used_at is not None
    assert unused.used_at is None


def test_a_key_that_is_revoked_opens_nothing_from_then_on(live: Live, call: As, shown: dict[str, str]) -> None:
    kept, shown["leaving"] = access.make("zoe", Scope.READ, AT, None)
    with live.app.state.service.store.write() as conn:
        keys.add(conn, kept)
    assert call("leaving", "GET", "/api/v1/jobs").status_code == 200
    with live.app.state.service.store.write() as conn:
        keys.revoke(conn, kept.id, AT)
    assert call("leaving", "GET", "/api/v1/jobs").status_code == 401


def test_keys_are_in_no_answer_no_row_and_no_log(
    live: Live, call: As, shown: dict[str, str], anns: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        said = [
            call(name, method, path.format(job=anns), json={}).text
            for name in ("ann", "eve", "never made")
            for method, path in (
                ("GET", "/api/v1/jobs"),
                ("GET", "/api/v1/jobs/{job}"),
                ("POST", "/api/v1/jobs"),
                ("POST", "/api/v1/jobs/{job}/clone"),
                ("GET", "/api/v1/jobs?limit=many"),
                ("GET", "/metrics"),
            )
        ]
    with live.app.state.service.store.read() as conn:
        said += [str(row) for table in metadata.tables.values() for row in conn.execute(select(table))]
    said += [record.getMessage() for record in caplog.records]
    for key in filter(None, shown.values()):
        assert not any(key[-43:] in text for text in said)


def test_a_database_that_is_away_is_said(
    live: Live, call: As, shown: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise OperationalError("SELECT", {}, Exception("gone"))

    assert call("eve", "GET", "/metrics").status_code == 200
    monkeypatch.setattr(keys, "find", away)
    monkeypatch.setattr(keys, "exist", away)
    for name in ("ann", "eve", "expired"):
        answer = call(name, "GET", "/api/v1/jobs")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    watched = {name: call(name, "GET", "/metrics").status_code for name in ("eve", "expired", None)}
    assert watched == {"eve": 200, "expired": 503, None: 503}


def test_a_use_that_cannot_be_noted_is_no_reason_to_refuse(
    live: Live, call: As, shown: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OperationalError("UPDATE", {}, Exception("disk full"))

    kept, shown["fresh"] = access.make("zoe", Scope.READ, AT, None)
    with live.app.state.service.store.write() as conn:
        keys.add(conn, kept)
    monkeypatch.setattr(keys, "used", full)
    assert call("fresh", "GET", "/api/v1/jobs").status_code == 200


# Browsers.

PAGE = {"Accept": "text/html,*/*"}


@pytest.mark.parametrize("path", ["/docs", "/nope"])
def test_a_browser_is_asked_for_a_key(call: As, path: str) -> None:
    answer = call(None, "GET", path, headers=PAGE)
    assert (answer.status_code, answer.headers["content-type"]) == (401, "text/html; charset=utf-8")
    assert 'action="/login"' in answer.text
    assert call(None, "GET", "/api/v1/jobs", headers=PAGE).headers["content-type"] == "application/problem+json"


def test_a_browser_logs_in_and_out(call: As, shown: dict[str, str]) -> None:
    answer = call(None, "POST", "/login", data={"key": f" {shown['eve']} ", "page": "/docs"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/docs")
    cookie = answer.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
    assert shown["eve"] not in cookie
    session = {"Cookie": cookie.partition(";")[0]}
    assert call(None, "GET", "/docs", headers=session).status_code == 200
    assert call(None, "GET", "/api/v1/jobs", headers=session).status_code == 200
    assert call(None, "POST", "/api/v1/jobs", json=SPEC, headers=session).status_code == 403
    left = call(None, "POST", "/logout", headers=session)
    assert (left.status_code, left.headers["location"]) == (303, "/login")
    assert call(None, "GET", "/docs", headers=session).status_code == 401


@pytest.mark.parametrize("name", ["expired", "revoked", "of another", "never made", "no key", "empty"])
def test_a_browser_with_a_key_that_opens_nothing_is_asked_again(call: As, shown: dict[str, str], name: str) -> None:
    answer = call(None, "POST", "/login", data={"key": shown[name], "page": '"><script>'})
    assert answer.status_code == 401
    assert "opens nothing" in answer.text
    assert "set-cookie" not in answer.headers
    assert '"><script>' not in answer.text
    assert shown[name] == "" or shown[name] not in answer.text


@pytest.mark.parametrize(
    ("page", "led"),
    [
        ("/jobs/new?clone=k3v0x2a9", "/jobs/new?clone=k3v0x2a9"),
        ("/jobs/k3v0x2a9?", "/jobs/k3v0x2a9"),
        ("/jobs/new?clone=//evil.example", "/jobs/new"),
    ],
)
def test_a_log_in_leads_on_to_the_page_that_was_asked_for(call: As, shown: dict[str, str], page: str, led: str) -> None:
    answer = call(None, "POST", "/login", data={"key": shown["ann"], "page": page})
    assert answer.headers["location"] == led


@pytest.mark.parametrize("page", ["//evil.example", "https://evil.example", "/\\evil.example", "/login", "nope", ""])
def test_a_log_in_leads_nowhere_else(call: As, shown: dict[str, str], page: str) -> None:
    answer = call(None, "POST", "/login", data={"key": shown["ann"], "page": page})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_a_page_of_another_site_cannot_log_in(call: As, shown: dict[str, str]) -> None:
    sent = {"data": {"key": shown["ann"]}, "headers": {"Origin": "http://evil.example"}}
    assert call(None, "POST", "/login", **sent).status_code == 403
