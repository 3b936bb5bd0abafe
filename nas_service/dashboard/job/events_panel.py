"""What happened in a job, on its page: newest first, with causes, and the logs of trials that failed; live."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from nicegui import ui
from nicegui.events import GenericEventArguments

from nas_service.api.views import EventView, JobView
from nas_service.client import ApiError, AsyncClient
from nas_service.palette import themed

from ..theme import ACCENT, LINE, PAPER, address, sheet
from ..when import ago, utc
from .candidate_table import short
from .event_words import told
from .toggle import Toggle

KINDS: Final = {"ends": "everything", "failures": "failures", "job": "the job itself"}
NONE: Final = {"ends": "Nothing has happened yet.", "failures": "Nothing has failed.", "job": "Nothing yet."}
PAGE = 15  # rows, and how many more a click on "earlier" brings
MOST = 500
ROW: Final = """
<div class="event text-sm">
  <time class="muted text-xs" data-before="" :datetime="props.row.at">{{ props.row.ago }}</time>
  <div class="text">
    <span :class="props.row.tone">{{ props.row.text }}</span>
    <a v-if="props.row.candidate" :href="props.row.page">candidate {{ props.row.candidate }}</a>
    <div v-if="props.row.cause" class="muted text-xs text">{{ props.row.cause }}</div>
  </div>
  <button v-if="props.row.log_of" type="button" class="unfold" :aria-expanded="props.row.log !== null"
    @click="$parent.$emit('log', props.row.log_of)">log</button>
  <div v-if="props.row.log !== null" class="log" tabindex="0">{{ props.row.log }}</div>
</div>
"""
STYLE = f"""
.event {{ display: grid; grid-template-columns: 92px minmax(0, 1fr) auto; gap: 2px 16px; width: 100%; padding: 7px 0;
  border-top: 1px solid {LINE}; align-items: baseline; }}
.event > .log {{ grid-column: 1 / -1; }}
.event > time {{ white-space: nowrap; }}
.event a {{ margin-left: 8px; }}
.unfold {{ background: none; border: none; padding: 0 8px; font: inherit; font-size: 12px; color: {ACCENT};
  cursor: pointer; }}
.log {{ font-family: ui-monospace, monospace; font-size: 12px; line-height: 1.6; white-space: pre-wrap;
  overflow-wrap: anywhere; background: {PAPER}; border: 1px solid {LINE}; border-radius: 6px; padding: 8px 12px;
  max-height: 280px; overflow-y: auto; width: 100%; margin: 4px 0; }}
@media (max-width: 600px) {{ .event {{ grid-template-columns: 64px minmax(0, 1fr) auto; gap: 2px 8px; }} }}
"""


class EventsPanel:
    """`refresh` reads what has happened since the newest event that is shown."""

    def __init__(self, client: AsyncClient, job_id: str) -> None:
        self._client = client
        self._job_id = job_id
        self._wanted = PAGE
        self._last: int | None = None  # the newest event that there was, of whatever kind; None: nothing was read
        self._events: list[EventView] = []
        self._logs: dict[str, str] = {}  # those that are unfolded, by trial

    def build(self) -> None:
        ui.add_css(themed(STYLE))
        with sheet("Events").classes("events").style("gap:8px") as self._sheet:
            self._kinds = Toggle("events", "which events", KINDS, lambda: self._anew(PAGE))
            self._list = ui.table(rows=[], row_key="seq").classes("w-full").on("log", self._unfold)
            self._list.props("grid flat hide-header hide-no-data role=log aria-live=off").add_slot("item", ROW)
            self._none = ui.label().classes("muted text-sm")
            self._more = ui.button("earlier", on_click=self._further).props("flat dense no-caps color=primary")
        self._more.set_visibility(False)
        self._sheet.set_visibility(False)

    async def refresh(self, job: JobView) -> None:
        if job.id == self._job_id:
            await self._read()
            self._sheet.set_visibility(True)

    async def _read(self) -> None:
        """What is new since the last time; everything where nothing was read, or where more is new than is shown."""
        kind, last = self._kinds.value, self._last
        page = await self._client.history_page(self._job_id, kind=kind, after=last or 0, limit=self._wanted)
        if (kind, last) != (self._kinds.value, self._last):
            return
        whole = last is None or page.next is not None
        events = page.items if whole else [*page.items, *self._events]
        earlier = page.next is not None if whole else self._more.visible or len(events) > self._wanted
        self._last = page.last
        self._show(events[: self._wanted], earlier=earlier)

    def _show(self, events: list[EventView], *, earlier: bool) -> None:
        if events != self._events:
            self._events = events
            self._draw()
        self._none.text = "" if events else NONE[self._kinds.value]
        self._none.set_visibility(not events)
        self._more.set_visibility(earlier and self._wanted < MOST)

    def _draw(self) -> None:
        self._list.props["rows"] = rows(self._job_id, self._events, self._logs)

    async def _further(self) -> None:
        await self._anew(min(MOST, self._wanted + PAGE))

    async def _anew(self, wanted: int) -> None:
        self._wanted, self._last = wanted, None
        try:
            await self._read()
        except ApiError as error:
            ui.notify(f"The events cannot be read: {error}", type="warning")

    async def _unfold(self, clicked: GenericEventArguments) -> None:
        """Show the log of a trial, or hide it again."""
        trial = str(clicked.args)
        if self._logs.pop(trial, None) is None and any(told(event).log_of == trial for event in self._events):
            try:
                self._logs[trial] = await self._client.trial_log(trial)
            except ApiError as error:
                self._logs[trial] = f"The log cannot be read: {error}"
        self._draw()


def rows(job_id: str, events: Sequence[EventView], logs: Mapping[str, str]) -> tuple[dict[str, Any], ...]:
    """As text, whatever a worker has said. A tuple, which NiceGUI sends as it is; a list it would watch."""
    return tuple(_row(job_id, event, logs) for event in events)


def _row(job_id: str, event: EventView, logs: Mapping[str, str]) -> dict[str, Any]:
    words = told(event)
    return {
        "seq": event.seq,
        "at": utc(event.at).isoformat(),
        "ago": ago(event.at),
        "text": words.text,
        "tone": words.tone,
        "cause": words.cause,
        "candidate": short(words.candidate),
        "page": address(job_id, words.candidate),
        "log_of": words.log_of,
        "log": logs.get(words.log_of) if words.log_of else None,
    }
