"""The head of a job's page: its name, its state, and what the viewer can do with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import ui

from nas_service.access import Caller
from nas_service.api.views import JobView
from nas_service.client import ApiError, AsyncClient

from ..job_actions import JobActions, cloning, offered
from ..job_words import described
from ..theme import pill
from ..when import Ago

BUTTON = "outline dense no-caps padding='2px 14px' color="
COLORS = {"cancel": "negative", "delete": "negative"}  # what destroys something


class JobHead:
    """`after` is called when something was done. Drawn where the page is being built."""

    def __init__(self, client: AsyncClient, viewer: Caller, after: Callable[[], Awaitable[None]]) -> None:
        self._actions = JobActions(client)
        self._viewer = viewer
        self._after = after
        self._row = ui.row().classes("w-full items-start justify-between").style("gap:8px 20px")
        self._questions = ui.element("div")  # which stay while the row is drawn anew
        self._questions.set_visibility(False)  # for dialogs have no place on the page
        self._job: JobView | None = None

    def show(self, job: JobView) -> None:
        """Drawn anew only when the state changes: a click on a button that is being replaced would be lost."""
        before, self._job = self._job, job
        if before is not None and before.state == job.state:
            return
        self._row.clear()
        with self._row:
            with ui.column().classes("text").style("gap:2px;flex:1 1 300px"):
                with ui.row().classes("items-center").style("gap:4px 12px"):
                    ui.label(job.name).classes("text-xl text")
                    pill(job.state)
                Ago(job.created_at, described(job)).classes("muted text-xs text")
            with ui.row().style("gap:8px"):
                for name in offered(job, self._viewer):
                    self._offer(name, job.id)

    def explain(self, why: str) -> None:
        """There is no job to show, and why."""
        self._job = None
        self._row.clear()
        with self._row:
            ui.label(why).classes("danger text")
            ui.link("all jobs", "/")

    def _offer(self, name: str, job_id: str) -> None:
        async def clicked() -> None:
            await self._act(name)

        button = ui.button(name).props(BUTTON + COLORS.get(name, "primary"))
        if name == "clone":
            button.props(f"href={cloning(job_id)}")
        else:
            button.on_click(clicked)

    async def _act(self, name: str) -> None:
        if self._job is None:
            return
        try:
            with self._questions:
                done = await self._actions.act(name, self._job)
        except ApiError as error:
            ui.notify(str(error), type="warning")
        else:
            if done and name == "delete":
                ui.navigate.to("/")
                return
        await self._after()
