"""The parts of a comparison that tell of jobs: where each stands, and what their specs say."""

from __future__ import annotations

from functools import partial

from nicegui import ui

from nas_service.api.comparison_views import JobsComparison, StandingView
from nas_service.palette import themed

from ..theme import MORE_SERIES, amount, figure, pill, share
from .folded import Lines
from .front_chart import MARKS
from .matrix import Cell, text
from .wanted import Wanted


def name(place: int, one: StandingView) -> None:
    """A job's mark in the chart and the link to its page."""
    with ui.row().classes("items-baseline no-wrap").style("gap:6px"):
        ui.label(MARKS[place]).style(themed(f"color:{MORE_SERIES[place]}")).props("aria-hidden=true")
        link = ui.link(f"{place + 1}  {one.job.name}", f"/jobs/{one.job.id}").classes("compared-name")
        link.tooltip(one.job.name)


def standing(place: int, one: StandingView, found: JobsComparison, wanted: Wanted) -> None:
    """How far a job is and, beside others, what its candidates cover."""
    job = one.job
    done = job.completed + job.failed
    with ui.column().classes("sheet").style("gap:12px"):
        name(place, one)
        with ui.row().classes("items-center").style("gap:8px"):
            pill(job.state)
            trials = f"{done:,} of {job.trials_budget:,} trials ({done / job.trials_budget:.0%})"
            ui.label(trials).classes("muted text-sm")
        if len(found.jobs) > 1 and found.comparable:
            _covered(one, found.subset)
        with ui.row().classes("text-xs").style("gap:4px 14px"):
            ui.link("pick candidates", f"/jobs/{job.id}?compare={','.join(wanted.candidates)}")
            if job.id in wanted.jobs:
                ui.link("leave out", wanted.without([job.id]).address).props(f'aria-label="leave out {job.id}"')


def _covered(one: StandingView, subset: int) -> None:
    """`subset` candidates of each where jobs are told at equal numbers."""
    with ui.row().style("gap:12px 24px"):
        figure("hypervolume", _area(one.found.hypervolume), f"of {one.found.candidates:,} candidates")
        if one.found.mean is not None:
            interval = f"95 %: {_area(one.found.low)} to {_area(one.found.high)}"
            figure(f"at {subset:,} candidate{'' if subset == 1 else 's'} each", _area(one.found.mean), interval)


def frame_told(found: JobsComparison) -> str:
    """What the hypervolumes are shares of."""
    if len(found.jobs) < 2:
        return ""
    if found.frame is None:
        return "There is too little between their results to compare hypervolumes." if found.comparable else ""
    one = found.jobs[0]
    (worst, most), (best, least) = found.frame.reference, found.frame.ideal
    return (
        f"Hypervolumes are shares of what lies between the reference that they share, {one.metric} {share(worst)} "
        f"at {amount(one.cost, most)}, and {share(best)} at {amount(one.cost, least)}."
    )


def specs(found: JobsComparison) -> Lines:
    """Their lines, in the order of the jobs."""
    heads: list[Cell] = [partial(name, place, one) for place, one in enumerate(found.jobs)]
    rows = [(line.path, [text(value) for value in line.values]) for line in found.differences]
    differing = [len(set(line.values)) > 1 for line in found.differences]
    return Lines(heads, rows, differing, specs_told(sum(differing), len(found.jobs)))


def specs_told(differing: int, jobs: int) -> str:
    if jobs < 2:
        return "There is one job, so there is nothing to differ from."
    if not differing:
        return "Their specs are the same but for the name."
    return f"They differ in {differing} line{'' if differing == 1 else 's'}."


def _area(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
