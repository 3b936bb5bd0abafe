"""The part of a job's page that shows how its search gets on: rewards, the best so far, the hypervolume so far."""

from __future__ import annotations

from typing import cast

from nicegui import ui
from nicegui.events import EChartPointClickEventArguments

from nas_service.api.search_views import ProgressView
from nas_service.api.views import JobView
from nas_service.client import AsyncClient

from ..chart import Chart
from ..theme import address, sheet
from . import progress
from .later import Later
from .progress import Against
from .toggle import Toggle

NONE = "No result yet: here will be the reward of each, and the best so far."
NEVER = "The job ended without a result."
AGAINST = {"trials": "by trials", "time": "by time"}


class ProgressPanel:
    """Read again when there are more results; drawn anew too when the viewer wants another axis."""

    def __init__(self, client: AsyncClient, job_id: str) -> None:
        self._client = client
        self._job_id = job_id
        self._shown: ProgressView | None = None
        self._is_over = False

    def build(self) -> None:
        with sheet("Progress").classes("progress") as part:
            self._against = Toggle("progress", "horizontal axis", AGAINST, self._draw)
            self._later = Later("How the search gets on", self._read, part)
            with ui.element("div").classes("columns") as self._charts:
                self._rewards = Chart(f"Rewards of {self._job_id}", height="300px", on_point_click=self._open)
                self._hypervolumes = Chart(f"Hypervolume of {self._job_id}", height="300px")
            self._notes = ui.label().classes("muted text-sm")
        self._charts.set_visibility(False)
        self._notes.set_visibility(False)

    async def refresh(self, job: JobView) -> None:
        self._is_over = job.final
        self._later.look((job.completed, job.failed, job.reused, job.state), final=job.final)

    async def _read(self) -> str:
        """Draw what there is; what to say where there is nothing."""
        found = await self._client.progress(self._job_id)
        if found != self._shown:
            self._shown = found
            self._draw()
        if progress.told(found):
            return ""
        return NEVER if self._is_over else NONE

    def _draw(self) -> None:
        found = self._shown
        if found is None:
            return
        against = cast("Against", self._against.value)
        self._charts.set_visibility(progress.told(found))
        for chart, options in ((self._rewards, progress.rewards), (self._hypervolumes, progress.hypervolumes)):
            chart.show(options(found, against), lambda: progress.rows(found))
        self._hypervolumes.set_visibility(found.frame is not None)
        self._notes.text = " ".join(filter(None, (progress.uncounted(found), progress.thinning(found))))
        self._notes.set_visibility(bool(self._notes.text))

    def _open(self, clicked: EChartPointClickEventArguments) -> None:
        """The page of the candidate whose dot was clicked."""
        point = cast("list[float]", clicked.data)
        if self._shown is not None and len(point) > 3:
            ui.navigate.to(address(self._job_id, self._shown.id[int(point[3])]))
