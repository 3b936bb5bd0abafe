"""The page of one job: how far it is, its accuracy-latency scatter with the Pareto front, and its candidates, live."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, cast

from nicegui import ui
from nicegui.events import EChartPointClickEventArguments

from nas_service.access import Caller
from nas_service.api.views import ArmView, CandidateView, JobView, Points
from nas_service.client import ApiError, AsyncClient
from nas_service.durations import spoken

from . import scatter
from .finalists_panel import FinalistsPanel
from .theme import address, amount, count, figure, frame, milliseconds, pill, share

REFRESH_S = 1.0
PAGE = 20  # rows of the table
LINK = '<q-td :props="props"><a :href="props.row.page">{{ props.value }}</a></q-td>'


class JobPage:
    """One viewer's page. `refresh` reads the job and draws anew what has changed since."""

    def __init__(self, client: AsyncClient, job_id: str, viewer: Caller) -> None:
        self._client = client
        self._job_id = job_id
        self._viewer = viewer
        self._job: JobView | None = None
        self._finalists = FinalistsPanel(client)
        self._cursors: list[str | None] = [None]  # of the pages up to the one that is shown

    async def build(self) -> None:
        with frame(self._job_id, self._viewer):
            self._head = ui.row().classes("w-full items-center")
            self._figures = ui.column().classes("w-full").style("gap:12px")
            self._body = ui.column().classes("w-full").style("gap:16px")
        with self._body:
            self._finalists.build()
            self._arms = ui.row().classes("sheet").style("gap:36px")
            self._chart = ui.echart({}, on_point_click=self._open).classes("sheet").style("height:420px")
            with ui.column().classes("sheet"):
                self._table = ui.table(rows=[], row_key="id").classes("w-full").props("flat dense hide-no-data")
                self._table.add_slot("body-cell-id", LINK)
                with ui.row().classes("items-center"):
                    self._back = ui.button("previous", on_click=self._previous).props("flat dense no-caps color=cyan-9")
                    self._forth = ui.button("next", on_click=self._next).props("flat dense no-caps color=cyan-9")
                    self._place = ui.label("").classes("muted text-xs")
        await self.refresh()
        self._timer = ui.timer(REFRESH_S, self.refresh)

    async def refresh(self) -> None:
        try:
            await self._look()
        except ApiError as error:
            self._explain(error)

    async def _look(self) -> None:
        job = await self._client.job(self._job_id)
        before, self._job = self._job, job
        if before is None or job.state != before.state:
            self._draw_head(job)
        if job != before:
            self._draw_figures(job)
        if before is None or job.completed != before.completed:
            await self._draw_results(job)
        await self._finalists.refresh(job)

    def _explain(self, error: ApiError) -> None:
        """Say why there is nothing to see; the next refresh that succeeds draws everything anew."""
        self._job = None
        self._body.set_visibility(False)
        self._head.clear()
        self._figures.clear()
        with self._head:
            ui.label(str(error)).classes("danger")
            ui.link("all jobs", "/")

    def _draw_head(self, job: JobView) -> None:
        """Only when the state changes: a click on a button that is being replaced would be lost."""
        self._head.clear()
        with self._head:
            ui.label(job.name).classes("text-xl").style("min-width:0;overflow-wrap:anywhere")
            pill(job.state)
            ui.space()
            self._controls(job)

    def _draw_figures(self, job: JobView) -> None:
        self._figures.clear()
        done = job.completed + job.failed
        with self._figures:
            told = "danger" if job.state == "failed" else "muted"
            ui.label(job.reason).classes(f"{told} text-sm").set_visibility(bool(job.reason))
            with ui.row().classes("sheet").style("gap:36px"):
                figure("trials", f"{done:,} of {job.trials_budget:,}", f"{job.failed:,} failed" if job.failed else "")
                figure("best reward", "–" if job.best_reward is None else f"{job.best_reward:.4f}", job.incumbent or "")
                figure("over a limit", f"{job.infeasible:,}", "screened before training")
                figure("known already", f"{job.reused:,}", _saved(job))
                figure("limits", _limits(job), f"strategy {job.strategy}, device {job.device or 'none'}")
                if job.owner:
                    figure("owner", job.owner)

    def _controls(self, job: JobView) -> None:
        ui.button("clone").props(f"href=/jobs/new?clone={job.id} outline dense no-caps color=cyan-9 padding='2px 14px'")
        if not self._viewer.may_change(job.owner):
            return
        if job.state == "running":
            self._button("pause", self._client.pause)
        if job.state == "paused":
            self._button("resume", self._client.resume)
        if not job.final:
            self._button("cancel", self._client.cancel, color="red-9")

    def _button(self, name: str, act: Callable[[str], Awaitable[Any]], color: str = "cyan-9") -> None:
        async def clicked() -> None:
            try:
                await act(self._job_id)
            except ApiError as error:
                ui.notify(str(error), type="warning")
            await self.refresh()

        ui.button(name, on_click=clicked).props(f"outline dense no-caps color={color}").style("padding:2px 14px")

    async def _draw_results(self, job: JobView) -> None:
        points = await self._client.points(self._job_id)
        limit = job.limits.get(job.cost)
        self._body.set_visibility(True)
        self._chart.set_visibility(bool(points.id))
        self._chart.options.clear()
        self._chart.options.update(scatter.options(_dots(points), cost=job.cost, metric=job.metric, limit=limit))
        self._chart.update()
        self._table.columns = _columns(job)
        await self._draw_arms(job)
        await self._draw_table()

    async def _draw_arms(self, job: JobView) -> None:
        """The search beside its random control, where it has one."""
        compared = None if job.spec.get("control") is None else await self._client.comparison(self._job_id)
        self._arms.clear()
        self._arms.set_visibility(compared is not None)
        if compared is None:
            return
        with self._arms:
            figure("hypervolume, search", *_hypervolume(compared.search))
            figure("hypervolume, random control", *_hypervolume(compared.control))
            ui.label(compared.note).classes("muted text-sm").style("flex:1 1 240px;min-width:0")

    async def _draw_table(self) -> None:
        cursor = self._cursors[-1]
        page = await self._client.candidates_page(self._job_id, order="reward", limit=PAGE, cursor=cursor)
        first = PAGE * (len(self._cursors) - 1) + 1
        self._table.rows = [_row(candidate) for candidate in page.items]
        self._upcoming = page.next
        self._back.set_enabled(len(self._cursors) > 1)
        self._forth.set_enabled(page.next is not None)
        self._place.text = f"{first} to {first + len(page.items) - 1}, best first" if page.items else "no result yet"

    def _open(self, clicked: EChartPointClickEventArguments) -> None:
        """The page of the candidate whose point was clicked."""
        *_, candidate_id = cast("tuple[float, float, str]", clicked.data)
        ui.navigate.to(address(self._job_id, candidate_id))

    async def _next(self) -> None:
        self._cursors.append(self._upcoming)
        await self._draw_table()

    async def _previous(self) -> None:
        self._cursors.pop()
        await self._draw_table()


def _hypervolume(arm: ArmView) -> tuple[str, str]:
    """The figure, and below it its interval and what it rests on."""
    spent = f"{arm.trials:,} trials"
    if arm.mean is None:
        return "–", spent
    return f"{arm.mean:.4f}", f"95 %: {arm.low:.4f} to {arm.high:.4f}, {spent}"


def _saved(job: JobView) -> str:
    return f"not trained again, {spoken(job.saved_seconds)} saved" if job.saved_seconds else "not trained again"


def _limits(job: JobView) -> str:
    return ", ".join(amount(name, limit) for name, limit in job.limits.items()) or "none"


def _dots(points: Points) -> list[scatter.Dot]:
    front = set(points.front)
    columns = zip(points.id, points.cost, points.value, strict=True)
    return [scatter.Dot(name, cost, value, i in front) for i, (name, cost, value) in enumerate(columns)]


def _columns(job: JobView) -> list[dict[str, Any]]:
    shown = {
        "id": "candidate",
        "metric": job.metric,
        "latency": "latency, ms",
        "params": "parameters",
        "macs": "MACs",
        "reward": "reward",
        "parent": "parent",
        "state": "state",
    }
    if job.device is None:
        del shown["latency"]
    left = ("id", "parent", "state")
    return [
        {"name": key, "label": label, "field": key, "align": "left" if key in left else "right"}
        for key, label in shown.items()
    ]


def _row(candidate: CandidateView) -> dict[str, Any]:
    return {
        "id": candidate.id,
        "page": address(candidate.job_id, candidate.id),
        "metric": share(candidate.value),
        "latency": milliseconds(candidate.latency_ms, candidate.latency_error_ms),
        "params": count(candidate.params),
        "macs": count(candidate.macs),
        "reward": "–" if candidate.reward is None else f"{candidate.reward:.4f}",
        "parent": ", ".join(candidate.parents) or "–",
        "state": _state(candidate),
    }


def _state(candidate: CandidateView) -> str:
    state = (
        candidate.state if candidate.reused_from is None else f"{candidate.state}, reused from {candidate.reused_from}"
    )
    return state if candidate.feasible else f"{state}, {candidate.reason}"
