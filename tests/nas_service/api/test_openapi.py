"""Whatever the OpenAPI document allows, and much that it does not, is answered as the document says: with any key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks
from services import ENDLESS, SPEC, Live

from nas_service import access
from nas_service.access import Scope
from nas_service.client import Client
from nas_service.store import keys

EXAMPLES = 10  # a mode of generation and an operation
EXAMPLES_WITH_A_KEY = 5
CHECKS = (
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
)
PROBLEM = "application/problem+json"
ENDLESS_STREAM = "GET /api/v1/events"  # takes no input, and its answer has no end; test_notices_api.py has it


@dataclass(frozen=True)
class Known:
    """What there is: a job that has ended with an export, and for whoever changes something a job made for that."""

    client: Client
    ended: str
    export: str

    @contextmanager
    def ids(self, method: str) -> Iterator[dict[str, str]]:
        known = {"job_id": self.ended, "candidate_id": f"{self.ended}.c0", "trial_id": f"{self.ended}.t0"}
        known |= {"export_id": self.export, "name": "model.onnx"}
        if method == "GET":
            yield known
            return
        job = self.client.submit(ENDLESS).id
        self.client.pause(job)
        yield known | {"job_id": job}
        self.client.cancel(job)


@pytest.fixture(scope="module")
def document(live: Live) -> dict[str, Any]:
    return requests.get(f"{live.url}/openapi.json", timeout=30).json()


@pytest.fixture(scope="module")
def operations(live: Live, document: dict[str, Any]) -> list[Any]:
    generated_from = deepcopy(document)
    for path in generated_from["paths"].values():
        for operation in path.values():
            operation.pop("security", None)  # keys are shown by the tests, not made up
    schema = schemathesis.openapi.from_dict(generated_from)
    schema.config.update(base_url=live.url)
    every = [result.ok() for result in schema.get_all_operations()]
    return [operation for operation in every if operation.label != ENDLESS_STREAM]


@pytest.fixture(scope="module")
def shown(live: Live, exported: tuple[str, str]) -> dict[str, str]:
    """Keys by name. From here on the service asks for them."""
    made = {scope.value: access.make("ann", scope, 1.0, None) for scope in Scope}
    made["expired"] = access.make("ann", Scope.ADMIN, 1.0, 2.0)
    with live.app.state.service.store.write() as conn:
        for kept, _ in made.values():
            keys.add(conn, kept)
    return {name: key for name, (_, key) in made.items()} | {"wrong": access.make("ann", Scope.ADMIN, 1.0, None)[1]}


@pytest.fixture(scope="module")
def exported(live: Live) -> tuple[str, str]:
    """A job that has ended and an export of it. From here on the workers do nothing, whatever is asked for."""
    with Client(live.url) as client:
        job = client.wait(client.submit(SPEC).id).id
        export = client.wait_for_export(client.export_best(job).id).id
    live.workers.open.clear()
    return job, export


def asked(operation: Any, known: dict[str, str], key: str, mode: GenerationMode, examples: int) -> list[int]:
    """Send what is generated for an operation, half of it for what there is; the statuses of the answers."""
    statuses: list[int] = []
    if mode is GenerationMode.NEGATIVE and not (operation.query or operation.body):
        return statuses  # every path and header is text, and so is whatever else could be sent in its place
    session = requests.Session()
    if key:
        session.headers["Authorization"] = f"Bearer {key}"

    @settings(max_examples=examples, deadline=None, derandomize=True, suppress_health_check=HealthCheck, database=None)
    @given(case=operation.as_strategy(generation_mode=mode), real=st.sampled_from([True, False]))
    def answered(case: Case, real: bool) -> None:
        if real:
            case.path_parameters |= {name: known[name] for name in case.path_parameters if name in known}
        response = case.call(session=session)
        case.validate_response(response, checks=CHECKS)
        if response.status_code >= 400:
            assert response.headers["content-type"] == [PROBLEM]
        statuses.append(response.status_code)

    with suppress(Unsatisfiable):  # what takes no input cannot be asked wrongly
        answered()
    return statuses


# Without keys. These come first: a module's service asks for keys from the first one on.


@pytest.mark.parametrize("mode", GenerationMode)
def test_nothing_that_can_be_sent_fails_inside(
    live: Live, operations: list[Any], exported: tuple[str, str], mode: GenerationMode
) -> None:
    with Client(live.url) as client:
        known = Known(client, *exported)
        for operation in operations:
            with known.ids(operation.method.upper()) as ids:
                asked(operation, ids, "", mode, EXAMPLES)


def test_every_route_is_described(operations: list[Any]) -> None:
    labels = {operation.label for operation in operations}
    assert {"POST /api/v1/jobs", "GET /api/v1/jobs/{job_id}/events", "PUT /api/v1/devices/{name}/table"} <= labels
    assert all(operation.definition.raw.get("description") for operation in operations)


def test_every_reference_of_the_document_leads_somewhere(document: dict[str, Any]) -> None:
    names = {text.partition('"')[0] for text in json.dumps(document).split('"$ref": "')[1:]}
    assert {"#/components/schemas/JobSpec", "#/components/schemas/Problem"} <= names
    assert names <= {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}


def test_every_refusal_is_described_as_a_problem(document: dict[str, Any]) -> None:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            refusals = {status: said for status, said in operation["responses"].items() if status >= "4"}
            assert all(list(said["content"]) == [PROBLEM] for said in refusals.values()), (method, path)


# With keys.


@pytest.mark.parametrize("mode", GenerationMode)
@pytest.mark.parametrize("name", ["wrong", "expired"])
def test_a_key_that_opens_nothing_gets_one_answer(
    operations: list[Any], shown: dict[str, str], exported: tuple[str, str], name: str, mode: GenerationMode
) -> None:
    for operation in operations:
        statuses = asked(operation, {"job_id": exported[0]}, shown[name], mode, EXAMPLES_WITH_A_KEY)
        expected = 401 if operation.path.startswith(("/api", "/metrics")) else 200
        assert set(statuses) <= {expected}, operation.label


@pytest.mark.parametrize("mode", GenerationMode)
def test_a_key_that_reads_changes_nothing(
    operations: list[Any], shown: dict[str, str], exported: tuple[str, str], mode: GenerationMode
) -> None:
    for operation in operations:
        statuses = asked(operation, {"job_id": exported[0]}, shown["read"], mode, EXAMPLES_WITH_A_KEY)
        if operation.method.upper() == "GET" and not operation.path.startswith("/api/v1/agent/"):
            assert not {401, 403} & set(statuses), operation.label
        else:
            assert set(statuses) <= {403}, operation.label


@pytest.mark.parametrize("mode", GenerationMode)
@pytest.mark.parametrize("name", ["submit", "admin"])
def test_a_key_that_changes_is_answered_as_described(
    live: Live,
    operations: list[Any],
    shown: dict[str, str],
    exported: tuple[str, str],
    name: str,
    mode: GenerationMode,
) -> None:
    with Client(live.url, key=shown["admin"]) as client:
        known = Known(client, *exported)
        for operation in operations:
            with known.ids(operation.method.upper()) as ids:
                statuses = asked(operation, ids, shown[name], mode, EXAMPLES_WITH_A_KEY)
            assert 401 not in statuses, operation.label
            assert name != "admin" or 403 not in statuses, operation.label
