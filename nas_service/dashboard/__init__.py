"""The pages of the service: jobs, a job as it grows, devices, the cluster. They read nothing but the public API."""

from __future__ import annotations

import httpx
from fastapi import FastAPI, Request
from nicegui import ui

from nas_service.access import Caller
from nas_service.client import AsyncClient

from .cluster_page import ClusterPage
from .device_page import DevicePage
from .devices_page import devices_page
from .job_page import JobPage
from .jobs_page import jobs_page

PATIENCE_S = 30.0  # for the first answer of a page, when the machine is busy; less is an error page
HERE = "http://127.0.0.1"  # answered in this process, whatever the service listens at


def mount(app: FastAPI) -> None:
    """Serve the pages from `app`, behind every route that it has already. A page may do what its viewer's key may."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)

    def api(viewer: Caller) -> AsyncClient:
        return AsyncClient(HERE, key=viewer.key, transport=transport)

    @ui.page("/", response_timeout=PATIENCE_S)
    async def _jobs(request: Request) -> None:
        viewer: Caller = request.state.caller
        await jobs_page(api(viewer), viewer)

    @ui.page("/jobs/{job_id}", response_timeout=PATIENCE_S)
    async def _job(request: Request, job_id: str) -> None:
        viewer: Caller = request.state.caller
        await JobPage(api(viewer), job_id, viewer).build()

    @ui.page("/devices", response_timeout=PATIENCE_S)
    async def _devices(request: Request) -> None:
        viewer: Caller = request.state.caller
        await devices_page(api(viewer), viewer, _address(request))

    @ui.page("/devices/{name}", response_timeout=PATIENCE_S)
    async def _device(request: Request, name: str, threads: int = 1) -> None:
        viewer: Caller = request.state.caller
        await DevicePage(api(viewer), name, threads, viewer, _address(request)).build()

    @ui.page("/cluster", response_timeout=PATIENCE_S)
    async def _cluster(request: Request) -> None:
        viewer: Caller = request.state.caller
        await ClusterPage(api(viewer), viewer).build()

    ui.run_with(app, title="NAS service", show_welcome_message=False)


def _address(request: Request) -> str:
    """Of the service, as the viewer sees it."""
    return str(request.base_url).rstrip("/")
