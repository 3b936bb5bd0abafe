"""Bad input gets an answer that says what would be right, and changes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from services import SPEC, Live
from sqlalchemy import select

from nas_service.store.schema import metadata

JSON = {"Content-Type": "application/json"}
MEGABYTE = b" " * 2**20


@pytest.fixture(autouse=True)
def _unchanged(live: Live, finished: str) -> Iterator[None]:
    """Every test here leaves the database as it was, row by row."""
    before = rows(live)
    yield
    assert rows(live) == before


def rows(live: Live) -> dict[str, list[Any]]:
    with live.app.state.service.store.read() as conn:
        return {name: conn.execute(select(table)).all() for name, table in metadata.tables.items()}


def changed(path: str, value: object) -> dict[str, Any]:
    """The example spec with one value in another place."""
    spec: dict[str, Any] = json.loads(json.dumps(SPEC))
    *parents, last = path.split(".")
    part = spec
    for parent in parents:
        part = part.setdefault(parent, {})
    part[last] = value
    return spec


def refused(answer: httpx.Response, status: int, field: str | None = None) -> str:
    """The detail of a problem, after a look at everything else that it must have."""
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, problem["status"]) == (status, status)
    assert problem["title"]
    assert field is None or problem["field"] == field
    return str(problem["detail"])


@pytest.mark.parametrize(
    ("path", "value", "field", "said"),
    [
        ("space.name", "resnet", "space.name", "mobilenetv3"),
        ("space.options.colour", 1, "space.options.colour", "resolution"),
        ("space.options.resolution", [16, "big"], "space.options.resolution.1", "integer"),
        ("space.options.resolution", [10**18], None, ""),
        ("task.name", "mnist", "task.name", "digits"),
        ("task.epochs", 0, "task.epochs", "greater than or equal to 1"),
        ("task.kind", "clip", "space.name", "clip"),
        ("task.metric", "f1", "task.metric", "val_accuracy"),
        ("strategy", {"name": "magic"}, "strategy.name", "evolution"),
        ("strategy", {"name": "evolution", "population": 1}, "strategy.population", "2"),
        ("objective.cost", "joules", "objective.cost", "latency_ms"),
        ("objective.cost", "latency_ms", "device", "device"),
        ("objective.limits.watts", 3, "objective.limits.watts", "params"),
        ("objective.limits.macs", 10, "objective.limits.macs", "lowest macs"),
        ("objective.limits.macs", -1, "objective.limits.macs", "greater than 0"),
        ("objective.target", 0, "objective.target", "greater than 0"),
        ("budget.trials", 0, "budget.trials", "greater than or equal to 1"),
        ("budget.trials", 2.5, "budget.trials", "integer"),
        ("budget.hours", 0, "budget.hours", "greater than 0"),
        ("workers.parallel", 0, "workers.parallel", "greater than or equal to 1"),
        ("colour", "blue", "colour", "keys:"),
        ("budget.colour", "blue", "budget.colour", "trials"),
        ("seed", -1, "seed", "greater than or equal to 0"),
        ("seed", 2**63, "seed", "64 bits"),
        ("name", "", "name", "at least 1 character"),
        ("name", "\0", "name", "NUL"),
        ("name", "\ud800", "name", "surrogate"),
        ("budget", None, "budget", "dictionary"),
        ("workers.gpus", -1, "workers.gpus", "greater than or equal to 0"),
    ],
)
def test_a_spec_that_cannot_run_is_refused_by_its_field(
    http: httpx.Client, path: str, value: object, field: str | None, said: str
) -> None:
    answer = http.post("/api/v1/jobs", content=json.dumps(changed(path, value)), headers=JSON)
    assert said in refused(answer, 422, field)


def test_an_unknown_device_is_refused_with_the_command_that_measures_it(http: httpx.Client) -> None:
    spec = changed("device", {"name": "pi"}) | {"objective": {"cost": "latency_ms", "limits": {"latency_ms": 1}}}
    assert "nas device profile pi" in refused(http.post("/api/v1/jobs", json=spec), 422, "device.name")


@pytest.mark.parametrize("path", ["../../etc/passwd", "a/b", ""])
def test_a_device_name_cannot_leave_its_folder(http: httpx.Client, path: str) -> None:
    spec = changed("device", {"name": path}) | {"objective": {"cost": "latency_ms", "limits": {"latency_ms": 1}}}
    refused(http.post("/api/v1/jobs", json=spec), 422, "device.name")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "no JSON"),
        (b"{", "no JSON"),
        (b'{"name": "x",}', "line 1"),
        (b"\xff\xfe", "no JSON"),
        (b"[]", "expected a JSON object"),
        (b'"text"', "expected a JSON object"),
        (b'{"seed": NaN}', "NaN is no number"),
        (b'{"seed": -Infinity}', "Infinity is no number"),
        (b'{"seed": 1e999}', "too large a number"),
        (b'{"seed": ' + b"9" * 5000 + b"}", "cannot be read"),
        (b'{"space": ' + b"[" * 50 + b"]" * 50 + b"}", "nested too deeply"),
        (b'{"a": ' * 100_000 + b"1" + b"}" * 100_000, "nested too deeply"),
        (b'{"a\\u0000b": 1}', "NUL"),
    ],
)
def test_a_body_that_is_no_object_of_keepable_values_is_refused(http: httpx.Client, body: bytes, said: str) -> None:
    assert said in refused(http.post("/api/v1/jobs", content=body, headers=JSON), 422)


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_only_json_is_taken_for_json(http: httpx.Client, media_type: str) -> None:
    answer = http.post("/api/v1/jobs", content=json.dumps(SPEC), headers={"Content-Type": media_type})
    assert "application/json" in refused(answer, 415)


def test_a_hundred_megabytes_are_refused_unread(http: httpx.Client) -> None:
    answer = http.post("/api/v1/jobs", content=b" " * 100_000_000, headers=JSON)
    assert "2,000,000 bytes" in refused(answer, 413)


def test_a_hundred_megabytes_of_undeclared_length_are_refused_at_the_limit(http: httpx.Client) -> None:
    sent = 0

    def chunks() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(100):
            sent += len(MEGABYTE)
            yield MEGABYTE

    answer = http.post("/api/v1/jobs", content=chunks(), headers=JSON)
    assert "2,000,000 bytes" in refused(answer, 413)


@pytest.mark.parametrize("kind", ["jobs", "candidates", "trials", "exports"])
@pytest.mark.parametrize("name", ["nope", "%00", "%F0%9F%98%80", "x" * 5000, "%22%27--", "..%5C..", "A" * 8])
def test_an_id_that_is_none_is_not_found(http: httpx.Client, kind: str, name: str) -> None:
    refused(http.get(f"/api/v1/{kind}/{name}"), 404)


@pytest.mark.parametrize("verb", ["pause", "resume", "cancel", "exports"])
def test_nothing_can_be_done_to_a_job_that_is_none(http: httpx.Client, verb: str) -> None:
    refused(http.post(f"/api/v1/jobs/nope/{verb}", json={}), 404)


@pytest.mark.parametrize(
    "path", ["candidates", "candidates.csv", "pareto", "points", "trials", "curves", "events", "history", "exports"]
)
def test_nothing_can_be_read_of_a_job_that_is_none(http: httpx.Client, path: str) -> None:
    refused(http.get(f"/api/v1/jobs/nope/{path}"), 404)


@pytest.mark.parametrize(
    "cursor", ["x", "W10", "bnVsbA", "WyJhIl0", "WzFlOTk5XQ", "Wy0xXQ", "Wzk5OTk5OTk5OTk5OTk5XQ", "é"]
)
def test_a_cursor_that_is_none_is_refused(http: httpx.Client, cursor: str) -> None:
    assert "`next`" in refused(http.get("/api/v1/jobs", params={"cursor": cursor}), 422, "cursor")


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("jobs?limit=0", "limit"),
        ("jobs?limit=many", "limit"),
        ("jobs?state=asleep", "state"),
        ("jobs?owner=%00", "owner"),
        ("jobs?name=%00", "name"),
        ("jobs/{job}/candidates?order=size", "order"),
        ("jobs/{job}/trials?state=lost", "state"),
        ("jobs/{job}/events?after=-1", "after"),
        ("jobs/{job}/events?after=99999999999", "after"),
        ("devices/local/table?threads=0", "threads"),
    ],
)
def test_a_query_value_that_is_none_is_refused(http: httpx.Client, finished: str, path: str, field: str) -> None:
    refused(http.get(f"/api/v1/{path.format(job=finished)}"), 422, field)


@pytest.mark.parametrize(
    "body", [{"epochs": 0}, {"epochs": "many"}, {"epochs": 10**9}, {"speed": 1}, {"int8": "maybe"}, {"normalise": 3}]
)
def test_an_export_of_no_sense_is_refused(http: httpx.Client, finished: str, body: dict[str, Any]) -> None:
    refused(http.post(f"/api/v1/jobs/{finished}/exports", json=body), 422, next(iter(body)))


def test_unknown_paths_of_the_api_are_problems(http: httpx.Client) -> None:
    assert "/docs" in refused(http.get("/api/v1/nothing/here"), 404)
    refused(http.get("/api"), 404)
    refused(http.get("/api/v2/jobs"), 404)


def test_methods_that_a_path_has_not_are_problems_that_name_those_it_has(http: httpx.Client) -> None:
    answer = http.delete("/api/v1/jobs")
    assert "GET, POST" in refused(answer, 405)
    assert answer.headers["allow"] == "GET, POST"
