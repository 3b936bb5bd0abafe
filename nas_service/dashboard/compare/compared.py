"""The parts of a comparison of jobs: where each stands, the best of each, and where their specs differ."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from nicegui import ui

from nas_service.api.comparison_views import JobsComparison, StandingView
from nas_service.api.views import CandidateView
from nas_service.palette import themed

from ..theme import SERIES, address, amount, count, figure, milliseconds, pill, reward, share, sheet
from . import matrix
from .front_chart import MARKS
from .matrix import Cell, text

FIGURES: dict[str, Callable[[CandidateView], str]] = {
    "reward": lambda best: reward(best.reward),
    "latency, ms": lambda best: milliseconds(best.latency_ms, best.latency_error_ms),
    "parameters": lambda best: count(best.params),
    "MACs": lambda best: count(best.macs),
}


def name(place: int, one: StandingView) -> None:
    """A job's mark in the chart and the link to its page."""
    with ui.row().classes("items-baseline no-wrap").style("gap:6px"):
        ui.label(MARKS[place]).style(themed(f"color:{SERIES[place]}")).props("aria-hidden=true")
        link = ui.link(f"{place + 1}  {one.job.name}", f"/jobs/{one.job.id}").classes("compared-name")
        link.tooltip(one.job.name)


def standing(place: int, one: StandingView, subset: int) -> None:
    """How far a job is and what its candidates cover; `subset` of them where jobs are told at equal numbers."""
    job, found = one.job, one.found
    done = job.completed + job.failed
    with ui.column().classes("sheet").style("gap:12px"):
        name(place, one)
        with ui.row().classes("items-center").style("gap:8px"):
            pill(job.state)
            trials = f"{done:,} of {job.trials_budget:,} trials ({done / job.trials_budget:.0%})"
            ui.label(trials).classes("muted text-sm")
        with ui.row().style("gap:12px 24px"):
            figure("hypervolume", _area(found.hypervolume), f"of {found.candidates:,} candidates")
            if found.mean is not None:
                interval = f"95 %: {_area(found.low)} to {_area(found.high)}"
                figure(f"at {subset:,} candidate{'' if subset == 1 else 's'} each", _area(found.mean), interval)


def frame_told(found: JobsComparison) -> str:
    """What the hypervolumes are shares of."""
    if found.frame is None:
        return "There is too little between their results to compare hypervolumes." if found.comparable else ""
    one = found.jobs[0]
    (worst, most), (best, least) = found.frame.reference, found.frame.ideal
    return (
        f"Hypervolumes are shares of what lies between the reference that they share, {one.metric} {share(worst)} "
        f"at {amount(one.cost, most)}, and {share(best)} at {amount(one.cost, least)}."
    )


def bests(found: JobsComparison) -> None:
    """The incumbents beside each other, with the metric and the cost of each job."""
    with sheet("The best of each"):
        if all(one.best is None for one in found.jobs):
            ui.label("No job has a result in full yet.").classes("muted")
            return
        rows = [("candidate", [_candidate(one.best) for one in found.jobs])]
        rows += [
            (metric, [_metric(one, metric) for one in found.jobs])
            for metric in dict.fromkeys(one.metric for one in found.jobs)
        ]
        for what, tell in FIGURES.items():
            told = ["–" if one.best is None else tell(one.best) for one in found.jobs]
            if set(told) != {"–"}:
                rows.append((what, [text(value) for value in told]))
        matrix.matrix("the best of each", _heads(found), rows, code=False)


def differences(found: JobsComparison) -> None:
    """Only the lines of the specs that are not the same in all."""
    with sheet("Where their specs differ"):
        if not found.differences:
            ui.label("Their specs are the same but for the name.").classes("muted")
            return
        rows = [(line.path, [text(value) for value in line.values]) for line in found.differences]
        matrix.matrix("where the specs differ", _heads(found), rows, code=True)


def _heads(found: JobsComparison) -> list[Cell]:
    return [partial(name, place, one) for place, one in enumerate(found.jobs)]


def _candidate(best: CandidateView | None) -> Cell:
    return text("none yet") if best is None else matrix.link(best.id, address(best.job_id, best.id))


def _metric(one: StandingView, metric: str) -> Cell:
    return text(None if one.best is None else share(one.best.metrics.get(metric)))


def _area(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
