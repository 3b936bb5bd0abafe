"""Measuring campaigns over HTTP, for who wants a device measured."""

from __future__ import annotations

from fastapi import APIRouter, Query

from nas_service.admission import parse
from nas_service.api import description
from nas_service.api.bodies import JsonObject, parsed
from nas_service.api.callers import Who, own_campaign
from nas_service.api.device_views import AgentView, CampaignRequest, CampaignView
from nas_service.api.measuring import agent_view, campaign_view
from nas_service.api.paging import Id
from nas_service.api.service import Here
from nas_service.campaigns import MOST_OPS
from nas_service.store import campaigns

router = APIRouter(tags=["devices"])


BODY = description.body(CampaignRequest.model_json_schema())


@router.post("/devices/{name}/campaigns", status_code=202, openapi_extra=BODY)
def plan(name: str, body: JsonObject, service: Here, caller: Who) -> CampaignView:
    """Have an agent measure what a device's table lacks for a job."""
    wanted = parsed(CampaignRequest, body)
    spec = parse(wanted.spec)
    setting = spec.setting.but(wanted.threads, wanted.precision, wanted.provider)
    made = service.campaigns.plan(
        spec, name, setting, caller.owner, service.clock(), fresh=wanted.fresh, ops=wanted.ops or MOST_OPS
    )
    return campaign_view(made)


@router.get("/campaigns")
def listed(service: Here, device: str | None = Query(None, max_length=64)) -> list[CampaignView]:
    """The newest campaigns, of one device where it is named."""
    with service.store.read() as conn:
        return [campaign_view(found) for found in campaigns.listed(conn, device)]


@router.get("/campaigns/{campaign_id}")
def show(campaign_id: Id, service: Here) -> CampaignView:
    """One campaign, and how far it is."""
    with service.store.read() as conn:
        return campaign_view(campaigns.get(conn, campaign_id))


@router.post("/campaigns/{campaign_id}/cancel")
def cancel(campaign_id: Id, service: Here, caller: Who) -> CampaignView:
    """End a campaign; what was measured of it is forgotten."""
    own_campaign(service, campaign_id, caller)
    return campaign_view(service.campaigns.cancel(campaign_id, service.clock()))


@router.get("/agents")
def agents(service: Here) -> list[AgentView]:
    """Who asked this process for something to measure since it began, the newest first."""
    return [agent_view(seen) for seen in service.campaigns.seen.newest_first()]
