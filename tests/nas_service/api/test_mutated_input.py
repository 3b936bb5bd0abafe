"""Specs with something else in some place are taken or refused in a sentence; nothing fails inside.

What a mutation makes is sent as it is, also where it is no JSON (NaN) or no text that can be kept.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from mutations import mutated
from services import SPEC, Live

from nas_service.client import Client
from nas_service.store import jobs

EXAMPLES = 50
SENT = {"Content-Type": "application/json"}
SPECS: dict[str, dict[str, Any]] = {
    "evolution": SPEC
    | {
        "strategy": {"name": "evolution", "population": 4, "sample": 2, "inherit": False},
        "early_stopping": {"method": "asha", "over": "epochs", "factor": 3, "rungs": 2},
        "task": {"name": "landscape", "epochs": 9, "sizes": [8, 64], "noise": 0.1, "seconds": 0.0, "channels": 1},
        "control": {"name": "random", "share": 0.3},
        "seed": 3,
        "priority": 1,
    },
    "generations": {
        "space": {"name": "wann", "options": {}},
        "task": {"name": "landscape", "kind": "vector", "channels": 3, "outputs": 2, "sizes": [1, 1], "batch": 3},
        "objective": {"reward": "metric", "cost": "params", "limits": {"params": 1000}},
        "strategy": {"name": "wann", "population": 8, "generations": 3, "repetitions": 1, "tournament": 1},
        "budget": {"trials": 1000, "hours": 1.5},
        "workers": {"parallel": 4, "cpus": 1, "gpus": 0, "timeout_s": 10},
    },
    "warm start": SPEC
    | {
        "strategy": {"name": "nsga2", "population": 4},
        "warm_start": {"jobs": [], "top": 3, "genotypes": [{"choices": [0] * 24}]},
        "objective": {"reward": "pareto", "cost": "macs", "limits": {"macs": 5e6}},
        "webhook": {"url": "https://example.org/told"},
    },
    "samplers": SPEC | {"strategy": {"name": "tpe", "startup": 5}, "objective": {"cost": "params", "target": 1e5}},
    "clips": SPEC
    | {
        "space": {"name": "tvn", "options": {}},
        "task": {"name": "landscape", "kind": "clip", "channels": 3, "sizes": [8, 64]},
        "objective": {"cost": "macs", "target": 1e7},
    },
}

many = settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=HealthCheck
)


def answered(http: httpx.Client, method: str, path: str, sent: object) -> httpx.Response:
    """The answer, which is no failure: a refusal says what was wrong, and where."""
    answer = http.request(method, path, content=json.dumps(sent), headers=SENT)
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert len(answer.json()["detail"]) > 10
    return answer


@pytest.fixture(autouse=True)
def _nothing_runs(live: Live) -> Iterator[None]:
    """What is taken does not run, and is cancelled afterwards."""
    live.workers.open.clear()
    yield
    with live.app.state.service.store.read() as conn:
        taken = [job.id for job in jobs.in_state(conn, jobs.LIVE)]
    for job in taken:
        httpx.post(f"{live.url}/api/v1/jobs/{job}/cancel")


@pytest.mark.parametrize("name", SPECS)
def test_the_specs_that_are_mutated_are_valid(http: httpx.Client, name: str) -> None:
    wanted = {key: part for key, part in SPECS[name].items() if key != "webhook"}
    assert answered(http, "POST", "/api/v1/jobs", wanted).status_code == 201


@pytest.mark.parametrize("name", SPECS)
def test_mutated_specs_do_not_fail_inside(http: httpx.Client, name: str) -> None:
    @many
    @given(mutated(SPECS[name]))
    def sent(wanted: dict[str, Any]) -> None:
        answered(http, "POST", "/api/v1/jobs", wanted)

    sent()


def test_previews_of_mutated_specs_do_not_fail_inside(http: httpx.Client) -> None:
    @many
    @given(mutated(SPECS["evolution"]))
    def sent(wanted: dict[str, Any]) -> None:
        answered(http, "POST", "/api/v1/jobs/preview", wanted)

    sent()


@pytest.mark.parametrize("verb", ["clone", "retarget"])
def test_mutated_patches_do_not_fail_inside(http: httpx.Client, live: Live, verb: str) -> None:
    live.workers.open.set()
    with Client(live.url) as client:
        job = client.wait(client.submit(SPEC).id).id
    live.workers.open.clear()

    @many
    @given(mutated(SPECS["evolution"]))
    def sent(wanted: dict[str, Any]) -> None:
        answered(http, "POST", f"/api/v1/jobs/{job}/{verb}", wanted)

    sent()
