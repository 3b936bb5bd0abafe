"""Measuring campaigns on a page: those under way with how far they are, and the newest ones that ended."""

from __future__ import annotations

from collections.abc import Sequence

from nicegui import ui

from ..part import Part
from ..theme import pill, sheet
from ..when import Ago
from .device_words import CampaignRow

ENDED = 8  # that are shown


class CampaignParts:
    """Two parts of a page, each of which is there only where it has a campaign to show."""

    def __init__(self) -> None:
        self._under_way = Part(_draw_under_way)
        self._ended = Part(_draw_ended)

    def show(self, campaigns: Sequence[CampaignRow]) -> None:
        """Newest first, as they are listed."""
        self._under_way.show([one for one in campaigns if one.under_way])
        self._ended.show([one for one in campaigns if not one.under_way][:ENDED])


def _draw_under_way(campaigns: list[CampaignRow]) -> None:
    if not campaigns:
        return
    with sheet("Campaigns under way").style("gap:0"):
        for campaign in campaigns:
            with ui.row().classes("w-full items-start job"):
                _about(campaign)
                with ui.column().style("flex:1 0 90px"):
                    pill(campaign.state)
                with ui.column().style("gap:2px;flex:2 0 180px"):
                    progress = ui.linear_progress(campaign.done, show_value=False, size="6px")
                    progress.props("rounded color=primary").style("margin-top:8px")
                    ui.label(campaign.visits).classes("muted text-xs")
                ui.label(campaign.said).classes("text").style("flex:4 1 280px")


def _draw_ended(campaigns: list[CampaignRow]) -> None:
    if not campaigns:
        return
    with sheet("Campaigns that ended").style("gap:0"):
        for campaign in campaigns:
            with ui.row().classes("w-full items-start job"):
                _about(campaign)
                with ui.column().style("flex:1 0 90px"):
                    pill(campaign.state)
                with ui.column().classes("text").style("gap:0;flex:4 1 280px"):
                    ui.label(campaign.said).classes("danger" if campaign.state == "failed" else "")
                    ui.label(campaign.machine).classes("muted text-xs")


def _about(campaign: CampaignRow) -> None:
    with ui.column().classes("text").style("gap:0;flex:3 1 220px"):
        ui.link(campaign.device, campaign.address).style("font-weight:500")
        with ui.row().classes("text-xs").style("gap:0 6px"):
            if campaign.job_id is None:
                ui.label("ops for a latency table")
            else:
                ui.label("finalists of")
                ui.link(campaign.job_id, f"/jobs/{campaign.job_id}")
        Ago(campaign.at, f"{campaign.when} ").classes("muted text-xs")
