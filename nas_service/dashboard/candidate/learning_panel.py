"""The trials of a candidate on its page: how they ended, and their learning curves as they grow."""

from __future__ import annotations

from nicegui import ui

from nas_service.api.views import CandidateDetail, JobView, TrialView
from nas_service.durations import spoken

from ..chart import Chart
from ..theme import pill, sheet
from . import curves


class LearningPanel:
    """`draw` shows trials as they now are; what has not changed is left as it is."""

    def __init__(self, job: JobView, candidate_id: str) -> None:
        self._job, self._candidate = job, candidate_id
        self._trials: list[TrialView] | None = None
        self._names: list[str] = []

    def build(self) -> None:
        with sheet("Learning").classes("learning"):
            self._which = (
                ui.select([], on_change=self._draw_chart).props("dense options-dense").style("min-width:160px")
            )
            self._chart = Chart(f"learning curves of {self._candidate}", height="260px")
            self._list = ui.column().classes("w-full").style("gap:8px")

    def draw(self, candidate: CandidateDetail, otherwise: str) -> None:
        """`otherwise` is said where there are no trials."""
        trials = candidate.trials
        if trials == self._trials:
            return
        self._trials = trials
        names = curves.metrics(trials, self._job.metric)
        if names != self._names:
            self._names = names
            self._which.set_options(names, value=self._which.value or (names[0] if names else None))
        self._which.set_visibility(len(names) > 1)
        self._chart.set_visibility(bool(names))
        self._draw_chart()
        self._draw_list(candidate, otherwise)

    def _draw_chart(self) -> None:
        if self._which.value:
            shown = self._trials or [], self._which.value
            self._chart.show(curves.options(*shown), curves.rows(*shown))

    def _draw_list(self, candidate: CandidateDetail, otherwise: str) -> None:
        """What the page says on top of why the candidate failed is not said again."""
        self._list.clear()
        with self._list:
            if not candidate.trials:
                ui.label(otherwise).classes("muted text-sm")
            for trial in candidate.trials:
                with ui.row().classes("w-full items-center").style("gap:4px 12px"):
                    ui.label(f"trial {trial.number}")
                    pill(trial.state)
                    ui.label(_told(trial)).classes("muted text-sm")
                    ui.link("log", f"/api/v1/trials/{trial.id}/log", new_tab=True).classes("text-sm")
                if trial.message and trial.message != candidate.reason:
                    ui.label(_why(trial)).classes("danger text-sm").style("white-space:pre-wrap;overflow-wrap:anywhere")


def _told(trial: TrialView) -> str:
    fidelity = ", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in trial.fidelity.items())
    return " · ".join(filter(None, (f"seed {trial.seed}", fidelity, "" if trial.full else "not in full", _took(trial))))


def _took(trial: TrialView) -> str:
    if trial.started_at is None or trial.ended_at is None:
        return ""
    return spoken(trial.ended_at - trial.started_at)


def _why(trial: TrialView) -> str:
    return f"{trial.cause}: {trial.message}" if trial.cause else trial.message
