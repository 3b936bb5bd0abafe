"""The jobs that a viewer has ticked, on whatever page of the list, and the way to compare them."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui

from nas_service.api.comparison_views import FEWEST, MOST
from nas_service.api.views import JobSummary
from nas_service.palette import themed

from .theme import LINE

STYLE = f"""
.ticked {{ position: sticky; bottom: 0; z-index: 1; border-top: 2px solid {LINE}; align-items: center; gap: 4px 16px; }}
"""


class Ticked:
    """A bar at the foot of the window, there once a job is ticked. `untick` is called for each that it lets go."""

    def __init__(self, untick: Callable[[str], None]) -> None:
        self._untick = untick
        self._names: dict[str, str] = {}
        ui.add_css(themed(STYLE))
        with ui.row().classes("sheet ticked") as self._bar:
            self._told = ui.label().style("flex:1 1 200px;min-width:0;overflow-wrap:anywhere")
            ui.button("clear", on_click=self._clear).props("flat dense no-caps color=primary")
            self._go = ui.button("compare", on_click=self._compare).props("unelevated no-caps color=primary")
        self._draw()

    def __contains__(self, job_id: str) -> bool:
        return job_id in self._names

    def tick(self, job: JobSummary, ticked: bool) -> None:
        if ticked:
            self._names[job.id] = job.name
        else:
            self._names.pop(job.id, None)
        self._draw()

    def _draw(self) -> None:
        self._bar.set_visibility(bool(self._names))
        self._told.text = told(list(self._names.values()))
        self._go.set_enabled(FEWEST <= len(self._names) <= MOST)

    def _clear(self) -> None:
        for job_id in list(self._names):
            self._names.pop(job_id)
            self._untick(job_id)
        self._draw()

    def _compare(self) -> None:
        ui.navigate.to("/compare?jobs=" + ",".join(self._names))


def told(names: list[str]) -> str:
    """Which are ticked, and what is missing to compare them."""
    if len(names) < FEWEST:
        return f"{', '.join(names)}: tick another one to compare them"
    if len(names) > MOST:
        return f"{len(names)} jobs are ticked; at most {MOST} are compared"
    return ", ".join(names)
