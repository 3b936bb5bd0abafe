"""The pages of the service: jobs, candidates, comparison, new job, devices, cluster; on the public API alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from nicegui import app as pages
from nicegui import ui

from device_agent.setting import CPU, USUAL, Setting, precision_of, provider_of, threads_of
from nas_service.access import Caller

from .candidate.candidate_page import CandidatePage
from .cluster.cluster_page import ClusterPage
from .compare.compare_page import ComparePage
from .compare.wanted import Wanted
from .devices.device_page import DevicePage
from .devices.devices_page import devices_page
from .job.job_page import JobPage
from .jobs.job_filter import JobFilter
from .jobs.jobs_page import JobsPage
from .new_job.new_job_page import NewJobPage
from .page_address import listed
from .serving.assets import Compressed, KeptAssets
from .serving.live import Hub
from .serving.place import Here, Place, Viewers

PATIENCE_S = 30.0  # for the first answer of a page, when the machine is busy; less is an error page


def mount(app: FastAPI, service: Place | None = None) -> None:
    """Serve the pages from `app`, behind every route that it has already. A page may do what its viewer's key may.

    They show the `service` in another process, or the one that `app` is.
    """
    place = service or Here(app)
    api = Viewers(place)

    @ui.page("/", response_timeout=PATIENCE_S)
    async def _jobs(request: Request, state: str = "", owner: str = "", name: str = "", cursor: str = "") -> None:
        viewer: Caller = request.state.caller
        await JobsPage(api(viewer), viewer, JobFilter(state, owner, name, cursor)).build()

    @ui.page("/compare", response_timeout=PATIENCE_S)
    async def _compare(request: Request, jobs: str = "", candidates: str = "") -> None:
        viewer: Caller = request.state.caller
        await ComparePage(api(viewer), Wanted(listed(jobs), listed(candidates)), viewer).build()

    @ui.page("/jobs/new", response_timeout=PATIENCE_S)
    async def _new_job(request: Request, clone: str | None = None) -> None:
        viewer: Caller = request.state.caller
        await NewJobPage(api(viewer), viewer).build(clone)

    @ui.page("/jobs/{job_id}", response_timeout=PATIENCE_S)
    async def _job(request: Request, job_id: str) -> None:
        viewer: Caller = request.state.caller
        await JobPage(api(viewer), job_id, viewer).build()

    @ui.page("/jobs/{job_id}/candidates/{candidate_id}", response_timeout=PATIENCE_S)
    async def _candidate(request: Request, job_id: str, candidate_id: str) -> None:
        viewer: Caller = request.state.caller
        await CandidatePage(api(viewer), job_id, candidate_id, viewer).build()

    @ui.page("/devices", response_timeout=PATIENCE_S)
    async def _devices(request: Request) -> None:
        viewer: Caller = request.state.caller
        await devices_page(api(viewer), viewer, place.address(request))

    @ui.page("/devices/{name}", response_timeout=PATIENCE_S)
    async def _device(
        request: Request, name: str, threads: str = "1", precision: str = "float32", provider: str = CPU
    ) -> None:
        viewer: Caller = request.state.caller
        await DevicePage(
            api(viewer), name, _setting(threads, precision, provider), viewer, place.address(request)
        ).build()

    @ui.page("/cluster", response_timeout=PATIENCE_S)
    async def _cluster(request: Request) -> None:
        viewer: Caller = request.state.caller
        await ClusterPage(api(viewer), viewer).build()

    ui.run_with(app, title="NAS service", tailwind=False, show_welcome_message=False, gzip_middleware_factory=None)
    pages.add_middleware(Compressed)
    pages.add_middleware(KeptAssets)  # around the other
    _end_with(app, api.hub)


def _end_with(app: FastAPI, hub: Hub) -> None:
    """No page asks for anything once the parts of the service begin to stop."""
    running = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[Any]:
        async with running(app) as state:
            yield state
            await hub.close()

    app.router.lifespan_context = lifespan


def _setting(threads: str, precision: str, provider: str) -> Setting:
    """The usual one where an address names none that there can be."""
    try:
        return Setting(threads_of(threads), precision_of(precision), provider_of(provider))
    except ValueError:
        return USUAL
