"""The part of a job's page that shows accuracy against latency, with the Pareto front and the limit."""

from __future__ import annotations

from typing import cast

from nicegui import ui
from nicegui.events import EChartPointClickEventArguments

from nas_service.api.views import JobView, Points
from nas_service.client import AsyncClient

from . import scatter
from .theme import address


class ScatterPanel:
    def __init__(self, client: AsyncClient, job_id: str) -> None:
        self._client = client
        self._job_id = job_id
        self._drawn: int | None = None  # completed candidates

    def build(self) -> None:
        self._chart = ui.echart({}, on_point_click=self._open).classes("sheet").style("height:420px")
        self._chart.set_visibility(False)

    async def refresh(self, job: JobView) -> None:
        if job.completed == self._drawn:
            return
        points = await self._client.points(self._job_id)
        self._drawn = job.completed
        limit = job.limits.get(job.cost)
        self._chart.set_visibility(bool(points.id))
        self._chart.options.clear()
        self._chart.options.update(scatter.options(_dots(points), cost=job.cost, metric=job.metric, limit=limit))
        self._chart.update()

    def _open(self, clicked: EChartPointClickEventArguments) -> None:
        """The page of the candidate whose point was clicked."""
        *_, candidate_id = cast("tuple[float, float, str]", clicked.data)
        ui.navigate.to(address(self._job_id, candidate_id))


def _dots(points: Points) -> list[scatter.Dot]:
    front = set(points.front)
    columns = zip(points.id, points.cost, points.value, strict=True)
    return [scatter.Dot(name, cost, value, i in front) for i, (name, cost, value) in enumerate(columns)]
