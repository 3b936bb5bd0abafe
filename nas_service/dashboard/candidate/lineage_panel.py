"""The ancestors of a candidate on its page, oldest first, each with what it changed of its parent."""

from __future__ import annotations

from nicegui import ui

from nas_service.api.lineage_views import ChangeView, StepView
from nas_service.api.views import CandidateDetail, CandidateView, JobView

from ..page_address import comparison
from ..theme import address, milliseconds, share, sheet
from ..wording import value

MOST = 6  # changes of a step that are spelled out


class LineagePanel:
    """`draw` shows the line; results of the candidate itself come with time."""

    def __init__(self, job: JobView, steps: list[StepView]) -> None:
        self._job = job
        self._steps = {step.candidate_id: step for step in steps}
        self._line: list[CandidateView] | None = None

    def build(self) -> None:
        with sheet("Lineage"):
            self._rows = ui.column().classes("w-full").style("gap:0")

    def draw(self, candidate: CandidateDetail) -> None:
        own = CandidateView.model_validate(candidate, from_attributes=True)
        line = [*candidate.lineage, own]
        if line == self._line:
            return
        self._line = line
        self._rows.clear()
        with self._rows:
            if not candidate.lineage:
                ui.label("It has no parent: it was drawn from the space, not changed from another.").classes("muted")
                return
            for one in line:
                self._row(one, own)

    def _row(self, one: CandidateView, own: CandidateView) -> None:
        with ui.row().classes("w-full items-baseline job").style("gap:4px 20px"):
            with ui.row().style("flex:0 0 130px;gap:8px"):
                if one is own:
                    ui.label(f"{one.number} (this one)").classes("font-medium")
                else:
                    ui.link(f"candidate {one.number}", address(one.job_id, one.id))
            ui.label(self._changes(one)).classes("text-sm").style("flex:1 1 260px;min-width:0;overflow-wrap:anywhere")
            ui.label(_result(one, self._job)).classes("muted text-sm")
            if one is not own:
                ui.link("compare", comparison(candidates=[one.id, own.id])).classes("text-sm")

    def _changes(self, one: CandidateView) -> str:
        step = self._steps.get(one.id)
        if step is None:
            return "the first of this line"
        told = [in_words(change) for change in step.changes]
        rest = f", and {len(told) - MOST} more" if len(told) > MOST else ""
        return (", ".join(told[:MOST]) or "the same choices") + rest


def in_words(change: ChangeView) -> str:
    """`stage2.layer1.kernel 3 → 5`."""
    before, after = ("–" if said is None else value(said) for said in (change.before, change.after))
    return f"{change.name} {before} → {after}"


def _result(one: CandidateView, job: JobView) -> str:
    latency = f", {milliseconds(one.latency_ms)} ms" if one.latency_ms is not None else ""
    measured = one.metrics.get(job.metric)
    return f"{share(measured)}{latency}" if measured is not None else f"{one.state}{latency}"
