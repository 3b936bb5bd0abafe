"""The other jobs that have tried the network of a candidate, on its page: what each made of it, and who reused what."""

from __future__ import annotations

from collections.abc import Sequence

from nicegui import ui

from nas_service.api.candidate_views import TwinView
from nas_service.api.views import CandidateDetail, CandidateView

from ..job_words import described
from ..theme import address, milliseconds, share, sheet
from ..when import Ago


def twins_panel(candidate: CandidateDetail, twins: Sequence[TwinView]) -> None:
    """Drawn once, when the page is built."""
    with sheet("In other jobs").classes("twins"):
        if not twins:
            ui.label("No other job has tried this network.").classes("muted text-sm")
            return
        with ui.column().classes("w-full").style("gap:0"):
            for twin in twins:
                _row(candidate, twin)


def _row(candidate: CandidateDetail, twin: TwinView) -> None:
    job, other = twin.job, twin.candidate
    with ui.row().classes("w-full items-baseline job").style("gap:4px 20px"):
        ui.link(f"candidate {other.number}", address(job.id, other.id)).style("flex:0 0 130px")
        with ui.column().classes("text").style("gap:0;flex:1 1 260px"):
            ui.link(job.name, f"/jobs/{job.id}").classes("text text-sm")
            Ago(job.created_at, described(job)).classes("muted text-xs text")
            said = shared(candidate, other)
            ui.label(said).classes("text-xs").set_visibility(bool(said))
        ui.label(result(twin)).classes("muted text-sm")


def shared(candidate: CandidateView, other: CandidateView) -> str:
    """Which of the two has the other's result, in a sentence; empty where each was trained by itself."""
    if _job_of(candidate.reused_from) == other.job_id:
        return "Its result stands here too: it was not trained again."
    if _job_of(other.reused_from) == candidate.job_id:
        return "It has the result of this one, and was not trained again."
    if candidate.reused_from is not None and candidate.reused_from == other.reused_from:
        return "Both have the result of a third job."
    return ""


def result(twin: TwinView) -> str:
    """What that job made of it: its metric by name, for another job may judge by another one, and its latency."""
    other = twin.candidate
    measured = other.metrics.get(twin.metric)
    told = other.state if measured is None else f"{twin.metric} {share(measured)}"
    return told if other.latency_ms is None else f"{told}, {milliseconds(other.latency_ms)} ms"


def _job_of(trial_id: str | None) -> str | None:
    """The id of a trial begins with that of its job."""
    return None if trial_id is None else trial_id.rpartition(".")[0]
