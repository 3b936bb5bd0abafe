"""The trials of a job that are under way, on its page: where each is, how far, and how it learns beside others."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from nicegui import ui
from nicegui.events import GenericEventArguments

from nas_service.api.curve_views import CurvesView
from nas_service.api.views import JobView, TrialView
from nas_service.client import AsyncClient
from nas_service.palette import themed

from ..candidate import curves
from ..cluster.queue_words import TrialRow, trial_row, waits
from ..csv_text import file_name
from ..saving import SAVE_DRAWING, save_numbers
from ..theme import ACCENT, BEHIND, LINE, MUTED, address, share, sheet
from . import small_curves
from .candidate_table import short
from .small_curves import Extent

LISTED = 100  # trials that are read
SHOWN = 12  # of them as a card with a chart
MACHINES = 4  # that are named, those with the most trials
GROWN = 1.2  # by which factor more trials have to have finished until their band is read again
NAME: Final = "learning curve of a trial"
STYLE: Final = f"""
.trials-grid .q-table__grid-content {{ display: grid; gap: 12px; align-items: start; width: 100%;
  grid-template-columns: repeat(auto-fill, minmax(min(240px, 100%), 1fr)); }}
.trial {{ border: 1px solid {LINE}; border-radius: 8px; padding: 10px 12px; min-width: 0; display: grid; gap: 4px; }}
.trial.waits {{ order: 1; }}
.trial > .first {{ display: flex; gap: 8px; align-items: baseline; white-space: nowrap; }}
.trial > .first > a {{ font-weight: 500; }}
.trial > .first > :last-child {{ margin-left: auto; }}
.done {{ height: 4px; border-radius: 2px; background: {LINE}; overflow: hidden; }}
.done > div {{ height: 100%; background: {ACCENT}; transition: width 0.3s; }}
.trial > .saves {{ display: flex; }}
.trial > .saves > button {{ background: none; border: none; font-size: 11px; color: {MUTED}; cursor: pointer; }}
@media (hover: hover) {{ .trial:not(:hover, :focus-within) .saves {{ opacity: 0; }} }}
.swatch {{ display: inline-block; width: 18px; height: 0; border-top: 3px solid; margin-right: 6px;
  vertical-align: middle; }}
{small_curves.STYLE}
"""
CARD: Final = f"""
<div :class="['trial', {{ waits: props.row.waits }}]">
  <div class="first">
    <a :href="props.row.page">{{{{ props.row.candidate }}}}</a>
    <span class="muted text-xs">{{{{ props.row.since }}}}</span>
    <span class="text-sm">{{{{ props.row.value }}}}</span>
  </div>
  <div v-if="!props.row.waits" class="done" role="progressbar" :aria-valuenow="Math.round(100 * props.row.done)">
    <div :style="{{ width: 100 * props.row.done + '%' }}"></div>
  </div>
  <div class="muted text-xs text">{{{{ props.row.told }}}}</div>
  <svg v-if="props.row.drawn" class="curve" viewBox="0 0 {small_curves.WIDTH} {small_curves.HEIGHT}" role="img"
    aria-label="{NAME}" :data-trial="props.row.id">
    <template v-for="one in props.cols[0].values" :key="one.text">
      <path class="axis" :d="`M{small_curves.LEFT} ${{one.y}}H{small_curves.RIGHT}`" />
      <text x="{small_curves.LEFT - 6}" :y="one.y + 3.5" text-anchor="end">{{{{ one.text }}}}</text>
    </template>
    <text x="{small_curves.LEFT}" y="{small_curves.HEIGHT - 5}">0</text>
    <text x="{small_curves.RIGHT}" y="{small_curves.HEIGHT - 5}" text-anchor="end">{{{{ props.cols[0].epochs }}}}</text>
    <path class="band" :d="props.cols[0].band" />
    <path class="median" :d="props.cols[0].median" />
    <path class="best" :d="props.cols[0].best" />
    <path class="own" :d="props.row.own" />
    <path class="marks" :d="props.row.marks" />
  </svg>
  <div v-if="props.row.drawn" class="saves">
    <button type="button" aria-label="{NAME} as PNG" @click="$parent.$emit('picture', props.row.id)">PNG</button>
    <button type="button" aria-label="{NAME} as CSV" @click="$parent.$emit('numbers', props.row.id)">CSV</button>
  </div>
</div>
"""
PICTURE: Final = f"""trial => {{
    const shown = [...document.querySelectorAll('.curve')].find(one => one.dataset.trial === trial);
    if (shown) ({SAVE_DRAWING})(shown, '{file_name(NAME, "png")}');
}}"""


class TrialsPanel:
    """`refresh` asks for all of them at once, and changes what has changed; hidden once the job has ended."""

    def __init__(self, client: AsyncClient, job_id: str) -> None:
        self._client = client
        self._job_id = job_id
        self._finished: CurvesView | None = None
        self._banded: tuple[float, str | None] = (0, None)  # finished trials and incumbent when the curves were read
        self._shown: Sequence[TrialView] = ()
        self._places: dict[str, int] = {}  # of the trials that are shown

    def build(self) -> None:
        ui.add_css(themed(STYLE))
        with sheet("Trials under way").classes("under-way") as self._sheet:
            self._told = ui.label().classes("text-sm text")
            self._held = ui.label().classes("muted text-xs text")
            self._key = ui.row().classes("muted text-xs").style("gap:4px 20px")
            self._grid = ui.table(rows=[], row_key="place").classes("w-full trials-grid")
            self._grid.props("grid flat hide-header hide-no-data").add_slot("item", CARD)
            self._grid.on("numbers", self._save).on("picture", js_handler=PICTURE)
        self._sheet.set_visibility(False)

    async def refresh(self, job: JobView) -> None:
        self._sheet.set_visibility(not job.final)
        if job.final:
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
        finished, self._shown = self._finished, trials
        there = finished is not None and bool(trials)
        self._key.set_visibility(there)
        self._grid.set_visibility(there)
        if finished is not None and trials:
            extent = small_curves.extent(trials, finished, finished.metric)
            told = small_curves.behind(finished, extent)
            self._places = placed(self._places, [trial.id for trial in trials])
            drawn = cards(job, sorted(trials, key=lambda one: self._places[one.id]), finished, extent)
            self._show(({"name": "all", "label": "", "field": "id"} | told,), drawn)

    def _show(self, columns: tuple[dict[str, Any], ...], rows: tuple[dict[str, Any], ...]) -> None:
        props = self._grid.props
        if (columns, rows) != (props["columns"], props["rows"]):
            with props.suspend_updates():
                props["columns"], props["rows"] = columns, rows
            self._grid.update()

    def _save(self, clicked: GenericEventArguments) -> None:
        if self._finished is not None:
            wanted = [trial for trial in self._shown if trial.id == clicked.args]
            save_numbers(NAME, small_curves.rows(wanted, self._finished.metric))


def cards(
    job: JobView, trials: Sequence[TrialView], finished: CurvesView, extent: Extent
) -> tuple[dict[str, Any], ...]:
    """What each trial's card says and draws. A tuple, which NiceGUI sends as it is; a list it would watch."""
    now = time.time()
    return tuple(
        _card(place, trial_row(job, trial, now), trial, finished, extent) for place, trial in enumerate(trials)
    )


def _card(place: int, row: TrialRow, trial: TrialView, finished: CurvesView, extent: Extent) -> dict[str, Any]:
    points = curves.points(trial, finished.metric)
    return {
        "place": place,
        "id": row.id,
        "candidate": short(row.candidate),
        "page": address(row.job_id, row.candidate),
        "since": f"waits for {row.since}" if row.waits else f"for {row.since}",
        "value": share(points[-1][1]) if points else "",
        "waits": row.waits,
        "done": row.done,
        "told": " · ".join(filter(None, ("" if row.waits else f"epoch {row.epoch}", row.rung, row.place))),
        "drawn": bool(points or finished.epochs) and not row.waits,
        "own": small_curves.path(points, extent),
        "marks": small_curves.marks(points, extent),
    }


def placed(before: Mapping[str, int], trials: Sequence[str]) -> dict[str, int]:
    """Where each trial's card stands: where it stood, or where one has ended, so that the others stay there."""
    kept = {trial: before[trial] for trial in trials if trial in before and before[trial] < len(trials)}
    free = iter(sorted({*range(len(trials))} - {*kept.values()}))
    return kept | {trial: next(free) for trial in trials if trial not in kept}


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
