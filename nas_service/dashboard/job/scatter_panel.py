"""The part of a job's page that shows accuracy against latency, with the Pareto front, the limit and a selection."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, cast

from nicegui import ui
from nicegui.events import EChartPointClickEventArguments, GenericEventArguments

from nas_service.api.views import JobView
from nas_service.client import ApiError, AsyncClient
from nas_service.window import Window

from .. import page_address
from ..axes import LATENCY
from ..chart import Chart, Rows
from ..once import once
from ..theme import address, choice_button
from . import scatter, scatter_change
from .contours import Rule, contours
from .scatter import Dot, Picture
from .scatter_points import ScatterPoints
from .scatter_selection import Selection
from .scatter_view import ScatterView

MOST = 2000  # points drawn of all candidates, and again so many of a window that is zoomed to or selected
GROWN = 100  # an update for every so many-th part of the candidates
LOOKS = 5  # refreshes, after which fewer new candidates are an update too
SEEN = """() => {
    const [x, y] = getElement(%d).chart.getOption().dataZoom;
    const all = [x, y].every(zoom => zoom.start <= 0 && zoom.end >= 100);
    emit(all ? null : [x.startValue, x.endValue, y.startValue, y.endValue]);
}"""
NONE = "No candidate was evaluated in full."
NONE_YET = "No candidate has been evaluated in full yet: each appears here as its trial ends."
BY_HAND = "or turn the wheel over the chart with Ctrl held, or pinch; drag to move"
FRAMED = "event => emit(event.areas.map(area => area.coordRange))"


class ScatterPanel:
    """Draws what of the picture has changed. What the viewer looks at stands in the page's address."""

    def __init__(self, client: AsyncClient, job_id: str) -> None:
        self._client = client
        self._job_id = job_id
        self._job: JobView | None = None
        self._drawn = -1  # completed candidates
        self._looks = 0  # since then
        self._points = ScatterPoints(client, job_id, MOST)
        self._dots: Mapping[str, Dot] = {}
        self._selected = 0  # candidates in the window that is selected, drawn or not
        self._framing = False

    def build(self) -> None:
        self._view = ScatterView.of(page_address.given())
        with ui.column().classes("sheet") as self._sheet:
            self._empty = ui.label().classes("muted text-sm")
            self._body = ui.column().classes("w-full").style("gap:8px")
        with self._body:
            self._build_buttons()
            self._note = ui.label().classes("muted text-xs")
            self._whole = Chart(f"Candidates of {self._job_id}", on_point_click=self._open).classes("scatter")
            self._selection = Selection(self._job_id, self._clear)
        self._chart = self._whole.plot
        self._chart.on("chart:datazoom", self._zoomed, js_handler=SEEN % self._chart.id, throttle=0.3)
        self._chart.on("chart:brushEnd", self._framed, js_handler=FRAMED)
        self._chart.on("behind", self._chart.update, [])
        self._sheet.set_visibility(False)

    def _build_buttons(self) -> None:
        with ui.row().classes("w-full items-center justify-between").style("gap:6px 16px"):
            with ui.row().style("gap:6px"):
                self._frame = _choice(
                    "select", lambda: self._let_frame(on=not self._framing), "draw a frame around candidates"
                )
                _choice("select what is seen", self._take_seen)
                self._contours = _choice("reward contours", self._turn_contours)
                self._errors = _choice("error bars", self._turn_errors)
            with ui.row().style("gap:6px"):
                self._out = _choice("zoom out", self._wider)
                _choice("zoom in", self._closer, BY_HAND)

    async def refresh(self, job: JobView) -> None:
        self._looks += 1
        self._job = job
        if self._is_due(job):
            await self._read(anew=True)
            self._drawn, self._looks = job.completed, 0
            self._draw()

    def _is_due(self, job: JobView) -> bool:
        """Whether there is something new; of many candidates a few more may wait."""
        grown = job.completed - self._drawn
        if grown and (job.final or self._drawn < GROWN or grown >= self._drawn // GROWN):
            return True
        if not job.final:  # an answer of a large job may have been of a moment before
            return self._looks >= LOOKS
        awaits = job.spec.get("measure") is not None
        whole = self._points.whole
        return awaits and self._looks >= LOOKS and whole is not None and not whole.measured.at

    async def _read(self, *, anew: bool) -> None:
        """The candidates, and more of the windows that are looked at where these are only some of many."""
        view = self._view
        await self._points.look(filter(None, (view.zoom, view.selected)), anew=anew)
        if view == self._view:  # else somebody who reads for another one comes after this
            self._dots = self._points.dots
            more = self._points.of(view.selected) if view.selected else None
            self._selected = more.matching if more else len(scatter.inside(self._dots.values(), view.selected))

    def _draw(self) -> None:
        job, points, view = self._job, self._points.whole, self._view
        if job is None or points is None:
            return
        self._sheet.set_visibility(True)
        self._body.set_visibility(bool(self._dots))
        self._empty.set_visibility(not self._dots)
        self._empty.text = NONE if job.final else NONE_YET
        limit = job.limits.get(job.cost)
        shown, options = _drawn(self._dots, job.cost, job.metric, limit, Rule.of(job.spec), view)
        self._send(options, lambda: scatter.rows(shown))
        drawn, of = len(self._dots), points.total
        self._note.text = f"{drawn:,} of {of:,} candidates are drawn, those that stand alone and the front among them"
        self._note.set_visibility(drawn < of)
        self._contours.set_visibility(Rule.of(job.spec) is not None)
        self._errors.set_visibility(job.cost == LATENCY and any(dot.error for dot in shown.dots))
        for button, pressed in ((self._contours, view.contours), (self._errors, view.errors)):
            button.props["aria-pressed"] = str(pressed).lower()
        self._out.props["disabled"] = view.zoom is None
        chosen = scatter.inside(shown.dots, view.selected) if view.selected else None
        self._selection.show(chosen, job.cost, job.metric, self._selected)

    def _send(self, options: dict[str, Any], rows: Rows) -> None:
        """All at first, then only what has changed."""
        before = self._whole.options
        if before is None:
            self._whole.show(options, rows)
        elif (changed := scatter_change.change(before, options)) is not None:
            told = _told(self._whole.dressed(changed))
            self._whole.change(options, rows, f"({scatter_change.APPLY})(getElement({self._chart.id}), {told})")

    async def _look(self, view: ScatterView) -> None:
        """Look at it in another way, as the address has it."""
        view = ScatterView.of(view.query())
        closer = view.zoom != self._view.zoom or view.selected != self._view.selected
        self._view = view
        page_address.keep(view.query())
        if closer:
            try:
                await self._read(anew=False)
            except ApiError as error:
                ui.notify(str(error), type="warning")
        self._draw()

    async def _turn_contours(self) -> None:
        await self._look(replace(self._view, contours=not self._view.contours))

    async def _turn_errors(self) -> None:
        await self._look(replace(self._view, errors=not self._view.errors))

    async def _closer(self) -> None:
        points = [(dot.cost, dot.value) for dot in self._dots.values()]
        await self._zoom(lambda whole: self._view.closer(whole, points))

    async def _wider(self) -> None:
        await self._zoom(self._view.wider)

    async def _zoom(self, changed: Callable[[Window], ScatterView]) -> None:
        if (whole := scatter.whole(list(self._dots.values()))) is None:
            return
        view = changed(whole)
        self._do("dataZoom", batch=scatter.zoomed(view.zoom))
        await self._look(view)

    async def _zoomed(self, event: GenericEventArguments) -> None:
        """The viewer zoomed by hand, or what this page did has come to pass."""
        zoom = None if event.args is None else Window(*event.args)
        if (zoom and zoom.text) != (self._view.zoom and self._view.zoom.text):
            await self._look(replace(self._view, zoom=zoom))

    def _let_frame(self, *, on: bool) -> None:
        self._framing = on
        self._frame.props["aria-pressed"] = str(on).lower()
        option = {"brushType": "rect" if on else False, "brushMode": "single"}
        self._do("takeGlobalCursor", key="brush", brushOption=option)

    async def _framed(self, event: GenericEventArguments) -> None:
        """The viewer has drawn a frame; in its place the chart shows what is selected."""
        self._do("brush", areas=[])
        self._let_frame(on=False)
        if event.args:
            (left, right), (low, high) = event.args[0]
            await self._look(replace(self._view, selected=Window(left, right, low, high)))

    async def _take_seen(self) -> None:
        window = self._view.zoom or scatter.whole(list(self._dots.values()))
        await self._look(replace(self._view, selected=window))

    async def _clear(self) -> None:
        await self._look(replace(self._view, selected=None))

    def _do(self, kind: str, **given: Any) -> None:
        self._chart.run_chart_method("dispatchAction", {"type": kind, **given})

    def _open(self, clicked: EChartPointClickEventArguments) -> None:
        """The page of the candidate whose point was clicked."""
        *_, candidate_id = cast("tuple[float, float, str]", clicked.data)
        ui.navigate.to(address(self._job_id, candidate_id))


@once
def _drawn(
    dots: Mapping[str, Dot], cost: str, metric: str, limit: float | None, rule: Rule | None, view: ScatterView
) -> tuple[Picture, dict[str, Any]]:
    """What is shown, and what ECharts is to draw."""
    shown, lines = list(dots.values()), []
    seen = view.zoom or scatter.whole(shown)
    if view.contours and rule is not None and seen is not None:
        lines = contours(rule, seen)
    picture = Picture(shown, cost, metric, limit, lines, view.errors, view.selected)
    return picture, scatter.options(picture, view.zoom)


@once
def _told(changed: Mapping[str, Any]) -> str:
    return json.dumps(changed, allow_nan=False)


def _choice(name: str, clicked: Callable[[], object], hint: str = "") -> ui.element:
    button = choice_button(name)
    if hint:
        button.props["title"] = hint
    return button.on("click", clicked, [])
