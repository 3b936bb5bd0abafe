"""The part of a job's page that lists its candidates: sorted and narrowed by the service, a page of them at a time."""

from __future__ import annotations

import time
from dataclasses import replace
from urllib.parse import urlencode

from nicegui import ui
from nicegui.events import GenericEventArguments

from nas_service.api.candidate_views import CandidatesPage
from nas_service.api.views import JobView
from nas_service.client import ApiError, AsyncClient
from nas_service.palette import themed

from .. import page_address
from ..columns import LINK
from ..page_address import comparison, listed
from ..theme import ACCENT, sheet
from ..ticked import Ticked
from .candidate_filters import CandidateFilters
from .candidate_query import CandidateQuery
from .candidate_table import TICK, columns, nothing, orders, place, rows

PAGE = 20  # rows
COMPARED = "compare"  # what the address calls the candidates that are ticked
RESTS = 20  # times as long as the last reading took: what costs the service much is read less often
STYLE = f"""
.sort {{ background: none; border: none; padding: 2px 0; font: inherit; color: inherit; cursor: pointer; }}
.sort:hover, th[aria-sort$="ing"] .sort {{ color: {ACCENT}; }}
.note {{ max-width: 300px; white-space: normal; overflow-wrap: anywhere; }}
.candidates .apart {{ padding-left: 28px !important; }}
.candidates .fields > * {{ max-width: none !important; }}
.narrow {{ display: none !important; }}
@media (max-width: 600px) {{
  .narrow {{ display: flex !important; }}
  .candidates .apart {{ padding-left: 12px !important; }}
}}
"""
HEAD = """
<q-tr :props="props">
  <q-th v-for="col in props.cols" :key="col.name" :props="props" :aria-sort="col.sorted">
    <button v-if="col.order" type="button" class="sort" @click="$parent.$emit('order', col.order)">
      {{ col.label }}
      <span aria-hidden="true">{{ { ascending: '▲', descending: '▼' }[col.sorted] || '' }}</span>
    </button>
    <template v-else>{{ col.label }}</template>
  </q-th>
</q-tr>
"""
PARENTS = """
<q-td :props="props">
  <template v-for="(one, place) in props.value" :key="one.name"
    >{{ place ? ', ' : '' }}<a :href="one.page">{{ one.name }}</a></template>{{ props.value.length ? '' : '–' }}
</q-td>
"""
TICKS = """
<q-td :props="props" class="tick">
  <q-checkbox dense color="primary" :model-value="props.value" :aria-label="'compare ' + props.row.id"
    @update:model-value="ticked => $parent.$emit('tick', [props.row.id, ticked])" />
</q-td>
"""
STATE = """
<q-td :props="props">
  <span :class="props.row.tone">{{ props.value }}</span>
  <div v-if="props.row.note" class="muted text-xs note">{{ props.row.note }}</div>
</q-td>
"""


class CandidatesPanel:
    """`refresh` reads the page that is shown anew when the job has gone on; the address says what is shown."""

    def __init__(self, client: AsyncClient, job_id: str) -> None:
        self._client = client
        self._job_id = job_id
        self._job: JobView | None = None
        self._drawn: tuple[object, ...] | None = None  # how far the job was
        self._told: CandidateQuery | None = None  # in the head of the table
        self._cursors: list[str | None] = [None]  # of the pages up to the one that is shown
        self._upcoming: str | None = None
        self._rests_until = 0.0

    def build(self) -> None:
        self._query = CandidateQuery.of(page_address.given())
        ui.add_css(themed(STYLE))
        with sheet("Candidates").classes("candidates") as self._sheet:
            self._filters = CandidateFilters(self._query, self._narrow)
            with ui.row().classes("w-full items-center narrow").style("gap:8px"):
                self._sort = ui.select({}, label="sort by", on_change=self._chosen).props(
                    "outlined dense options-dense color=primary"
                )
                self._sort.style("flex:1 1 140px")
                self._turn = ui.button(on_click=lambda: self._go(self._query.sorted_by(self._query.sort)))
                self._turn.props("flat dense no-caps color=primary")
            self._table = ui.table(rows=[], columns=[], row_key="id").classes("w-full")
            self._table.props("flat dense hide-no-data").on("order", self._sorted).on("tick", self._tick)
            for slot, content in (("header", HEAD), ("body-cell-number", LINK), ("body-cell-parents", PARENTS)):
                self._table.add_slot(slot, content)
            self._table.add_slot("body-cell-state", STATE)
            self._table.add_slot(f"body-cell-{TICK}", TICKS)
            with ui.row().classes("items-center").style("gap:4px 12px") as self._none:
                self._why = ui.label().classes("muted text-sm")
                self._all = ui.button("show all candidates", on_click=self._show_all)
                self._all.props("flat dense no-caps color=primary")
            with ui.row().classes("w-full items-center"):
                self._back = ui.button("previous", on_click=self._previous).props("flat dense no-caps color=primary")
                self._forth = ui.button("next", on_click=self._next).props("flat dense no-caps color=primary")
                self._place = ui.label("").classes("muted text-xs").props("role=status")
                ui.space()
                self._csv = ui.link("CSV", "").props("download").tooltip("all of these candidates, for a spreadsheet")
        self._ticked = Ticked("candidates", lambda ids: comparison(candidates=ids), self._untick)
        self._ticked.begin({one: one for one in listed(page_address.given().get(COMPARED, ""))})
        self._sheet.set_visibility(False)

    async def refresh(self, job: JobView) -> None:
        before, self._job = self._job, job
        if before is None:
            self._filters.fit(job)
        progress = (job.proposals, job.completed, job.failed, job.incumbent, job.final)
        if progress != self._drawn and (job.final or time.monotonic() >= self._rests_until):
            await self._draw()
            self._drawn = progress
        self._sheet.set_visibility(True)

    async def _draw(self) -> None:
        """An answer to what is no longer wanted is left aside."""
        job, query, cursor = self._job, self._query, self._cursors[-1]
        if job is None:
            return
        began = time.monotonic()
        page = await self._client.candidates_page(
            self._job_id, limit=PAGE, cursor=cursor, count=True, **query.asked(self._job_id)
        )
        ended = time.monotonic()
        if (query, cursor) == (self._query, self._cursors[-1]):
            self._rests_until = ended + RESTS * (ended - began)
            self._show(job, page)

    def _show(self, job: JobView, page: CandidatesPage) -> None:
        """What is as it was is not sent to the browser again."""
        shown = rows(job, page, self._ticked.ids)
        if self._query != self._told:
            self._tell(job)
        if shown != self._table.rows:
            self._table.rows = shown
        self._upcoming = page.next
        self._table.set_visibility(bool(shown))
        self._none.set_visibility(not shown)
        self._why.text = "" if shown else nothing(job, self._query)
        self._all.set_visibility(job.proposals > 0 and not self._query.narrows)
        self._back.set_enabled(len(self._cursors) > 1)
        self._forth.set_enabled(page.next is not None)
        self._place.text = place(page, self._query)

    def _tell(self, job: JobView) -> None:
        """What is asked for, in the head and the links of the table."""
        self._told = self._query
        self._table.columns = columns(job, self._query)
        self._sort.set_options(orders(job), value=self._query.sort)
        self._turn.text = "descending ▼" if self._query.descending else "ascending ▲"
        self._csv.props["href"] = f"/api/v1/jobs/{job.id}/candidates.csv?{_query_string(self._query, job.id)}"
        self._csv.update()

    async def _go(self, query: CandidateQuery) -> None:
        """Show other candidates; the address says which, so that it can be kept or sent to somebody."""
        if query == self._query:
            return
        self._query, self._cursors = query, [None]
        page_address.keep(query.parameters())
        await self._asked()

    async def _narrow(self, query: CandidateQuery) -> None:
        """In the order that the table has, of which the filters know nothing."""
        await self._go(replace(query, sort=self._query.sort, direction=self._query.direction))

    async def _sorted(self, event: GenericEventArguments) -> None:
        await self._go(self._query.sorted_by(str(event.args)))

    def _tick(self, event: GenericEventArguments) -> None:
        candidate, ticked = event.args
        self._ticked.tick(candidate, candidate, ticked=bool(ticked))
        self._mark()

    def _untick(self, _: str) -> None:
        self._mark()

    def _mark(self) -> None:
        """In the rows that are shown and in the address, so that others may be ticked on the pages of other jobs."""
        self._table.rows = [row | {TICK: row["id"] in self._ticked} for row in self._table.rows]
        page_address.keep({COMPARED: ",".join(self._ticked.ids)})

    async def _show_all(self) -> None:
        """By number, which those without a result have too."""
        await self._go(self._query.sorted_by("number"))

    async def _chosen(self) -> None:
        if self._sort.value and self._sort.value != self._query.sort:
            await self._go(self._query.sorted_by(self._sort.value))

    async def _next(self) -> None:
        self._cursors.append(self._upcoming)
        await self._asked()

    async def _previous(self) -> None:
        self._cursors.pop()
        await self._asked()

    async def _asked(self) -> None:
        try:
            await self._draw()
        except ApiError as error:
            ui.notify(f"The candidates cannot be read: {error}", type="warning")


def _query_string(query: CandidateQuery, job_id: str) -> str:
    asked = query.asked(job_id)
    return urlencode({name: str(value).lower() if isinstance(value, bool) else value for name, value in asked.items()})
