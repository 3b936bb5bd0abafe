"""A dashboard whose service is away, or refuses: what its visitors are told."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import httpx
import pytest
from fastapi import FastAPI
from services import Live

from nas_service.api.guard import Guard
from nas_service.api.hosts import Hosts
from nas_service.dashboard.serving import elsewhere
from nas_service.dashboard.serving.elsewhere import Elsewhere, RemoteDoor

AWAY = "http://127.0.0.1:9"
PAGE = {"Accept": "text/html"}


def asked(server: str, path: str, headers: Mapping[str, str] = PAGE) -> httpx.Response:
    """Of a dashboard without pages."""

    async def ask() -> httpx.Response:
        app, service = FastAPI(openapi_url=None), Elsewhere(server)
        door = RemoteDoor(service, Hosts(loopback=True))
        app.add_middleware(Guard, door=lambda: door)
        app.include_router(elsewhere.passing_on(service))
        async with httpx.AsyncClient(base_url="http://localhost", transport=httpx.ASGITransport(app)) as client:
            return await client.get(path, headers=dict(headers))

    return asyncio.run(ask())


def test_while_the_service_is_away_a_page_says_so_and_tries_again() -> None:
    answer = asked(AWAY, "/cluster")
    assert (answer.status_code, answer.headers["content-type"]) == (503, "text/html; charset=utf-8")
    assert f"no server answers at {AWAY}" in answer.text
    assert '<meta http-equiv="refresh"' in answer.text


def test_programs_are_told_in_their_own_way() -> None:
    answer = asked(AWAY, "/api/v1/jobs", {})
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")


def test_what_the_service_answers_is_passed_on(live: Live) -> None:
    for path in ("/api/v1/jobs?limit=1", "/api/v1/jobs/nope", "/api/v1/jobs?limit=many", "/openapi.json"):
        here, there = asked(live.url, path, {}), httpx.get(live.url + path)
        assert (here.status_code, here.content) == (there.status_code, there.content)
        assert here.headers["content-type"] == there.headers["content-type"]


@pytest.mark.parametrize("name", ["evil.example", "192.0.2.1"])
def test_without_keys_other_names_are_refused(live: Live, name: str) -> None:
    assert asked(live.url, "/api/v1/jobs", {"Host": name}).status_code == 403
