"""The page of one job, live: how far it is, and panels with what it found."""

from __future__ import annotations

from typing import Protocol

from nicegui import ui

from nas_service.access import Caller
from nas_service.api.views import JobView
from nas_service.client import ApiError

from ..part import trouble
from ..serving.filling import soon, together
from ..serving.following import LIVELY_S, SLOW_S, follow
from ..serving.live import LiveClient
from ..theme import frame
from .candidates_panel import CandidatesPanel
from .control_panel import ControlPanel
from .events_panel import EventsPanel
from .finalists_panel import FinalistsPanel
from .generations_panel import GenerationsPanel
from .job_figures import JobFigures
from .job_head import JobHead
from .progress_panel import ProgressPanel
from .scatter_panel import ScatterPanel
from .trials_panel import TrialsPanel

GONE = (401, 403, 404)  # there is no job, or nothing to see of it for this viewer


class Panel(Protocol):
    """A part of the page, which draws anew what of it has changed."""

    def build(self) -> None: ...

    async def refresh(self, job: JobView) -> None: ...


class JobPage:
    """One viewer's page. `refresh` reads the job and draws anew what has changed since."""

    def __init__(self, client: LiveClient, job_id: str, viewer: Caller) -> None:
        self._client = client
        self._job_id = job_id
        self._viewer = viewer
        self._job: JobView | None = None
        self._panels: tuple[Panel, ...] = (  # in their order on the page
            FinalistsPanel(client),
            ControlPanel(client, job_id),
            ScatterPanel(client, job_id),
            TrialsPanel(client, job_id),
            ProgressPanel(client, job_id),
            GenerationsPanel(client, job_id),
            CandidatesPanel(client, job_id),
            EventsPanel(client, job_id),
        )

    async def build(self) -> None:
        with frame(self._job_id, self._viewer):
            self._away = trouble()
            self._head = JobHead(self._client, self._viewer, self.refresh)
            self._figures = JobFigures()
            self._reading = ui.label("reading the candidates …").classes("muted text-sm").props("aria-busy=true")
            self._body = ui.column().classes("w-full").style("gap:16px")
            self._body.set_visibility(False)
        with self._body:
            for panel in self._panels:
                panel.build()
        await soon(self._begin, self._body)

    async def _begin(self) -> None:
        await follow(self._client, self.refresh, [self._job_id], self._patience)

    def _patience(self) -> float:
        """An epoch of a trial is no event of its job, nor is what a panel may say to be `under_way` otherwise."""
        trains = self._job is not None and not self._job.final
        return LIVELY_S if trains or any(getattr(panel, "under_way", False) for panel in self._panels) else SLOW_S

    async def refresh(self) -> None:
        """Where the service is away the page stays as it is, and says so until it is back."""
        try:
            await self._look()
        except ApiError as error:
            if self._job is not None and error.status not in GONE:
                self._away.show(f"This page is no longer up to date: {error}")
                return
            self._explain(error)
        self._away.hide()

    async def _look(self) -> None:
        job = await self._client.job(self._job_id)
        before, self._job = self._job, job
        self._head.show(job)
        if job != before:
            self._figures.show(job)
        await together(self._body, *(panel.refresh(job) for panel in self._panels))
        self._reading.set_visibility(False)
        self._body.set_visibility(True)

    def _explain(self, error: ApiError) -> None:
        """Say why there is nothing to see; the next refresh that succeeds draws everything anew."""
        self._job = None
        self._reading.set_visibility(False)
        self._body.set_visibility(False)
        self._figures.hide()
        self._head.explain(str(error))
