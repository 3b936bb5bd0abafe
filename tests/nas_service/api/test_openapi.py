"""Whatever the OpenAPI schema allows, and much that it does not, is answered without a failure of the service."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from services import Live

EXAMPLES = 8


@pytest.fixture
def operations(live: Live) -> list[Any]:
    schema = schemathesis.openapi.from_url(f"{live.url}/openapi.json")
    return [result.ok() for result in schema.get_all_operations()]


@pytest.mark.parametrize("mode", GenerationMode)
def test_nothing_that_can_be_sent_fails_inside(operations: list[Any], finished: str, mode: GenerationMode) -> None:
    real = {"job_id": finished, "candidate_id": f"{finished}.c1", "trial_id": f"{finished}.t1"}
    for operation in operations:
        tried = settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=HealthCheck)

        @tried
        @given(case=operation.as_strategy(generation_mode=mode), known=st.booleans())
        def answered(case: Case, known: bool) -> None:
            if known:
                case.path_parameters |= {name: real[name] for name in case.path_parameters if name in real}
            response = case.call()
            assert response.status_code < 500, f"{case.as_curl_command()}: {response.text}"
            if response.status_code >= 400:
                assert response.headers["content-type"] == ["application/problem+json"]

        with suppress(Unsatisfiable):  # what takes no input cannot be asked wrongly
            answered()


def test_every_route_is_described(operations: list[Any]) -> None:
    labels = {operation.label for operation in operations}
    assert {"POST /api/v1/jobs", "GET /api/v1/jobs/{job_id}/events", "PUT /api/v1/devices/{name}/table"} <= labels
    assert all(operation.definition.raw.get("description") for operation in operations)
