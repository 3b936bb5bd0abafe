"""The page at `/compare`: two to four jobs beside each other, by their fronts, their best and their specs."""

from __future__ import annotations

import asyncio
from typing import cast

from nicegui import ui
from nicegui.events import EChartPointClickEventArguments

from nas_service.access import Caller
from nas_service.api.comparison_views import FEWEST, JobsComparison
from nas_service.api.views import JobView
from nas_service.client import ApiError
from nas_service.palette import themed

from ..chart import Chart
from ..serving.following import follow
from ..serving.live import LiveClient
from ..theme import address, frame
from . import front_chart, matrix
from .compared import bests, differences, frame_told, standing

STYLE = """
.compared { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 230px), 1fr)); gap: 16px; }
.compared-name { font-weight: 500; overflow-wrap: anywhere; display: -webkit-box; overflow: hidden;
  -webkit-line-clamp: 2; -webkit-box-orient: vertical; }
"""


class ComparePage:
    """One viewer's page. `refresh` asks for the comparison anew when one of the jobs has gone on."""

    def __init__(self, client: LiveClient, job_ids: list[str], viewer: Caller) -> None:
        self._client = client
        self._job_ids = job_ids
        self._viewer = viewer
        self._seen: list[JobView] = []
        self._found: JobsComparison | None = None

    async def build(self) -> None:
        with frame("Compare", self._viewer):
            ui.add_css(themed(STYLE + matrix.STYLE))
            with ui.row().classes("w-full items-center"):
                ui.label("Compare").classes("text-xl")
                ui.space()
                ui.link("all jobs", "/")
            self._note = ui.label().style("overflow-wrap:anywhere")
            self._jobs = ui.element("div").classes("w-full compared")
            self._hypervolumes = ui.label().classes("muted text-sm")
            self._chart = Chart("Pareto fronts compared", height="440px", on_point_click=self._open).classes("sheet")
            self._rest = ui.column().classes("w-full").style("gap:16px")
        self._chart.set_visibility(False)
        await follow(self._client, self.refresh, self._job_ids)

    async def refresh(self) -> None:
        """A moment without an answer leaves the page as it is, and says so."""
        if self._found is not None and all(job.final for job in self._seen):
            return
        try:
            await self._look()
        except ApiError as error:
            self._say(f"{error}", wrong=True)

    async def _look(self) -> None:
        if len(self._job_ids) < FEWEST:
            self._say("There is one job to see here, or none: tick two to four in the list of jobs.", wrong=False)
            return
        jobs = await asyncio.gather(*(self._client.job(job_id) for job_id in self._job_ids))
        if jobs != self._seen or self._found is None:
            self._found = await self._client.compare(self._job_ids)
            self._seen = list(jobs)
            self._draw(self._found)
        self._say(self._found.note, wrong=not self._found.comparable)

    def _say(self, note: str, *, wrong: bool) -> None:
        self._note.text = note
        self._note.set_visibility(bool(note))
        self._note.classes(add="danger" if wrong else "muted", remove="danger muted")

    def _draw(self, found: JobsComparison) -> None:
        self._draw_jobs(found)
        self._draw_fronts(found)
        self._rest.clear()
        with self._rest:
            bests(found)
            differences(found)

    def _draw_jobs(self, found: JobsComparison) -> None:
        self._jobs.clear()
        with self._jobs:
            for place, one in enumerate(found.jobs):
                standing(place, one, found.subset)
        self._hypervolumes.text = frame_told(found)

    def _draw_fronts(self, found: JobsComparison) -> None:
        shown = found.comparable and any(one.front.id for one in found.jobs)
        self._chart.set_visibility(shown)
        if shown:
            self._chart.show(front_chart.options(found.jobs), front_chart.rows(found.jobs))

    def _open(self, clicked: EChartPointClickEventArguments) -> None:
        """The page of the candidate whose point was clicked."""
        *_, candidate_id = cast("tuple[float, float, str]", clicked.data)
        if self._found is not None:
            ui.navigate.to(address(self._found.jobs[clicked.series_index].job.id, candidate_id))
