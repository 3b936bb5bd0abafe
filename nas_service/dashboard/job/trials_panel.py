"""The trials of a job that are under way, on its page: where each is, how far, and how it learns beside others."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence

from nicegui import ui

from nas_service.api.curve_views import CurvesView
from nas_service.api.views import JobView, TrialView
from nas_service.client import AsyncClient
from nas_service.palette import themed

from ..candidate import curves
from ..chart import Chart
from ..cluster.queue_words import TrialRow, trial_row, waits
from ..theme import ACCENT, BEHIND, LINE, address, share, sheet
from . import small_curves
from .candidate_table import short
from .small_curves import Extent

LISTED = 100  # trials that are read
SHOWN = 12  # of them as a card with a chart
MACHINES = 4  # that are named, those with the most trials
GROWN = 1.2  # by which factor more trials have to have finished until their band is read again
STYLE = f"""
.trials-grid {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(min(240px, 100%), 1fr)); gap: 12px;
  align-items: start; width: 100%; }}
.trial {{ border: 1px solid {LINE}; border-radius: 8px; padding: 10px 12px; gap: 4px; min-width: 0; }}
.trial.waits {{ order: 1; }}
@media (hover: hover) {{ .trial:not(:hover, :focus-within) .saves {{ opacity: 0; }} }}
.swatch {{ display: inline-block; width: 18px; height: 0; border-top: 3px solid; margin-right: 6px;
  vertical-align: middle; }}
"""


class TrialsPanel:
    """`refresh` asks for all of them at once, and changes what has changed; hidden once the job has ended."""

    def __init__(self, client: AsyncClient, job_id: str) -> None:
        self._client = client
        self._job_id = job_id
        self._finished: CurvesView | None = None
        self._banded: tuple[float, str | None] = (0, None)  # finished trials and incumbent when the curves were read
        self._cards: list[_Card] = []

    def build(self) -> None:
        ui.add_css(themed(STYLE))
        with sheet("Trials under way").classes("under-way") as self._sheet:
            self._told = ui.label().classes("text-sm text")
            self._held = ui.label().classes("muted text-xs text")
            self._key = ui.row().classes("muted text-xs").style("gap:4px 20px")
            self._grid = ui.element("div").classes("trials-grid")
        self._sheet.set_visibility(False)

    async def refresh(self, job: JobView) -> None:
        self._sheet.set_visibility(not job.final)
        if job.final:
            self._hide(self._cards)
            return
        page = await self._client.trials_page(self._job_id, limit=LISTED)
        if page.items:
            await self._compare(job)
        self._told.text = told(job, page.items, more=page.next is not None)
        self._held.text = held(job, page.items)
        self._held.set_visibility(bool(self._held.text))
        self._draw(job, chosen(page.items))

    async def _compare(self, job: JobView) -> None:
        """Read the finished trials anew: seldom, for the more there are the less one of them changes."""
        finished, incumbent = self._banded
        if self._finished is None or job.completed >= max(finished * GROWN, finished + 1) or job.incumbent != incumbent:
            self._finished = await self._client.curves(self._job_id)
            self._banded = (job.completed, job.incumbent)
            self._draw_key(self._finished)

    def _draw_key(self, finished: CurvesView) -> None:
        self._key.clear()
        with self._key:
            ui.label(f"{finished.metric} by epoch")
            _swatch(ACCENT, "solid", "this trial")
            if finished.trials:
                _swatch(BEHIND, "solid", f"median and middle 80 % of the last {finished.trials:,} that ended in full")
            if finished.best and finished.candidate_id:
                _swatch(small_curves.BEST, "dashed", f"the best, {short(finished.candidate_id)}")

    def _draw(self, job: JobView, trials: Sequence[TrialView]) -> None:
        """A card whose trial has ended is taken by the next one, so that the others stay where they are."""
        finished = self._finished
        self._key.set_visibility(bool(trials))
        if finished is None or not trials:
            self._hide(self._cards)
            return
        self._fit(len(trials))
        kept = {card.trial_id for card in self._cards} & {trial.id for trial in trials}
        free = [card for card in self._cards if card.trial_id not in kept]
        cards = {card.trial_id: card for card in self._cards}
        extent, now = small_curves.extent(trials, finished, finished.metric), time.time()
        for trial in trials:
            card = cards[trial.id] if trial.id in kept else free.pop(0)
            card.show(trial_row(job, trial, now), trial, finished, extent)
        self._hide(free)

    def _hide(self, cards: Sequence[_Card]) -> None:
        """And not delete: another trial may have its card at the next look."""
        for card in cards:
            card.hide()

    def _fit(self, wanted: int) -> None:
        with self._grid:
            self._cards += [_Card() for _ in range(wanted - len(self._cards))]


class _Card:
    """One trial: which candidate, since when and where, how far, and its curve."""

    def __init__(self) -> None:
        self.trial_id = ""
        with ui.column().classes("trial") as self._box:
            with ui.row().classes("w-full items-baseline no-wrap").style("gap:8px"):
                self._name = ui.link("", "").style("font-weight:500")
                self._since = ui.label().classes("muted text-xs").style("white-space:nowrap")
                ui.space()
                self._value = ui.label().classes("text-sm").style("white-space:nowrap")
            self._bar = ui.linear_progress(0, show_value=False, size="4px").props("rounded color=primary")
            self._told = ui.label().classes("muted text-xs text")
            self._chart = Chart("learning curve of a trial", height="110px")

    def hide(self) -> None:
        self.trial_id = ""
        self._box.set_visibility(False)

    def show(self, row: TrialRow, trial: TrialView, finished: CurvesView, extent: Extent) -> None:
        points = curves.points(trial, finished.metric)
        if row.id != self.trial_id:
            self.trial_id = row.id
            self._box.set_visibility(True)
            self._name.text = short(row.candidate)
            self._name.props["href"] = address(row.job_id, row.candidate)
        self._since.text = f"waits for {row.since}" if row.waits else f"for {row.since}"
        self._value.text = share(points[-1][1]) if points else ""
        self._box.classes(add="waits" if row.waits else "", remove="" if row.waits else "waits")
        self._bar.value = row.done
        self._bar.set_visibility(not row.waits)
        self._told.text = " · ".join(filter(None, ("" if row.waits else f"epoch {row.epoch}", row.rung, row.place)))
        self._chart.set_visibility(bool(points or finished.epochs) and not row.waits)
        options = small_curves.options(trial, finished, extent)
        self._chart.show(options, lambda: small_curves.rows([trial], finished.metric))


def chosen(trials: Sequence[TrialView]) -> list[TrialView]:
    """Those that get a card: running ones first, each kind in the order of their numbers."""
    return sorted(trials, key=lambda trial: (waits(trial), trial.number))[:SHOWN]


def told(job: JobView, trials: Sequence[TrialView], *, more: bool) -> str:
    """How many are under way, and why some or all of them wait."""
    if not trials:
        return f"No trial is under way: {job.reason}." if job.reason else "No trial is under way."
    rows = [trial_row(job, trial, 0.0) for trial in trials]
    waiting = Counter(row.place for row in rows if row.waits)
    running = len(rows) - waiting.total()
    counted = f"More than {len(rows):,} trials, of which {_do(running, 'run')}" if more else _run(running)
    parts = [counted, *(f"{_do(n, 'wait')}: {why}" for why, n in waiting.most_common())]
    left = len(rows) - SHOWN
    return "; ".join(parts) + "." + (f" The first {SHOWN} are shown." if left > 0 else "")


def _run(n: int) -> str:
    return f"{n:,} trial runs" if n == 1 else f"{n:,} trials run"


def _do(n: int, verb: str) -> str:
    """1 runs, 2 run."""
    return f"{n:,} {verb}" + ("s" if n == 1 else "")


def held(job: JobView, trials: Sequence[TrialView]) -> str:
    """What those that run occupy of the workers, each and by machine; nothing where none runs."""
    machines = Counter(trial.worker for trial in trials if trial.worker and not waits(trial))
    if not machines:
        return ""
    asked = {"CPU": job.spec["workers"]["cpus"], "GPU": job.spec["workers"]["gpus"]}
    each = " and ".join(f"{n:g} {kind}{'' if n == 1 else 's'}" for kind, n in asked.items() if n)
    named = machines.most_common(MACHINES)
    where = ", ".join(f"{n:,} on {machine}" for machine, n in named)
    others = machines.total() - sum(n for _, n in named)
    more = f", {others:,} on {len(machines) - MACHINES:,} more machines" if others else ""
    return " · ".join(filter(None, (f"{each} each" if each else "", where + more)))


def _swatch(colour: str, line: str, name: str) -> None:
    with ui.row().classes("items-center no-wrap").style("gap:0"):
        ui.element("span").classes("swatch").style(f"border-color:{colour};border-top-style:{line}")
        ui.label(name)
