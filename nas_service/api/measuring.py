"""From records to views: what campaigns and agents look like from outside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from nas_service.agents import Seen
from nas_service.store import Campaign

from .device_views import AgentView, CampaignView


def campaign_view(campaign: Campaign) -> CampaignView:
    return CampaignView.model_validate(vars(campaign) | {"verdict": _words(campaign.verdict)})


def agent_view(seen: Seen) -> AgentView:
    agent = seen.agent
    return AgentView(
        device=agent.device.name, facts=asdict(agent.device), onnxruntime=agent.onnxruntime, seen_at=seen.at
    )


def _words(verdict: Mapping[str, Any] | None) -> str:
    if verdict is None:
        return ""
    held = f"{verdict['inside']} of {len(verdict['networks'])} networks took what their intervals said"
    off = f"estimates were off by {verdict['mape']:.1%} on average"
    return "; ".join(filter(None, (f"{off}, {held}", verdict["summary"])))
