"""The page of one candidate: what it is, what each op costs, how it learned, where it comes from, and its exports."""

from __future__ import annotations

from functools import partial

from nicegui import ui

from nas_service.access import Caller
from nas_service.api.device_views import BesideView, FinalistsView
from nas_service.api.views import CandidateDetail, JobView
from nas_service.client import ApiError

from ..facts import facts
from ..job.finalists_panel import settled
from ..page_address import comparison
from ..part import trouble
from ..serving.following import LIVELY_S, SLOW_S, follow, said
from ..serving.live import LiveClient
from ..theme import address, count, figure, frame, milliseconds, pill, reward, share, sheet
from .architecture_panel import ArchitecturePanel
from .export_panel import ExportPanel
from .learning_panel import LearningPanel
from .lineage_panel import LineagePanel
from .twins_panel import twins_panel

OPEN = ("proposed", "running")


class CandidatePage:
    """One viewer's page: the candidate and its exports, drawn anew where they have changed."""

    def __init__(self, client: LiveClient, job_id: str, candidate_id: str, viewer: Caller) -> None:
        self._client = client
        self._job_id = job_id
        self._candidate_id = candidate_id
        self._viewer = viewer
        self._shown: tuple[CandidateDetail, FinalistsView | None] | None = None

    async def build(self) -> None:
        with frame(self._candidate_id, self._viewer):
            away = trouble()
            self._head = ui.row().classes("w-full items-center")
            self._facts = ui.column().classes("w-full").style("gap:12px")
            self._body = ui.column().classes("w-full").style("gap:16px")
        try:
            candidate = await self._client.candidate(self._candidate_id)
            self._job = await self._client.job(candidate.job_id)
            if candidate.job_id != self._job_id:
                self._explain(
                    f"candidate {candidate.id} is of another job, {candidate.job_id}",
                    address(candidate.job_id, candidate.id),
                )
                return
            await self._build_body(candidate)
        except ApiError as error:
            self._explain(str(error))
            return
        look = said(self._look, away, "This page is no longer up to date")
        await follow(self._client, look, [self._job_id], self._patience)

    def _explain(self, why: str, there: str = "") -> None:
        """Say why there is nothing to see, with ways on."""
        self._body.clear()
        with self._head:
            ui.label(why).classes("danger").style("overflow-wrap:anywhere")
            ui.link("its page", there).set_visibility(bool(there))
            ui.link("back to the job", f"/jobs/{self._job_id}")

    async def _build_body(self, candidate: CandidateDetail) -> None:
        steps = await self._client.changes(candidate.id)
        twins = await self._client.twins(candidate.id)
        self._learning = LearningPanel(self._job, self._candidate_id)
        self._lineage = LineagePanel(self._job, steps)
        self._exports = ExportPanel(self._client, self._job, self._viewer)
        with self._body:
            ArchitecturePanel(candidate).build()
            self._learning.build()
            self._lineage.build()
            twins_panel(candidate, twins)
            self._exports.build()
            _identity(candidate)

    async def _look(self) -> None:
        candidate = await self._candidate()
        measured = await self._finalists()
        await self._exports.refresh(candidate)
        if (candidate, measured) != self._shown:
            self._shown = (candidate, measured)
            self._draw(candidate, measured)

    def _patience(self) -> float:
        """An epoch is no event of the job, nor is what an export says while it lasts."""
        trains = self._shown is None or self._shown[0].state in OPEN
        return LIVELY_S if trains or self._exports.under_way else SLOW_S

    async def _candidate(self) -> CandidateDetail:
        """Asked for until it has ended: one that was stopped early may go on as long as its job does."""
        if self._shown is not None and self._shown[0].state not in OPEN and (self._shown[0].full or self._job.final):
            return self._shown[0]
        if not self._job.final:
            self._job = await self._client.job(self._job.id)
        return await self._client.candidate(self._candidate_id)

    async def _finalists(self) -> FinalistsView | None:
        """Asked for until they are measured, where the job measures any."""
        known = self._shown[1] if self._shown is not None else None
        if self._job.spec.get("measure") is None or (known is not None and settled(known)):
            return known
        return await self._client.finalists(self._job_id)

    def _draw(self, candidate: CandidateDetail, measured: FinalistsView | None) -> None:
        self._draw_head(candidate)
        self._draw_facts(candidate, measurement(candidate, measured))
        self._learning.draw(candidate, _untrained(candidate))
        self._lineage.draw(candidate)

    def _draw_head(self, candidate: CandidateDetail) -> None:
        self._head.clear()
        with self._head:
            ui.label(f"Candidate {candidate.number}").classes("text-xl")
            pill(candidate.state)
            with ui.row().classes("items-baseline no-wrap").style("gap:8px;min-width:0"):
                ui.label("of")
                ui.link(self._job.name, f"/jobs/{self._job_id}").style("min-width:0;overflow-wrap:anywhere")
            ui.space()
            ui.link("compare with others", comparison(candidates=[candidate.id]))

    def _draw_facts(self, candidate: CandidateDetail, measured: BesideView | None) -> None:
        self._facts.clear()
        why = reason(candidate)
        with self._facts:
            told = "danger" if candidate.state == "failed" else "muted"
            ui.label(why).classes(f"{told} text-sm").style("overflow-wrap:anywhere").set_visibility(bool(why))
            with ui.row().classes("sheet").style("gap:20px 36px"):
                figure(
                    self._job.metric, share(candidate.metrics.get(self._job.metric)), _standing(candidate, self._job)
                )
                figure("reward", reward(candidate.reward))
                if candidate.latency_ms is not None:
                    estimated = milliseconds(candidate.latency_ms, candidate.latency_error_ms)
                    figure("latency, estimated", f"{estimated} ms", f"on {self._job.device}")
                if measured is not None:
                    spread = milliseconds(measured.measured_ms, measured.spread_ms)
                    inside = f"{'within' if measured.inside else 'outside'} the interval, at the device's speed then"
                    figure("latency, measured", f"{spread} ms", inside)
                figure("parameters", count(candidate.params))
                figure("MACs", count(candidate.macs))


def reason(candidate: CandidateDetail) -> str:
    """Why it is in its state, in a sentence; empty where the state says it all."""
    if candidate.state == "infeasible":
        return f"It was never trained: {candidate.reason}."
    if candidate.state == "failed":
        return f"It failed: {candidate.reason}"
    if candidate.state == "proposed":
        return "It waits for a worker."
    if candidate.state == "stopped":
        return candidate.reason or "It was stopped early, for others did better by then."
    return candidate.reason


def _untrained(candidate: CandidateDetail) -> str:
    if candidate.reused_from is not None:
        return f"Not trained here: its result is that of {candidate.reused_from}, the same network in another job."
    return "Never trained, so there is no curve." if candidate.state == "infeasible" else "No trial yet."


def _standing(candidate: CandidateDetail, job: JobView) -> str:
    if candidate.id == job.incumbent:
        return "the best of its job"
    return "not in full" if candidate.state == "completed" and not candidate.full else ""


def measurement(candidate: CandidateDetail, finalists: FinalistsView | None) -> BesideView | None:
    """What its device took, where it is one of the finalists and they have been measured."""
    networks = finalists.networks if finalists is not None else ()
    return next((one for one in networks if one.candidate_id == candidate.id), None)


def _identity(candidate: CandidateDetail) -> None:
    """What names it, to be copied."""
    with sheet("Facts"):
        facts(
            [
                ("id", candidate.id),
                ("hash", candidate.hash),
                ("number", str(candidate.number)),
                ("reused from", candidate.reused_from or ""),
                ("parents", partial(_parents, candidate) if candidate.parents else "none"),
            ]
        )


def _parents(candidate: CandidateDetail) -> None:
    with ui.row().style("gap:4px 12px"):
        for parent in candidate.parents:
            ui.link(parent, address(candidate.job_id, parent))
            ui.link("compare", comparison(candidates=[parent, candidate.id]))
