"""A candidate beside any other one of its job, op by op, on its page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from nicegui import ui

from nas_service.api.views import CandidateDetail, OpView
from nas_service.client import ApiError, AsyncClient

from ..theme import address, count, milliseconds, share, sheet
from ..wording import details, shape, title
from .architecture_panel import is_weight_agnostic, weight_agnostic
from .differences import Pair, paired


class DifferencePanel:
    """Drawn once, for the candidate that the page's address names behind `?against=`."""

    def __init__(self, client: AsyncClient, candidate: CandidateDetail, against: str) -> None:
        self._client = client
        self._candidate = candidate
        self._against = against.strip()

    async def build(self) -> None:
        with sheet("Difference to another candidate") as part:
            with ui.row().classes("w-full items-center").style("gap:8px 16px"):
                self._field = ui.input("id of another candidate of this job", value=self._against)
                self._field.props("dense outlined").style("flex:0 1 320px").on("keydown.enter", self._go)
                ui.button("compare", on_click=self._go).props("outline dense no-caps color=primary").style(
                    "padding:2px 14px"
                )
            if self._against:
                await self._draw()
                ui.run_javascript(f"getHtmlElement({part.id}).scrollIntoView()")

    def _go(self) -> None:
        wanted = str(self._field.value or "").strip()
        there = address(self._candidate.job_id, self._candidate.id)
        ui.navigate.to(f"{there}?{urlencode({'against': wanted})}" if wanted else there)

    async def _draw(self) -> None:
        try:
            other = await self._client.candidate(self._against)
        except ApiError as error:
            ui.label(str(error)).classes("danger")
            return
        if other.job_id != self._candidate.job_id:
            ui.label(f"{other.id} is a candidate of another job, {other.job_id}").classes("danger")
            return
        with ui.row().classes("w-full items-center").style("gap:4px 16px"):
            ui.link(f"candidate {other.number}", address(other.job_id, other.id))
            ui.label(_summary(self._candidate, other)).classes("muted text-sm")
        if is_weight_agnostic(other):
            with ui.row().classes("w-full").style("gap:16px"):
                weight_agnostic(self._candidate)
                weight_agnostic(other)
            return
        self._draw_ops(other)

    def _draw_ops(self, other: CandidateDetail) -> None:
        pairs = paired(self._candidate.architecture.ops, other.architecture.ops)
        changed = [pair for pair in pairs if pair.differences]
        ui.label(_told(len(changed), len(pairs))).classes("text-sm")
        table = ui.table(rows=_rows(pairs, every=not changed), columns=_columns(self._candidate, other))
        table.classes("w-full").props("flat dense wrap-cells hide-pagination :rows-per-page-options=[0]")
        if changed and len(changed) < len(pairs):
            ui.switch("equal ops too", on_change=lambda said: table.update_rows(_rows(pairs, every=said.value)))


def _summary(this: CandidateDetail, other: CandidateDetail) -> str:
    """What it has, where this one has other things: value, milliseconds, parameters and MACs, this one's first."""
    told = [(share(this.value), share(other.value), ""), (count(this.params), count(other.params), " parameters")]
    told.append((count(this.macs), count(other.macs), " MACs"))
    if this.latency_ms is not None:
        told.append((milliseconds(this.latency_ms), milliseconds(other.latency_ms), " ms"))
    return " · ".join(f"{a} → {b}{unit}" for a, b, unit in told)


def _told(changed: int, pairs: int) -> str:
    if not changed:
        return "They do not differ in any op."
    return f"They differ in {changed} of {pairs} ops."


def _columns(this: CandidateDetail, other: CandidateDetail) -> list[dict[str, Any]]:
    shown = {
        "place": "op",
        "left": f"candidate {this.number}",
        "right": f"candidate {other.number}",
        "told": "difference",
    }
    return [{"name": key, "label": label, "field": key, "align": "left"} for key, label in shown.items()]


def _rows(pairs: Sequence[Pair], *, every: bool) -> list[dict[str, Any]]:
    return [
        {
            "id": place,
            "place": place,
            "left": _in_words(pair.left),
            "right": _in_words(pair.right),
            "told": ", ".join(pair.differences),
        }
        for place, pair in enumerate(pairs, start=1)
        if every or pair.differences
    ]


def _in_words(op: OpView | None) -> str:
    if op is None:
        return "–"
    own = details(op)
    return f"{title(op)}, {own} → {shape(op.out_shape)}" if own else f"{title(op)} → {shape(op.out_shape)}"
