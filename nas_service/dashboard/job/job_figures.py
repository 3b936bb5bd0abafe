"""The figures at the head of a job's page: how far it is, the best so far, what it was spared, its limits."""

from __future__ import annotations

from nicegui import ui

from nas_service.api.views import JobView
from nas_service.durations import spoken

from ..job_words import pace
from ..theme import Figure, address, amount, reward


class JobFigures:
    """Hidden until there is a job to show. Drawn where the page is being built."""

    def __init__(self) -> None:
        with ui.column().classes("w-full").style("gap:12px") as self._part:
            self._reason = ui.label().classes("text-sm")
            with ui.row().classes("sheet").style("gap:36px"):
                self._trials, self._best = Figure("trials"), Figure("best reward")
                self._over, self._known = Figure("over a limit"), Figure("known already")
                self._limits = Figure("limits")
        self.hide()

    def show(self, job: JobView) -> None:
        self._part.set_visibility(True)
        failing = job.state == "failed"
        self._reason.text = job.reason
        self._reason.classes(add="danger" if failing else "muted", remove="muted" if failing else "danger")
        self._reason.set_visibility(bool(job.reason))
        failed = f"{job.failed:,} failed" if job.failed else ""
        told = " · ".join(filter(None, (failed, pace(job))))
        self._trials.show(f"{job.completed + job.failed:,} of {job.trials_budget:,}", told)
        incumbent = job.incumbent or ""
        self._best.show(reward(job.best_reward), incumbent, address(job.id, incumbent) if incumbent else "")
        self._over.show(f"{job.infeasible:,}", "screened before training")
        self._known.show(f"{job.reused:,}", _saved(job))
        self._limits.show(", ".join(amount(name, limit) for name, limit in job.limits.items()) or "none")

    def hide(self) -> None:
        self._part.set_visibility(False)


def _saved(job: JobView) -> str:
    return f"not trained again, {spoken(job.saved_seconds)} saved" if job.saved_seconds else "not trained again"
