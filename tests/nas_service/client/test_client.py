"""The synchronous client against a real server, and against connections that drop."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from itertools import islice

import httpx
import pytest
from services import SPEC, Live

from nas_service.api.views import ExportView
from nas_service.client import ApiError, AsyncClient, Client, ExportFailed, ServerAway


class Cut(httpx.BaseTransport):
    """Drops the connection of every event stream after so many pieces, `times` times."""

    def __init__(self, pieces: int, times: int) -> None:
        self._inner = httpx.HTTPTransport(verify=False)
        self._pieces = pieces
        self.left = times

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._inner.handle_request(request)
        if self.left > 0 and request.url.path.endswith("/events"):
            self.left -= 1
            response.stream = CutStream(response.stream, self._pieces)
        return response


class CutStream(httpx.SyncByteStream):
    def __init__(self, inner: httpx.SyncByteStream, pieces: int) -> None:
        self._inner = inner
        self._pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        yield from islice(self._inner, self._pieces)
        raise httpx.ReadError("connection reset")

    def close(self) -> None:
        self._inner.close()


@pytest.mark.parametrize("pieces", [1, 2, 5])
def test_events_go_on_after_dropped_connections_with_none_lost_or_doubled(
    live: Live, client: Client, finished: str, pieces: int
) -> None:
    whole = list(client.events(finished))
    transport = Cut(pieces, times=6)
    with Client(live.url, transport=transport, sleep=lambda _: None) as shaky:
        assert list(shaky.events(finished)) == whole
    assert transport.left < 6


def test_events_give_up_when_no_connection_brings_anything(live: Live, finished: str) -> None:
    pauses: list[float] = []
    with (
        Client(live.url, transport=Cut(0, times=1000), sleep=pauses.append) as shaky,
        pytest.raises(ServerAway, match="nas serve"),
    ):
        list(shaky.events(finished))
    assert pauses == sorted(pauses)
    assert max(pauses) <= 5


def test_events_of_no_job_are_refused(client: Client) -> None:
    with pytest.raises(ApiError, match="no job 'nope'"):
        list(client.events("nope"))


def test_waiting_ends_with_the_final_job(client: Client) -> None:
    job = client.wait(client.submit(SPEC | {"seed": 3}).id)
    assert (job.state, job.completed) == ("finished", 20)


def test_a_refusal_names_field_and_remedy(client: Client) -> None:
    with pytest.raises(ApiError) as refusal:
        client.submit(SPEC | {"budget": {"trials": 0}})
    error = refusal.value
    assert (error.status, error.field) == (422, "budget.trials")
    assert str(error) == f"budget.trials: {error.detail}"


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_numbers_that_json_does_not_know_are_refused_before_they_are_sent(client: Client, number: float) -> None:
    with pytest.raises(ApiError, match="no number that JSON knows") as refusal:
        client.submit(SPEC | {"objective": {"cost": "macs", "target": number}})
    assert refusal.value.field == "objective.target"


def test_no_server_is_said_with_the_command_that_starts_one() -> None:
    with Client("http://127.0.0.1:9") as lonely, pytest.raises(ServerAway, match="start one with: nas serve"):
        lonely.cluster()


def test_what_a_proxy_answers_is_a_refusal_too() -> None:
    error = ApiError.of(httpx.Response(502, text="<html>bad gateway</html>"))
    assert (error.status, error.title) == (502, "Bad Gateway")


def test_ids_cannot_change_the_path(client: Client) -> None:
    for name in ("../jobs", "a/b", "a?b=c", "", "\0"):
        with pytest.raises(ApiError) as refusal:
            client.job(name or "\t")
        assert refusal.value.status == 404


def test_a_failed_export_says_why(live: Live, client: Client, finished: str) -> None:
    live.workers.failing = True
    with pytest.raises(ExportFailed, match="nothing to export"):
        client.wait_for_export(client.export_best(finished).id)
    live.workers.failing = False


def test_progress_of_an_export_is_shown_while_it_lasts(live: Live, client: Client, finished: str) -> None:
    live.workers.open.clear()
    states: list[str] = []

    def note(export: ExportView) -> None:
        states.append(export.state)
        live.workers.open.set()

    client.wait_for_export(client.export_best(finished).id, note)
    assert states[0] in ("queued", "running")


def test_both_clients_have_the_same_methods() -> None:
    def public(kind: type) -> dict[str, list[str]]:
        methods = inspect.getmembers(kind, inspect.isfunction)
        return {name: list(inspect.signature(found).parameters) for name, found in methods if name[0] != "_"}

    assert public(Client) == public(AsyncClient)


def test_a_list_follows_its_pages(client: Client, finished: str) -> None:
    by_page = []
    page = client.candidates_page(finished, limit=4)
    while True:
        by_page += page.items
        if page.next is None:
            break
        page = client.candidates_page(finished, limit=4, cursor=page.next)
    assert by_page == list(client.candidates(finished))


@pytest.mark.parametrize(
    ("given", "environment", "sent"),
    [
        (None, None, None),
        (None, "", None),
        (None, "nas_e", "Bearer nas_e"),
        ("nas_g", "nas_e", "Bearer nas_g"),
        ("", "nas_e", None),
    ],
)
def test_a_key_is_shown_as_given_or_as_the_environment_has_it(
    monkeypatch: pytest.MonkeyPatch, given: str | None, environment: str | None, sent: str | None
) -> None:
    """No key at all is given by an empty one: a page must not show the server's own."""
    seen: list[str | None] = []

    def note(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers.get("authorization"))
        return httpx.Response(200, json=[])

    if environment is not None:
        monkeypatch.setenv("NAS_API_KEY", environment)
    with Client("http://127.0.0.1", key=given, transport=httpx.MockTransport(note)) as client:
        client.tasks()
    assert seen == [sent]


@pytest.mark.parametrize("key", ["nas_\n", "clé"])
def test_a_key_that_no_header_could_hold_is_refused_and_not_repeated(key: str) -> None:
    with pytest.raises(ApiError) as refusal:
        Client("http://127.0.0.1", key=key)
    assert key not in str(refusal.value)
