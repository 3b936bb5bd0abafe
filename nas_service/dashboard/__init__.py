"""The first page of the service: jobs, and for a job its population as it grows. Reads nothing but the public API."""

from __future__ import annotations

from fastapi import FastAPI
from nicegui import ui

from nas_service.client import AsyncClient

from .job_page import JobPage
from .jobs_page import jobs_page


def mount(app: FastAPI, base_url: str) -> None:
    """Serve the pages from `app`, behind every route that it has already. `base_url` is where its API answers."""
    client = AsyncClient(base_url)

    @ui.page("/")
    async def _jobs() -> None:
        await jobs_page(client)

    @ui.page("/jobs/{job_id}")
    async def _job(job_id: str) -> None:
        await JobPage(client, job_id).build()

    ui.run_with(app, title="NAS service", show_welcome_message=False)
