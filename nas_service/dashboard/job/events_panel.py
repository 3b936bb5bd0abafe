"""What happened in a job, on its page: newest first, with causes, and the logs of trials that failed; live."""

from __future__ import annotations

from typing import Final

from nicegui import ui

from nas_service.api.views import EventView, JobView
from nas_service.client import ApiError, AsyncClient
from nas_service.palette import themed

from ..theme import LINE, PAPER, address, sheet
from ..when import Ago
from .candidate_table import short
from .event_words import told
from .toggle import Toggle

KINDS: Final = {"ends": "everything", "failures": "failures", "job": "the job itself"}
NONE: Final = {"ends": "Nothing has happened yet.", "failures": "Nothing has failed.", "job": "Nothing yet."}
PAGE = 15  # rows, and how many more a click on "earlier" brings
MOST = 500
STYLE = f"""
.event {{ display: grid; grid-template-columns: 92px minmax(0, 1fr) auto; gap: 2px 16px; width: 100%; padding: 7px 0;
  border-top: 1px solid {LINE}; align-items: baseline; }}
.event > .log {{ grid-column: 1 / -1; }}
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
        self._rows: dict[int, _Row] = {}

    def build(self) -> None:
        ui.add_css(themed(STYLE))
        with sheet("Events").classes("events").style("gap:8px") as self._sheet:
            self._kinds = Toggle("events", "which events", KINDS, lambda: self._anew(PAGE))
            self._list = ui.column().classes("w-full").style("gap:0").props("role=log aria-live=off")
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
        self._events = events
        seen = {event.seq for event in events}
        free = [self._rows.pop(gone) for gone in self._rows.keys() - seen]
        for place, event in enumerate(events):
            if event.seq not in self._rows:
                self._rows[event.seq] = self._row(free)
                self._rows[event.seq].show(event, self._job_id)
                self._rows[event.seq].move(place)
        for row in free:
            row.delete()
        self._none.text = "" if events else NONE[self._kinds.value]
        self._none.set_visibility(not events)
        self._more.set_visibility(earlier and self._wanted < MOST)

    def _row(self, free: list[_Row]) -> _Row:
        """One whose event is no longer shown, or a new one."""
        if free:
            return free.pop()
        with self._list:
            return _Row(self._client)

    async def _further(self) -> None:
        await self._anew(min(MOST, self._wanted + PAGE))

    async def _anew(self, wanted: int) -> None:
        self._wanted, self._last = wanted, None
        try:
            await self._read()
        except ApiError as error:
            ui.notify(f"The events cannot be read: {error}", type="warning")


class _Row:
    """One event, and later another; the log of a trial is read when somebody wants to see it."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client
        self._log_of = ""
        with ui.element("div").classes("event text-sm") as self._box:
            self._at = Ago(0.0).classes("muted text-xs").style("white-space:nowrap")
            with ui.column().classes("text").style("gap:0"):
                with ui.row().classes("items-baseline").style("gap:0 8px"):
                    self._text = ui.label()
                    self._candidate = ui.link()
                self._cause = ui.label().classes("muted text-xs text")
            self._open = ui.button("log", on_click=self._unfold).props("flat dense no-caps size=sm color=primary")
            self._log = ui.label().classes("log").props("tabindex=0")

    def show(self, event: EventView, job_id: str) -> None:
        words = told(event)
        self._at.show(event.at)
        self._text.text = words.text
        self._text.classes(replace=words.tone)
        self._candidate.set_visibility(bool(words.candidate))
        if words.candidate:
            self._candidate.text = f"candidate {short(words.candidate)}"
            self._candidate.props["href"] = address(job_id, words.candidate)
        self._cause.text = words.cause
        self._cause.set_visibility(bool(words.cause))
        self._log_of, self._log.text = words.log_of, ""
        self._open.set_visibility(bool(words.log_of))
        self._fold(shown=False)

    def move(self, place: int) -> None:
        self._box.move(target_index=place)

    def delete(self) -> None:
        self._box.delete()

    def _fold(self, *, shown: bool) -> None:
        self._log.set_visibility(shown)
        self._open.props["aria-expanded"] = str(shown).lower()

    async def _unfold(self) -> None:
        """As text, whatever a worker has said."""
        trial, shown = self._log_of, not self._log.visible
        if shown and not self._log.text:
            log = await self._read(trial)
            if trial != self._log_of:  # the row has become that of another event
                return
            self._log.text = log
        self._fold(shown=shown)

    async def _read(self, trial: str) -> str:
        try:
            return await self._client.trial_log(trial)
        except ApiError as error:
            return f"The log cannot be read: {error}"
