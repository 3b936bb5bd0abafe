"""The page at `/`: every job with its state, progress and best result, newest first, live."""

from __future__ import annotations

from nicegui import ui

from nas_service.access import Caller
from nas_service.api.views import JobSummary
from nas_service.client import ApiError, AsyncClient

from .theme import ago, frame, pill

REFRESH_S = 1.5


async def jobs_page(client: AsyncClient, viewer: Caller) -> None:
    with frame("Jobs", viewer):
        ui.label("Jobs").classes("text-xl")
        sheet = ui.column().classes("sheet").style("gap:0")
    shown: list[JobSummary] = []

    async def refresh() -> None:
        """Draw again only when something changed, so that nothing flickers."""
        try:
            page = await client.jobs_page(limit=100)
        except ApiError as error:
            _explain(sheet, error)
            return
        if page.items != shown or not page.items:
            shown[:] = page.items
            _draw(sheet, shown)

    await refresh()
    ui.timer(REFRESH_S, refresh)


def _explain(sheet: ui.column, error: ApiError) -> None:
    sheet.clear()
    with sheet:
        ui.label(f"The jobs cannot be read: {error}").classes("danger")


def _draw(sheet: ui.column, jobs: list[JobSummary]) -> None:
    sheet.clear()
    with sheet:
        if not jobs:
            _first_steps()
        for job in jobs:
            _row(job)


def _first_steps() -> None:
    ui.label("No job yet.").classes("text-lg")
    ui.label("Describe a search in a file and submit it; this page then shows it as it runs.").classes("muted")
    ui.link("New job: describe it in a form", "/jobs/new")
    commands = "nas device profile local --for search.yaml\nnas submit search.yaml"
    ui.code(commands, language="bash").classes("w-full").style("margin-top:12px")


def _row(job: JobSummary) -> None:
    with ui.row().classes("w-full items-center job"):
        with ui.column().style("gap:0;flex:3 1 240px;min-width:0"):
            ui.link(job.name, f"/jobs/{job.id}").style("font-weight:500;overflow-wrap:anywhere")
            facts = (job.space, job.task, job.strategy, job.owner, ago(job.created_at))
            ui.label(" · ".join(filter(None, facts))).classes("muted text-xs")
        with ui.column().style("flex:1 0 80px"):
            pill(job.state)
        with ui.column().style("gap:2px;flex:2 0 120px"):
            done = job.completed + job.failed
            ui.linear_progress(done / job.trials_budget, show_value=False, size="6px").props("rounded color=cyan-9")
            ui.label(f"{done:,} of {job.trials_budget:,} trials").classes("muted text-xs")
        with ui.column().style("gap:0;flex:1 0 90px"):
            ui.label("best reward").classes("muted text-xs")
            ui.label("–" if job.best_reward is None else f"{job.best_reward:.4f}")
        ui.label(job.reason).classes("muted text-xs").style("flex:3 1 200px;min-width:0;overflow-wrap:anywhere")
