"""The candidates that are selected in the scatter of a job, as a short table below it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from nicegui import ui

from nas_service.api.comparison_views import MOST

from ..columns import LINK
from ..page_address import comparison
from ..theme import address, amount, milliseconds, reward, share
from .scatter import Dot

LISTED = 20  # of the selected, best first


class Selection:
    """Takes no room while nothing is selected; `clear` is called when the viewer has seen enough of it."""

    def __init__(self, job_id: str, clear: Callable[[], object]) -> None:
        self._job_id = job_id
        with ui.column().classes("w-full").style("gap:8px") as self._part:
            with ui.row().classes("w-full items-center").style("gap:4px 16px"):
                self._told = ui.label().props('role="status"')
                self._all = ui.link("compare them")
                ui.button("clear the selection", on_click=clear).props("flat dense no-caps color=primary")
            self._table = ui.table(rows=[], row_key="id").classes("w-full").props("flat dense hide-no-data")
            self._table.add_slot("body-cell-id", LINK)
        self._part.set_visibility(False)

    def show(self, chosen: Sequence[Dot] | None, cost: str, metric: str, of: int) -> None:
        """Of so many within the window these are drawn; None where there is no window."""
        self._part.set_visibility(chosen is not None)
        if chosen is None:
            return
        self._told.text = told(len(chosen), of)
        ids = [dot.candidate for dot in chosen]
        self._all.set_visibility(2 <= len(ids) <= MOST)
        if self._all.visible:
            self._all.props(f'href="{comparison(candidates=ids)}"')
        listed = rows(self._job_id, chosen, cost)
        self._table.set_visibility(bool(listed))
        if listed != self._table.rows:
            self._table.columns = columns(cost, metric)
            self._table.rows = listed


def told(drawn: int, of: int) -> str:
    one = "1 candidate selected" if of == 1 else f"{of:,} candidates selected"
    missing = f", of which {drawn:,} are drawn: zoom in for more" if drawn < of else ""
    return one + missing + (f"; the best {LISTED} by reward:" if drawn > LISTED else "")


def columns(cost: str, metric: str) -> list[dict[str, Any]]:
    shown = {"id": "candidate", "metric": metric, "cost": "latency, ms" if cost == "latency_ms" else cost}
    return [
        {"name": key, "label": label, "field": key, "align": "left" if key == "id" else "right"}
        for key, label in (shown | {"reward": "reward"}).items()
    ]


def rows(job_id: str, chosen: Sequence[Dot], cost: str) -> list[dict[str, Any]]:
    """Best first; those without a reward, best metric first, come last."""
    best = sorted(chosen, key=lambda d: (d.reward is None, -(d.reward or 0.0), -d.value, d.candidate))
    return [
        {
            "id": dot.candidate,
            "page": address(job_id, dot.candidate),
            "metric": share(dot.value),
            "cost": milliseconds(dot.cost, dot.error) if cost == "latency_ms" else amount(cost, dot.cost),
            "reward": reward(dot.reward),
        }
        for dot in best[:LISTED]
    ]
