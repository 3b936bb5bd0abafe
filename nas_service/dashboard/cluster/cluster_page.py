"""The page at `/cluster`: machines, and what of them is in use; jobs that run or wait, and for what; trials; live."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from nicegui import ui

from nas_service.access import Caller
from nas_service.api.views import ClusterView, JobSummary, NodeView

from ..columns import LINK, number, text, word
from ..part import Part, trouble
from ..serving.following import follow, lively, said
from ..serving.live import JOBS, LiveClient
from ..theme import address, figure, frame, pill, sheet
from .queue_words import JobRow, TrialRow, job_row, parts_of, resources, trial_row, workers_of

STATES = ("running", "queued", "paused")
SHOWN = 100  # jobs of each state
WITH_TRIALS = 20  # running jobs whose trials are shown
TRIALS = 20  # of each of them
COLUMNS = [
    text("job", "job", wide=True),  # an id of a candidate begins with that of its job
    word("candidate", "candidate"),
    word("state", "state"),
    number("since", "for"),
    number("epoch", "epoch", wide=True),
    text("place", "worker, or what it waits for"),
]


class ClusterPage:
    """One viewer's page."""

    def __init__(self, client: LiveClient, viewer: Caller) -> None:
        self._client, self._viewer = client, viewer
        self._trials: list[TrialRow] = []

    async def build(self) -> None:
        with frame("Cluster", self._viewer):
            ui.label("Cluster").classes("text-xl")
            away = trouble()
            self._workers = Part(_draw_workers)
            self._queue = Part(_draw_queue)
            with sheet("Trials under way"):
                self._table = ui.table(rows=[], columns=COLUMNS, row_key="id").classes("w-full")
                self._table.props("flat dense wrap-cells hide-pagination").set_visibility(False)
                self._table.add_slot("body-cell-candidate", LINK)
                self._none = ui.label("No trial is under way.").classes("muted")
                self._more = ui.label(f"Of each job the first {TRIALS} are shown.").classes("muted text-xs")
        await follow(self._client, said(self._look, away, "The cluster cannot be read"), [JOBS], lively)

    async def _look(self) -> None:
        lists = asyncio.gather(*(self._client.jobs_page(state=state, limit=SHOWN) for state in STATES))
        cluster, pages = await asyncio.gather(self._client.cluster(), lists)
        self._workers.show(cluster)
        jobs = [job for page in pages for job in page.items]
        self._queue.show([job_row(job) for job in jobs])
        await self._look_at_trials([job for job in jobs if job.state != "queued"][:WITH_TRIALS])

    async def _look_at_trials(self, jobs: Sequence[JobSummary]) -> None:
        pages = await asyncio.gather(*(self._client.trials_page(job.id, limit=TRIALS) for job in jobs))
        self._more.set_visibility(any(page.next for page in pages))
        now = time.time()
        found = zip(jobs, pages, strict=True)
        self._show_trials([trial_row(job, trial, now) for job, page in found for trial in page.items])

    def _show_trials(self, rows: list[TrialRow]) -> None:
        """The table's rows alone change, for each of them does so every second."""
        if rows != self._trials:
            self._trials = rows
            self._table.rows = [vars(row) | {"page": address(row.job_id, row.candidate)} for row in rows]
            self._table.set_visibility(bool(rows))
            self._none.set_visibility(not rows)


def _draw_workers(cluster: ClusterView) -> None:
    with sheet("Workers"):
        if cluster.problem:
            ui.label(cluster.problem).classes("danger text")
        with ui.row().classes("w-full").style("gap:20px 36px"):
            figure("workers", f"{cluster.workers:,}", cluster.kind)
            figure("CPUs", resources(cluster.total.cpus, cluster.free.cpus))
            figure("GPUs", resources(cluster.total.gpus, cluster.free.gpus))
            leads = ("leads", "it runs the jobs") if cluster.leading else ("follows", "it leaves jobs to another")
            figure("this process", *leads)
        with ui.column().classes("w-full nodes").style("gap:0"):
            most = max((len(parts_of(node)) for node in cluster.nodes), default=0)
            for node in cluster.nodes:
                _draw_node(node, most)
        versions = " · ".join(f"{name} {version}" for name, version in cluster.versions.items())
        ui.label(versions).classes("muted text-sm text")


def _draw_node(node: NodeView, most: int) -> None:
    """A machine, and how much of it is in use; below others that have up to so many parts."""
    parts = parts_of(node)
    with ui.row().classes("w-full items-center node"):
        ui.label(node.name).classes("text").style("font-weight:500;flex:3 1 200px")
        for name, total, free in parts:
            with ui.column().style("gap:2px;flex:2 1 120px"):
                ui.linear_progress(1 - free / total, show_value=False, size="6px").props("rounded color=primary")
                ui.label(f"{name}: {resources(total, free)}").classes("muted text-xs")
        for _ in range(most - len(parts)):
            ui.element("div").classes("gt-xs").style("flex:2 1 120px")
        ui.label(workers_of(node)).classes("muted text-xs").style("flex:2 1 120px")


def _draw_queue(jobs: Sequence[JobRow]) -> None:
    with sheet("Queue").style("gap:0"):
        if not jobs:
            ui.label("No job runs or waits.").classes("muted")
        for job in jobs:
            _draw_job(job)


def _draw_job(job: JobRow) -> None:
    with ui.row().classes("w-full items-start job"):
        with ui.column().classes("text").style("gap:0;flex:3 1 240px"):
            ui.link(job.name, f"/jobs/{job.id}").classes("text").style("font-weight:500")
            ui.label(job.facts).classes("muted text-xs text")
        with ui.column().style("flex:1 0 80px"):
            pill(job.state)
        with ui.column().style("gap:2px;flex:2 0 120px"):
            ui.linear_progress(job.done, show_value=False, size="6px").props("rounded color=primary")
            ui.label(job.trials).classes("muted text-xs")
        ui.label(job.waits).classes("text text-sm").style("flex:4 1 240px")
