"""The trials of a candidate on its page: how they ended, and their learning curves as they grow."""

from __future__ import annotations

from nicegui import ui

from nas_service.api.views import CandidateDetail, JobView, TrialView
from nas_service.durations import spoken

from .. import page_address
from ..chart import Chart
from ..theme import pill, sheet
from . import curves


class LearningPanel:
    """`draw` shows trials as they now are; what has not changed is left as it is."""

    def __init__(self, job: JobView, candidate_id: str) -> None:
        self._job, self._candidate = job, candidate_id
        self._trials: list[TrialView] | None = None
        self._names: list[str] = []
        self._metric = ""  # whose curves are drawn

    def build(self) -> None:
        self._metric = page_address.given().get("curve", "")
        with sheet("Learning").classes("learning"):
            self._which = ui.select([], on_change=self._picked).props(
                'dense outlined options-dense color=primary aria-label="metric"'
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
            self._metric = self._metric if self._metric in names else next(iter(names), "")
            self._which.set_options(names, value=self._metric or None)
        self._which.set_visibility(len(names) > 1)
        self._chart.set_visibility(bool(names))
        self._draw_chart()
        self._draw_list(candidate, otherwise)

    def _picked(self) -> None:
        if self._which.value and self._which.value != self._metric:
            self._metric = self._which.value
            page_address.keep({"curve": self._metric})
            self._draw_chart()

    def _draw_chart(self) -> None:
        if self._metric:
            shown = self._trials or [], self._metric
            self._chart.show(curves.options(*shown), lambda: curves.rows(*shown))

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
