"""The pages of the service: jobs, one job as it grows, jobs beside each other. They read nothing but the public API."""

from __future__ import annotations

import httpx
from fastapi import FastAPI, Request
from nicegui import ui

from nas_service.access import Caller
from nas_service.client import AsyncClient

from .compare_page import ComparePage
from .job_filter import JobFilter
from .job_page import JobPage
from .jobs_page import JobsPage

PATIENCE_S = 30.0  # for the first answer of a page, when the machine is busy; less is an error page
HERE = "http://127.0.0.1"  # answered in this process, whatever the service listens at


def mount(app: FastAPI) -> None:
    """Serve the pages from `app`, behind every route that it has already. A page may do what its viewer's key may."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)

    def api(viewer: Caller) -> AsyncClient:
        return AsyncClient(HERE, key=viewer.key, transport=transport)

    @ui.page("/", response_timeout=PATIENCE_S)
    async def _jobs(request: Request, state: str = "", owner: str = "", name: str = "", cursor: str = "") -> None:
        viewer: Caller = request.state.caller
        await JobsPage(api(viewer), viewer, JobFilter(state, owner, name, cursor)).build()

    @ui.page("/compare", response_timeout=PATIENCE_S)
    async def _compare(request: Request, jobs: str = "") -> None:
        viewer: Caller = request.state.caller
        await ComparePage(api(viewer), [part for part in jobs.split(",") if part], viewer).build()

    @ui.page("/jobs/{job_id}", response_timeout=PATIENCE_S)
    async def _job(request: Request, job_id: str) -> None:
        viewer: Caller = request.state.caller
        await JobPage(api(viewer), job_id, viewer).build()

    ui.run_with(app, title="NAS service", show_welcome_message=False)
