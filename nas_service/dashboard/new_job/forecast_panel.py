"""The part of a page that shows what a job would be like, before anything is spent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nicegui import ui

from nas_service.api.views import PreviewView

from ..chart import Chart
from ..theme import figure
from .forecast import histogram, limit_in_words, rows, share_within, spends, takes
from .spec_text import ABSENT, at


class ForecastPanel:
    """Shows the preview of a spec, or why there is none."""

    def __init__(self) -> None:
        with ui.column().classes("sheet").style("gap:10px"):
            self.head = ui.row().classes("w-full items-center")
            with self.head:
                ui.label("Preview").classes("text-lg")
                self._busy = ui.spinner(size="20px").props('color=primary aria-label="sampling"')
                ui.space()
            self._figures = ui.row().style("gap:12px 36px")
            self._chart = Chart("preview of sampled architectures", height="220px")
            self._notes = ui.column().style("gap:4px")
        self.say("1,000 architectures of the space are sampled and priced; nothing is trained.")

    def wait(self) -> None:
        """A preview is under way; the one before stays until then, so that nothing jumps."""
        self._busy.set_visibility(True)

    def say(self, message: str) -> None:
        """There is nothing to show, and why."""
        self._busy.set_visibility(False)
        self._chart.set_visibility(False)
        self._figures.clear()
        self._notes.clear()
        with self._notes:
            ui.label(message).classes("muted text-sm")

    def show(self, found: PreviewView, spec: Mapping[str, Any]) -> None:
        self._busy.set_visibility(False)
        self._figures.clear()
        with self._figures:
            figure("within the limits", share_within(found), "sampled architectures")
            figure("the search takes", takes(found.estimate))
        limit = at(spec, ("objective", "limits", found.histogram.name))
        self._chart.set_visibility(True)
        self._chart.show(
            histogram(found.histogram, None if limit is ABSENT else float(limit)), lambda: rows(found.histogram)
        )
        self._draw_notes(found)

    def _draw_notes(self, found: PreviewView) -> None:
        self._notes.clear()
        with self._notes:
            for one in found.limits:
                bites = " – the limit that bites" if one.name == found.bites else ""
                ui.label(f"{one.name}: {limit_in_words(one)}{bites}").classes("text-sm")
            if not found.feasible_share:
                hopeless = "A job like this is refused: raise the limit, or give the space smaller options."
                ui.label(hopeless).classes("danger text-sm")
            for note in filter(None, (spends(found.estimate), found.warm_start, found.unchecked)):
                ui.label(note).classes("muted text-sm")
