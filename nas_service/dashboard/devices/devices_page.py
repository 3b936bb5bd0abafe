"""The page at `/devices`: latency tables, the campaigns that measure them, agents, and how to add a device, live."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from nicegui import ui

from nas_service.access import Caller

from ..commands import command
from ..part import Part, trouble
from ..serving.following import follow, said
from ..serving.live import DEVICES, LiveClient
from ..theme import frame, sheet
from ..when import Ago
from .campaign_rows import CampaignParts
from .device_words import AgentRow, TableRow, agent_row, campaign_row, table_row
from .own_device import own_device
from .remarks import draw_remarks


async def devices_page(client: LiveClient, viewer: Caller, server: str) -> None:
    """`server` is the address at which the viewer sees the service."""
    with frame("Devices", viewer):
        ui.label("Devices").classes("text-xl")
        away = trouble()
        tables: Part[list[TableRow]] = Part(lambda rows: _draw_tables(rows, server))
        campaigns = CampaignParts()
        agents = Part(_draw_agents)
        own_device(server, viewer)

    async def look() -> None:
        measured = [table_row(table) for table in await client.devices()]
        made = [campaign_row(campaign) for campaign in await client.campaigns()]
        seen = [agent_row(agent) for agent in await client.agents()]
        tables.show(measured)
        campaigns.show(made)
        agents.show(seen)

    await follow(client, said(look, away, "The devices cannot be read"), [DEVICES])


def _draw_tables(tables: list[TableRow], server: str) -> None:
    if not tables:
        _first_steps(server)
        return
    with sheet("Latency tables").style("gap:0"):
        for table in tables:
            _table(table)


def _first_steps(server: str) -> None:
    with sheet("No device has been measured yet"):
        ui.label(
            "A search keeps a limit in milliseconds because what every op costs was measured on the device itself. "
            "For the machine that this service runs on, one command does it, and this page shows how far it is."
        ).classes("muted").style("max-width:760px")
        command(f"nas device measure local --for search.yaml --server {server}")
        ui.label("For any other device, take one of the ways below.").classes("muted")


def _table(table: TableRow) -> None:
    with ui.column().classes("w-full job").style("gap:4px"):
        with ui.row().classes("w-full items-start").style("gap:8px 20px"):
            with ui.column().classes("text").style("gap:0;flex:4 1 280px"):
                ui.link(table.name, table.address).style("font-weight:500")
                ui.label(table.machine).classes("muted text-xs")
            if table.readable:
                _told(table.runtime, table.setting)
                _told(table.ops, table.calibration)
                _told(table.error, "error bar")
                _told("" if table.written_at is None else partial(Ago, table.written_at), "last measured")
        if table.remarks:
            draw_remarks(table.remarks)


def _told(value: str | Callable[[], ui.element], note: str) -> None:
    with ui.column().style("gap:0;flex:1 1 120px;min-width:0"):
        (ui.label(value) if isinstance(value, str) else value()).classes("text")
        ui.label(note).classes("muted text-xs")


def _draw_agents(agents: list[AgentRow]) -> None:
    if not agents:
        return
    with sheet("Agents heard of").style("gap:0"):
        for agent in agents:
            with ui.row().classes("w-full items-start job").style("gap:4px 20px"):
                with ui.column().classes("text").style("gap:0;flex:4 1 280px"):
                    ui.label(agent.device).style("font-weight:500")
                    ui.label(agent.machine).classes("muted text-xs")
                ui.label(agent.runtime).style("flex:2 1 240px")
                Ago(agent.seen_at, "asked ").classes("muted").style("flex:1 1 120px")
