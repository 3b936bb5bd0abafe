"""The page at `/`: jobs with state, progress and best result, newest first, live; narrowed, ticked and acted upon."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from nicegui import ui

from nas_service.access import Caller
from nas_service.api.list_views import ListedJob
from nas_service.client import ApiError
from nas_service.palette import themed

from ..commands import command
from ..job_actions import JobActions
from ..page_address import comparison
from ..part import trouble
from ..serving.following import follow, said
from ..serving.live import JOBS, LiveClient
from ..theme import frame
from ..ticked import Ticked
from .job_filter import STATES, JobFilter
from .job_row import STYLE, JobRow, headings

PAGE = 25


class JobsPage:
    """One viewer's page: the jobs of the filter, of which only the rows change that are no longer so."""

    def __init__(self, client: LiveClient, viewer: Caller, wanted: JobFilter) -> None:
        self._client = client
        self._viewer = viewer
        self._filter = wanted
        self._actions = JobActions(client)
        self._rows: dict[str, JobRow] = {}
        self._earlier = [""] if wanted.cursor else []  # cursors of the pages before the one that is shown
        self._upcoming: str | None = None

    async def build(self) -> None:
        with frame("Jobs", self._viewer):
            ui.add_css(themed(STYLE))
            with ui.row().classes("w-full items-center").style("gap:12px 16px"):
                ui.label("Jobs").classes("text-xl")
                ui.space()
                self._build_filters()
            away = trouble()
            with ui.column().classes("sheet").style("gap:0") as self._sheet:
                headings()
                self._list = ui.column().classes("w-full").style("gap:0")
            with ui.column().classes("sheet") as self._none:
                _no_such()
            with ui.column().classes("sheet") as self._first:
                _first_steps()
            self._build_pages()
            self._ticked = Ticked("jobs", comparison, self._untick)
        for part in (self._sheet, self._none, self._first, self._newer, self._older):
            part.set_visibility(False)  # until it is known which of them there are
        self._refresh = said(self._look, away, "The jobs cannot be read")
        await follow(self._client, self._refresh, [JOBS])

    def _build_filters(self) -> None:
        states = {"": "any state", **dict(zip(STATES, STATES, strict=True))}
        shown = self._filter.state if self._filter.state in STATES else ""
        ui.select(states, value=shown, on_change=self._narrow("state")).props(
            'outlined dense options-dense color=primary aria-label="state"'
        ).style("flex:1 1 130px;max-width:180px")
        if self._viewer.key or self._filter.owner:
            self._search("owner", "owner", self._filter.owner)
        self._search("name", "search by name", self._filter.name)

    def _search(self, part: str, label: str, value: str) -> None:
        box = ui.input(placeholder=label, value=value, on_change=self._narrow(part))
        box.props(f'outlined dense clearable debounce=300 color=primary aria-label="{label}"').style(
            "flex:1 1 150px;max-width:220px"
        )

    def _narrow(self, part: str) -> Callable[[Any], Any]:
        async def changed(event: Any) -> None:
            self._earlier = []
            await self._go(replace(self._filter, **{part: event.value or "", "cursor": ""}))

        return changed

    def _build_pages(self) -> None:
        with ui.row().classes("items-center"):
            self._newer = ui.button("newer", on_click=self._back).props("flat dense no-caps color=primary")
            self._older = ui.button("older", on_click=self._forth).props("flat dense no-caps color=primary")

    async def _back(self) -> None:
        await self._go(replace(self._filter, cursor=self._earlier.pop()))

    async def _forth(self) -> None:
        self._earlier.append(self._filter.cursor)
        await self._go(replace(self._filter, cursor=self._upcoming or ""))

    async def _go(self, wanted: JobFilter) -> None:
        """Show other jobs; the address says which, so that it can be sent to somebody or kept."""
        self._filter = wanted
        ui.navigate.history.replace(wanted.address())
        await self._refresh()

    async def _look(self) -> None:
        """An answer to a filter that is no longer wanted is left aside; without one, the rows stay as they were."""
        asked = self._filter
        page = await self._client.jobs_page(limit=PAGE, **asked.query())
        if asked == self._filter:
            self._upcoming = page.next
            self._draw(page.items)

    def _draw(self, jobs: list[ListedJob]) -> None:
        for gone in self._rows.keys() - {job.id for job in jobs}:
            self._rows.pop(gone).delete()
        for place, job in enumerate(jobs):
            if job.id in self._rows:
                self._rows[job.id].show(job)
            else:
                self._rows[job.id] = self._row(job, place)
        self._sheet.set_visibility(bool(jobs))
        self._newer.set_visibility(bool(self._earlier))
        self._older.set_visibility(self._upcoming is not None)
        narrowed = self._filter.narrows or bool(self._filter.cursor)
        self._none.set_visibility(not jobs and narrowed)
        self._first.set_visibility(not jobs and not narrowed)

    def _row(self, job: ListedJob, place: int) -> JobRow:
        with self._list:
            row = JobRow(job, self._viewer, self._act, self._tick, ticked=job.id in self._ticked)
        row.move(place)
        return row

    async def _act(self, name: str, job: ListedJob) -> None:
        try:
            await self._actions.act(name, job)
        except ApiError as error:
            ui.notify(str(error), type="warning")
        await self._refresh()

    def _tick(self, job: ListedJob, ticked: bool) -> None:
        self._ticked.tick(job.id, job.name, ticked=ticked)

    def _untick(self, job_id: str) -> None:
        if job_id in self._rows:
            self._rows[job_id].untick()


def _no_such() -> None:
    ui.label("No job like this.").classes("text-lg")
    ui.link("show all jobs", "/")


def _first_steps() -> None:
    ui.label("No job yet.").classes("text-lg")
    ui.label("Describe a search in a file and submit it; this page then shows it as it runs.").classes("muted")
    ui.link("New job: describe it in a form", "/jobs/new")
    command("nas device profile local --for search.yaml\nnas submit search.yaml")
