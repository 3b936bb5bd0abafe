"""The part of a job's page that lists its candidates, a page of them at a time."""

from __future__ import annotations

from typing import Any

from nicegui import ui

from nas_service.api.views import CandidateView, JobView
from nas_service.client import AsyncClient

from .theme import address, count, milliseconds, share

PAGE = 20  # rows
LINK = '<q-td :props="props"><a :href="props.row.page">{{ props.value }}</a></q-td>'


class CandidatesPanel:
    def __init__(self, client: AsyncClient, job_id: str) -> None:
        self._client = client
        self._job_id = job_id
        self._drawn: int | None = None  # completed candidates
        self._cursors: list[str | None] = [None]  # of the pages up to the one that is shown
        self._upcoming: str | None = None

    def build(self) -> None:
        with ui.column().classes("sheet"):
            self._table = ui.table(rows=[], row_key="id").classes("w-full").props("flat dense hide-no-data")
            self._table.add_slot("body-cell-id", LINK)
            with ui.row().classes("items-center"):
                self._back = ui.button("previous", on_click=self._previous).props("flat dense no-caps color=primary")
                self._forth = ui.button("next", on_click=self._next).props("flat dense no-caps color=primary")
                self._place = ui.label("").classes("muted text-xs")

    async def refresh(self, job: JobView) -> None:
        if job.completed == self._drawn:
            return
        self._table.columns = _columns(job)
        await self._draw()
        self._drawn = job.completed

    async def _draw(self) -> None:
        cursor = self._cursors[-1]
        page = await self._client.candidates_page(self._job_id, order="reward", limit=PAGE, cursor=cursor)
        first = PAGE * (len(self._cursors) - 1) + 1
        self._table.rows = [_row(candidate) for candidate in page.items]
        self._upcoming = page.next
        self._back.set_enabled(len(self._cursors) > 1)
        self._forth.set_enabled(page.next is not None)
        self._place.text = f"{first} to {first + len(page.items) - 1}, best first" if page.items else "no result yet"

    async def _next(self) -> None:
        self._cursors.append(self._upcoming)
        await self._draw()

    async def _previous(self) -> None:
        self._cursors.pop()
        await self._draw()


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
