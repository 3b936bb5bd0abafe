"""The part of a job's page that sets the search beside its random control, where it has one."""

from __future__ import annotations

from nicegui import ui

from nas_service.api.views import ArmView, ComparisonView, JobView
from nas_service.client import AsyncClient

from ..part import Part
from ..theme import figure


class ControlPanel:
    def __init__(self, client: AsyncClient, job_id: str) -> None:
        self._client = client
        self._job_id = job_id
        self._drawn: int | None = None  # completed candidates

    def build(self) -> None:
        self._part = Part(_draw)

    async def refresh(self, job: JobView) -> None:
        if job.spec.get("control") is None or job.completed == self._drawn:
            return
        self._part.show(await self._client.comparison(self._job_id))
        self._drawn = job.completed


def _draw(compared: ComparisonView) -> None:
    with ui.row().classes("sheet").style("gap:36px"):
        figure("hypervolume, search", *_hypervolume(compared.search))
        figure("hypervolume, random control", *_hypervolume(compared.control))
        ui.label(compared.note).classes("muted text-sm").style("flex:1 1 240px;min-width:0")


def _hypervolume(arm: ArmView) -> tuple[str, str]:
    """The figure, and below it its interval and what it rests on."""
    spent = f"{arm.trials:,} trials"
    if arm.mean is None:
        return "–", spent
    return f"{arm.mean:.4f}", f"95 %: {arm.low:.4f} to {arm.high:.4f}, {spent}"
