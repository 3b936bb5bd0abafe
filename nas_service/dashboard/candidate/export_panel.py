"""The exports of a candidate on its page: asked for, as they proceed, with what their checks found and their files."""

from __future__ import annotations

from typing import NamedTuple

from nicegui import ui

from nas_service.access import Caller
from nas_service.api.views import CandidateDetail, ExportView, JobView
from nas_service.client import ApiError, AsyncClient

from ..theme import count, pill, share, sheet
from ..when import Ago

EPOCH = "epoch"  # in the progress
FIRST = ("model.onnx", "model_card.md")  # of the files, before the others


class ExportPanel:
    """`refresh` asks how far exports are, and draws them anew where something has changed."""

    def __init__(self, client: AsyncClient, job: JobView, viewer: Caller) -> None:
        self._client = client
        self._job = job
        self._viewer = viewer
        self._shown: list[ExportView] | None = None
        self.under_way = False  # any of them

    def build(self) -> None:
        with sheet("Export"):
            self._button = ui.button("export as ONNX", on_click=self._ask)
            self._button.props("outline dense no-caps color=primary").style("padding:2px 14px")
            self._list = ui.column().classes("w-full").style("gap:12px")

    async def refresh(self, candidate: CandidateDetail) -> None:
        self._candidate = candidate
        mine = [one for one in await self._client.exports(self._job.id) if one.candidate_id == candidate.id]
        self.under_way = any(not one.final for one in mine)
        self._button.set_visibility(self._viewer.may_change(self._job.owner))
        self._button.set_enabled(not self.under_way)
        if mine != self._shown:
            self._shown = mine
            self._draw(mine)

    async def _ask(self) -> None:
        try:
            await self._client.export(self._candidate.id)
        except ApiError as error:
            ui.notify(str(error), type="warning")
        await self.refresh(self._candidate)

    def _draw(self, exports: list[ExportView]) -> None:
        self._list.clear()
        with self._list:
            if not exports:
                text = (
                    "Not exported yet. An export trains the network to the end, writes it as ONNX and checks the file."
                )
                ui.label(text).classes("muted text-sm")
            for export in reversed(exports):
                _export(export)


def _export(export: ExportView) -> None:
    with ui.column().classes("w-full").style("gap:4px"):
        with ui.row().classes("items-center").style("gap:4px 12px"):
            ui.label(export.id)
            pill(export.state)
            asked = f"{export.epochs} epochs of final training · asked for "
            Ago(export.created_at, asked).classes("muted text-sm")
        if export.message:
            told = "danger" if export.state == "failed" else "muted"
            ui.label(export.message).classes(f"{told} text-sm").style("overflow-wrap:anywhere")
        if not export.final:
            _how_far(export)
        with ui.row().style("gap:4px 24px"):
            for name, value in (export.metrics if export.final else export.progress).items():
                if name == EPOCH:
                    continue
                found = Finding.of(name, value)
                with ui.column().style("gap:0"):
                    ui.label(found.name).classes("muted text-xs")
                    ui.label(found.value).classes("text-sm")
        with ui.row().style("gap:4px 16px"):
            for name in sorted(export.files, key=lambda file: (file not in FIRST, file)):
                ui.link(name, f"/api/v1/exports/{export.id}/{name}").props("download")


def _how_far(export: ExportView) -> None:
    """Of its training; the checks of the file follow."""
    epoch = export.progress.get(EPOCH, 0.0)
    with ui.row().classes("items-center no-wrap").style("gap:12px;width:100%;max-width:420px"):
        bar = ui.linear_progress(min(1.0, epoch / max(1, export.epochs)), show_value=False, size="6px")
        bar.props(f'rounded color=primary aria-label="progress of {export.id}"')
        ui.label(f"epoch {epoch:g} of {export.epochs:,}").classes("text-sm").style("white-space:nowrap")


class Finding(NamedTuple):
    """What a check found, in words: (latency, 0.047 ms), (file, 265 kB), (test accuracy, 97.12%)."""

    name: str
    value: str

    @classmethod
    def of(cls, name: str, value: float) -> Finding:
        """Of a metric whose unit is in its name."""
        words = name.replace("_", " ")
        if name.endswith("_ms"):
            return cls(words.removesuffix(" ms"), f"{value:.3g} ms")
        if name.endswith("_bytes"):
            return cls(words.removesuffix(" bytes"), f"{count(value)}{'B' if value >= 1000 else ' B'}")
        if name.endswith(("accuracy", "f1")):
            return cls(words, share(value))
        return cls(words, count(value) if value >= 1000 else f"{value:.3g}")
