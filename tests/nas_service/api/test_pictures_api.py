"""Pictures of candidates over HTTP."""

from __future__ import annotations

import httpx
import pytest
from services import WANN, Live

from nas_service.client import ApiError, Client


@pytest.fixture(scope="module")
def grown(live: Live) -> str:
    """The id of a job whose networks are weight agnostic."""
    with Client(live.url) as connected:
        return connected.wait(connected.submit(WANN).id).id


def test_a_weight_agnostic_network_has_a_picture(http: httpx.Client, client: Client, grown: str) -> None:
    candidate = client.candidate(f"{grown}.c1")
    answer = http.get(f"/api/v1/candidates/{candidate.id}/picture.svg")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
    assert answer.text == client.picture(candidate.id)
    assert f"5 inputs, 0 hidden nodes, 2 outputs, {candidate.params} connections" in answer.text
    assert f"cubes &amp; &lt;balls&gt;, {candidate.id}" in answer.text


def test_other_networks_have_none(client: Client, finished: str) -> None:
    with pytest.raises(ApiError, match="network of space 'mobilenetv3'; there are pictures only of weight") as refusal:
        client.picture(f"{finished}.c1")
    assert refusal.value.status == 409


def test_no_candidate_has_no_picture(client: Client, grown: str) -> None:
    with pytest.raises(ApiError) as refusal:
        client.picture(f"{grown}.c1000")
    assert refusal.value.status == 404
