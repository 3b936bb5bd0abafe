"""The page of one latency table: the device, what was measured on it, how well estimates fit, and what is doubtful."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from shlex import quote

from nicegui import ui

from device_agent.setting import USUAL, Setting
from nas_service.access import Caller
from nas_service.api.device_views import DeviceView
from nas_service.api.table_views import TableSummary

from ..commands import step
from ..part import Part, trouble
from ..serving.following import follow, said
from ..serving.live import DEVICES, LiveClient
from ..theme import figure, frame, sheet
from ..when import Ago
from .campaign_rows import CampaignParts
from .device_words import calibration, campaign_row, device_address, drift, error_bar, named, protocol, remarks
from .remarks import draw_remarks
from .table_parts import draw_summary
from .targets import setting_of


@dataclass(frozen=True)
class Shown:
    """The table of the page, if there is one, and the settings of all tables of its device."""

    table: DeviceView | None
    settings: tuple[Setting, ...]


@dataclass(frozen=True)
class Summed:
    """A table and what it holds."""

    table: DeviceView
    summary: TableSummary


class DevicePage:
    """One viewer's page. `server` is the address at which the viewer sees the service."""

    def __init__(self, client: LiveClient, name: str, setting: Setting, viewer: Caller, server: str) -> None:
        self._client, self._name, self._setting = client, name, setting
        self._viewer, self._server = viewer, server
        self._summed_up = ""  # of which table, and after how many campaigns, the summary on the page is

    async def build(self) -> None:
        with frame(self._name, self._viewer):
            with ui.row().classes("w-full items-center").style("gap:4px 16px"):
                ui.label(self._name).classes("text-xl text")
                ui.space()
                ui.link("all devices", "/devices")
            away = trouble()
            self._head = Part(self._draw_head)
            self._summary: Part[Summed] = Part(lambda summed: draw_summary(summed.summary, _facts(summed.table)))
            self._campaigns = CampaignParts()
            self._foot = Part(self._draw_foot)
        await follow(self._client, said(self._look, away, "The device cannot be read"), [DEVICES])

    async def _look(self) -> None:
        tables = [table for table in await self._client.devices() if table.name == self._name]
        campaigns = await self._client.campaigns(self._name)
        table = next((one for one in tables if setting_of(one) == self._setting or not one.hash), None)
        self._head.show(Shown(table, tuple(map(setting_of, tables))))
        self._campaigns.show([campaign_row(one) for one in campaigns])
        await self._sum_up(table, sum(one.ended_at is not None for one in campaigns))
        self._foot.show(table)

    async def _sum_up(self, table: DeviceView | None, ended: int) -> None:
        """Asked for where the table, or what finalists said of it, is another one than before."""
        if table is None or not table.hash:
            self._summary.hide()
            self._summed_up = ""
        elif (now := f"{table.hash} {ended}") != self._summed_up:
            self._summary.show(Summed(table, await self._client.table_summary(self._name, **asdict(self._setting))))
            self._summed_up = now

    def _draw_head(self, shown: Shown) -> None:
        if len(shown.settings) > 1:
            self._draw_settings(shown.settings)
        if shown.table is None:
            self._draw_absence()
            return
        if found := remarks(shown.table):
            draw_remarks(found)
        if shown.table.hash:
            with ui.row().classes("sheet").style("gap:20px 36px"):
                figure("error bar", error_bar(shown.table.facts), "holds 90 % of networks")
                figure("ops measured", f"{shown.table.ops:,}", calibration(shown.table.facts))
                figure("runtime", _runtime(shown.table), self._setting.words)
                figure(
                    "last measured",
                    partial(Ago, shown.table.written_at) if shown.table.written_at else "–",
                    "the device drifted" if drift(shown.table.drift) else "the device was steady",
                )

    def _draw_settings(self, settings: tuple[Setting, ...]) -> None:
        with ui.row().style("gap:4px 16px"):
            for setting in settings:
                link = ui.link(setting.words, device_address(self._name, setting))
                link.classes("font-medium" if setting == self._setting else "muted")

    def _draw_absence(self) -> None:
        with sheet("No latency table yet"):
            ui.label(
                f"Nothing was measured on {self._name!r} with {self._setting.words} so far. One of the "
                "commands below fills this page; without a table no job can hold a limit in milliseconds here."
            ).classes("muted text")

    def _draw_foot(self, table: DeviceView | None) -> None:
        readable = table is not None and bool(table.hash)
        name, setting = named(self._name) if table and not readable else (self._name, self._setting)
        common = f"{quote(name)} --for search.yaml{'' if setting == USUAL else f' {setting.options}'}"
        with sheet("Measure it again" if table else "Measure it"):
            if readable or table is None:
                step("What it lacks for a job, by its agent", f"nas device measure {common} --server {self._server}")
            if table is not None:
                step("Everything anew, by its agent", f"nas device measure {common} --fresh --server {self._server}")
            step("On the device itself, from a checkout", f"nas device profile {common}{' --fresh' if table else ''}")
            if readable:
                step("There too: how far off it is on unseen networks", f"nas device check {common}")


def _runtime(table: DeviceView) -> str:
    return f"onnxruntime {table.facts['onnxruntime']}" if table.facts["onnxruntime"] else "not told"


def _facts(table: DeviceView) -> list[tuple[str, str]]:
    known = table.facts
    return [
        ("CPU", known["cpu"]),
        ("cores", f"{known['cores']}"),
        ("system", known["system"]),
        ("python", known["python"]),
        ("flags", ", ".join(known["flags"]) or "not told"),
        ("governor", known["governor"] or "not told"),
        ("runtime", _runtime(table)),
        ("exporter", f"{known['exporter']}"),
        ("precision", known["precision"]),
        ("batch", f"{known['batch']}"),
        ("measured", protocol(known)),
        ("calibration", f"{known['scale']:.4g} times the sum of the ops + {known['base_ms']:.3g} ms"),
        ("hash", table.hash),
    ]
