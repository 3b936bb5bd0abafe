"""What agents and the service say to each other; `device_agent.server` is the other end, and opens every connection.

`/agent.pyz` is the agent itself, for a device that has python, numpy and onnxruntime.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from device_agent import archive
from device_agent.machine import Device
from device_agent.measure import Visit
from nas_service import campaigns
from nas_service.agents import Agent
from nas_service.api import description
from nas_service.api.bodies import JsonObject, parsed
from nas_service.api.callers import AGENT
from nas_service.api.paging import Id
from nas_service.api.service import Here

router = APIRouter(prefix="/api/v1/agent", tags=["agents"], dependencies=AGENT)
program = APIRouter(tags=["agents"])

MOST_VISITS = 5_000
Told = TypeVar("Told", bound=BaseModel)
ONNX = "application/octet-stream"
NOTHING: dict[int | str, dict[str, Any]] = {204: {"description": "there is nothing to measure now"}}
NETWORK: dict[int | str, dict[str, Any]] = {200: {"content": {ONNX: {}}}, 409: {}, 503: {}}

AgentId = Annotated[str, Query(min_length=1, max_length=64, description="that asked for the order")]
Attempt = Annotated[int, Query(ge=0, le=2**31 - 1, description="that of the order")]
Subject = Annotated[str, Query(max_length=2_000, description="as the order names it")]


class Asking(BaseModel):
    """Who asks for an order: its name for itself, its device, and the onnxruntime there."""

    model_config = ConfigDict(frozen=True)

    version: int
    agent: str = Field(min_length=1, max_length=64)
    device: Device
    onnxruntime: str = Field(min_length=1, max_length=40)


class OfOrder(BaseModel):
    """Of which order an agent tells something: the one that it got under this attempt."""

    model_config = ConfigDict(frozen=True)

    version: int
    agent: str = Field(min_length=1, max_length=64)
    attempt: int = Field(ge=0, lt=2**31)


class Made(OfOrder):
    """Visits (subject, milliseconds, runs) in the order in which they were made, of which the first has a number."""

    first: int = Field(ge=0, lt=2**31)
    visits: list[tuple[str, float, int]] = Field(max_length=MOST_VISITS)


class Failed(OfOrder):
    """A subject that the device's runtime does not run, and what it says."""

    subject: str = Field(max_length=2_000)
    message: str = Field(max_length=4_000)


ASKING, MADE, FAILED = (description.body(model.model_json_schema()) for model in (Asking, Made, Failed))


@router.post("/orders", responses=NOTHING, openapi_extra=ASKING)
def order(body: JsonObject, service: Here) -> Response:
    """What there is to measure on a device now. The order is the agent's for a minute after it was last heard of."""
    asking = _told(Asking, body)
    agent = Agent(asking.agent, asking.device, asking.onnxruntime)
    found = service.campaigns.order(agent, service.clock())
    return Response(status_code=204) if found is None else JSONResponse(found.to_json())


@router.get("/orders/{campaign_id}/network", response_class=Response, responses=NETWORK)
def network(campaign_id: Id, agent: AgentId, attempt: Attempt, subject: Subject, service: Here) -> Response:
    """The ONNX file of a subject of the order."""
    found = service.campaigns.network(campaign_id, agent, attempt, subject)
    return Response(found, media_type=ONNX)


@router.post("/orders/{campaign_id}/visits", openapi_extra=MADE)
def visits(campaign_id: Id, body: JsonObject, service: Here) -> dict[str, int]:
    """Hand over visits, or none to keep the order. Sent twice, they count once."""
    made = _told(Made, body)
    listed = [(subject, Visit(latency_ms, runs)) for subject, latency_ms, runs in made.visits]
    count = service.campaigns.take(campaign_id, made.agent, made.attempt, made.first, listed, service.clock())
    return {"made": count}


@router.post("/orders/{campaign_id}/failure", status_code=204, openapi_extra=FAILED)
def failure(campaign_id: Id, body: JsonObject, service: Here) -> None:
    """Say that the device cannot run a subject: the campaign ends with that message."""
    failed = _told(Failed, body)
    whose = (campaign_id, failed.agent, failed.attempt)
    service.campaigns.fail(*whose, failed.subject, failed.message, service.clock())


@program.get("/agent.pyz", response_class=Response, responses={200: {"content": {ONNX: {}}}})
def agent_program() -> Response:
    """The agent: python3 agent.pyz --server URL --name NAME."""
    return Response(_program(), media_type=ONNX, headers={"Content-Disposition": 'attachment; filename="agent.pyz"'})


def _told(kind: type[Told], body: dict[str, Any]) -> Told:
    """What an agent says, if it speaks as this service does."""
    campaigns.refuse_version(body.get("version"))
    return parsed(kind, body)


@lru_cache(maxsize=1)
def _program() -> bytes:
    return archive.agent()
