"""One job in the list: what it is, how far, how good, how fast, and what can be done with it; changed in place."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from nicegui import ui

from nas_service.access import Caller
from nas_service.api.list_views import ListedJob

from ..job_actions import NAMES, offered
from ..job_words import described, pace
from ..theme import LINE, milliseconds, pill, reward, share
from ..when import Ago

HEADINGS = ("job", "state", "progress", "best reward", "its metric", "its latency")
STYLE = f"""
.job, .headings {{ display: grid; align-items: center; width: 100%; gap: 4px 20px;
  grid-template-columns: 24px minmax(0, 1fr) 84px 190px 84px 104px 84px 36px;
  grid-template-areas: "tick name state progress reward metric latency menu"; }}
.headings {{ border-bottom: 1px solid {LINE}; padding-bottom: 8px; }}
.job .caption {{ display: none; }}
.job > * {{ min-width: 0; gap: 0; }}
@media (max-width: 1000px) {{
  .headings {{ display: none; }}
  .job .caption {{ display: block; }}
  .job {{ grid-template-columns: 24px repeat(3, minmax(0, 1fr)) 24px; gap: 8px; align-items: start;
    grid-template-areas: "tick name name name menu" "progress progress progress state state"
      "reward reward metric latency latency"; }}
}}
"""

Act = Callable[[str, ListedJob], Awaitable[None]]
Tick = Callable[[ListedJob, bool], None]


def headings() -> None:
    """The names of the columns, where there is room for columns."""
    areas = ("name", "state", "progress", "reward", "metric", "latency")
    with ui.element("div").classes("headings muted text-xs"):
        for area, heading in zip(areas, HEADINGS, strict=True):
            ui.label(heading).style(f"grid-area:{area}")


class JobRow:
    """Built once for a job; `show` changes what is no longer so, and nothing that a pointer may be on is replaced."""

    def __init__(self, job: ListedJob, viewer: Caller, act: Act, tick: Tick, *, ticked: bool) -> None:
        self._job = job
        self._viewer = viewer
        with ui.element("div").classes("job") as self._element:
            self._tick = ui.checkbox(value=ticked, on_change=lambda e: tick(self._job, e.value))
            self._tick.style("grid-area:tick").props(f'dense color=primary aria-label="compare {job.id}"')
            self._build_name()
            self._state = ui.element("div").style("grid-area:state;justify-self:start")
            self._build_progress()
            self._reward, _ = _figure("reward", "best reward")
            self._metric, self._metric_name = _figure("metric", "its metric")
            self._latency, _ = _figure("latency", "its latency")
            self._build_menu(act)
        self._shown_state = ""
        self.show(job)

    def _build_name(self) -> None:
        with ui.column().style("grid-area:name"):
            ui.link(self._job.name, f"/jobs/{self._job.id}").style("font-weight:500;overflow-wrap:anywhere")
            self._facts = Ago(self._job.created_at).classes("muted text-xs").style("overflow-wrap:anywhere")
            self._reason = ui.label().classes("muted text-xs").style("overflow-wrap:anywhere")

    def _build_progress(self) -> None:
        with ui.column().style("grid-area:progress;gap:2px"):
            self._bar = ui.linear_progress(0, show_value=False, size="6px").props("rounded color=primary")
            self._bar.props(f'aria-label="progress of {self._job.id}"')
            self._done = ui.label().classes("muted text-xs")
            self._pace = ui.label().classes("muted text-xs")

    def _build_menu(self, act: Act) -> None:
        async def chosen(name: str) -> None:
            await act(name, self._job)

        self._button = (
            ui.button(icon="more_vert", color=None).props("flat round dense").classes("muted").style("grid-area:menu")
        )
        self._button.props(f'aria-label="actions on {self._job.id}"')
        with self._button, ui.menu():
            self._actions = {name: ui.menu_item(name, partial(chosen, name)).props("role=menuitem") for name in NAMES}

    def show(self, job: ListedJob) -> None:
        """The job as it is now."""
        self._job = job
        self._facts.show(job.created_at, described(job))
        self._reason.text = job.reason
        self._reason.set_visibility(bool(job.reason))
        self._show_state(job)
        done = job.completed + job.failed
        self._bar.value = min(1.0, done / job.trials_budget)
        self._done.text = f"{done:,} of {job.trials_budget:,} trials"
        self._pace.text = pace(job)
        self._reward.text = reward(job.best_reward)
        self._metric.text = share(job.best_value)
        self._metric_name.text = "" if job.best_value is None else job.metric
        self._latency.text = "–" if job.best_latency_ms is None else f"{milliseconds(job.best_latency_ms)} ms"
        self._show_actions(job)

    def _show_state(self, job: ListedJob) -> None:
        if job.state == self._shown_state:
            return
        self._shown_state = job.state
        self._reason.classes(add="danger" if job.state == "failed" else "muted", remove="danger muted")
        self._state.clear()
        with self._state:
            pill(job.state)

    def _show_actions(self, job: ListedJob) -> None:
        possible = offered(job, self._viewer)
        self._button.set_visibility(bool(possible))
        for name, item in self._actions.items():
            item.set_visibility(name in possible)

    def untick(self) -> None:
        self._tick.value = False

    def move(self, place: int) -> None:
        self._element.move(target_index=place)

    def delete(self) -> None:
        self._element.delete()


def _figure(area: str, caption: str) -> tuple[ui.label, ui.label]:
    """A value and what stands below it."""
    with ui.column().style(f"grid-area:{area}"):
        ui.label(caption).classes("caption muted text-xs")
        value = ui.label()
        return value, ui.label().classes("muted text-xs").style("overflow-wrap:anywhere")
