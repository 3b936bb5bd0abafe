"""The page at `/compare`: jobs and candidates beside each other, by fronts, measures, architectures and specs."""

from __future__ import annotations

from typing import Any, cast

from nicegui import ui
from nicegui.events import EChartPointClickEventArguments, GenericEventArguments

from nas_service.access import Caller
from nas_service.api.comparison_views import MOST, JobsComparison
from nas_service.client import ApiError
from nas_service.palette import themed

from ..candidate.picture import STYLE as OF_PICTURES
from ..chart import Chart
from ..part import Part, trouble
from ..saving import save_button, save_numbers, save_row
from ..serving.following import follow
from ..serving.live import LiveClient, topic_of
from ..theme import address, frame, sheet
from . import front_chart, matrix
from .compared import frame_told, specs, standing
from .folded import Folded
from .measures import Network, measures, rows
from .networks import Drawn, Measured, draw_measures, draw_pictures, measured, ops
from .reading import Beside, Reading
from .wanted import Wanted

STYLE = f"""
.compared {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 230px), 1fr)); gap: 16px; }}
.compared-name {{ font-weight: 500; overflow-wrap: anywhere; display: -webkit-box; overflow: hidden;
  -webkit-line-clamp: 2; -webkit-box-orient: vertical; }}
.compared-name.muted {{ font-weight: 400; }}
.compared-pictures {{ display: grid; gap: 28px 24px; width: 100%;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 320px), 1fr)); }}
{OF_PICTURES}
.compared-pictures .of-service img {{ max-width: 100%; height: auto; zoom: 1; }}
{matrix.STYLE}
"""
TYPED = """() => {  // with the event itself: what is typed before a page is connected may reach the service later
    const field = getHtmlElement(%d);
    emit((field.matches('input') ? field : field.querySelector('input')).value);
}"""


class ComparePage:
    """One viewer's page. `refresh` looks again, and draws anew what has changed."""

    def __init__(self, client: LiveClient, wanted: Wanted, viewer: Caller) -> None:
        self._client = client
        self._named, self._wanted = wanted, wanted.compared
        self._viewer = viewer
        self._reading = Reading(client, self._wanted)
        self._beside: Beside | None = None

    async def build(self) -> None:
        with frame("Compare", self._viewer):
            ui.add_css(themed(STYLE))
            self._build_head()
            self._trouble = trouble()
            self._gone: Part[dict[str, str]] = Part(self._draw_gone)
            self._empty: Part[str] = Part(_draw_empty)
            self._note: Part[tuple[str, bool]] = Part(_draw_note)
            self._jobs: Part[JobsComparison] = Part(self._draw_jobs)
            self._chart = Chart("Pareto fronts compared", height="440px", on_point_click=self._open).classes("sheet")
            self._measures: Part[Measured] = Part(self._draw_measures)
            self._pictures: Part[tuple[Drawn, ...]] = Part(draw_pictures)
            self._ops = Folded("ops", "Op by op")
            self._specs = Folded("specs", "Specs", code=True)
        self._chart.set_visibility(False)
        topics = [*self._wanted.jobs, *(topic_of(f"/candidates/{one}") for one in self._wanted.candidates)]
        await follow(self._client, self.refresh, topics)

    def _build_head(self) -> None:
        with ui.row().classes("w-full items-center").style("gap:8px 16px"):
            ui.label("Compare").classes("text-xl")
            ui.space()
            if len(self._wanted.ids) < MOST:
                self._build_field()
            ui.link("all jobs", "/")
        if left := self._named.without(self._wanted.ids).ids:
            told = f"At most {MOST} are compared. Left out: {', '.join(left)}."
            ui.label(told).classes("warning text-sm text")

    def _build_field(self) -> None:
        with ui.row().classes("items-center no-wrap").style("gap:12px;flex:0 1 320px"):
            field = ui.input(placeholder="id of a job or candidate")
            field.props('outlined dense color=primary aria-label="id of a job or candidate"')
            field.style("flex:1 1 180px;min-width:0").on("keydown.enter", self._add, js_handler=TYPED % field.id)
            button = ui.button("add").on("click", self._add, js_handler=TYPED % field.id)
            button.props("outline dense no-caps color=primary").style("padding:2px 14px")

    def _add(self, typed: GenericEventArguments) -> None:
        if one := str(typed.args or "").strip():
            ui.navigate.to(self._wanted.having(one).address)

    async def refresh(self) -> None:
        """A moment without an answer leaves the page as it is, and says so."""
        try:
            beside = await self._reading.look()
        except ApiError as error:
            self._trouble.show(f"This page is no longer up to date: {error}")
            return
        self._trouble.hide()
        self._gone.show(self._reading.gone)
        self._beside = beside
        if beside is None:
            self._show_nothing()
        else:
            self._show(beside)

    def _show_nothing(self) -> None:
        shown: tuple[Part[Any] | Folded, ...] = (self._note, self._jobs, self._measures, self._pictures)
        for part in (*shown, self._ops, self._specs):
            part.hide()
        self._chart.set_visibility(False)
        self._empty.show("Nothing to compare yet.")

    def _show(self, beside: Beside) -> None:
        jobs, networks = beside.jobs, beside.networks
        drawn = tuple(map(Drawn.of, networks))
        self._empty.show("One so far. Add another to compare it with." if len(self._wanted.ids) < 2 else "")
        self._note.show((jobs.note, not jobs.comparable))
        self._jobs.show(jobs)
        self._draw_fronts(jobs, networks)
        self._measures.show(measured(networks, measures(networks) if networks else (), jobs))
        self._pictures.show(drawn)
        if lines := ops(drawn):
            self._ops.show(drawn, lines)
        else:
            self._ops.hide()
        self._specs.show(jobs.differences, specs(jobs))

    def _draw_gone(self, gone: dict[str, str]) -> None:
        if not gone:
            return
        with ui.column().style("gap:2px"):
            for why in gone.values():
                ui.label(why).classes("danger text")
            rest = self._wanted.without(gone)
            if rest.ids:
                ui.link("compare the others", rest.address)

    def _draw_jobs(self, found: JobsComparison) -> None:
        with ui.element("div").classes("w-full compared"):
            for place, one in enumerate(found.jobs):
                standing(place, one, found, self._wanted)
        if told := frame_told(found):
            ui.label(told).classes("muted text-sm")

    def _draw_fronts(self, found: JobsComparison, networks: tuple[Network, ...]) -> None:
        shown = found.comparable and any(one.front.id for one in found.jobs)
        self._chart.set_visibility(shown)
        if shown:
            self._chart.show(front_chart.options(found.jobs, networks), lambda: front_chart.rows(found.jobs))

    def _draw_measures(self, shown: Measured) -> None:
        with sheet("Networks"):
            if not shown.networks:
                ui.label("No job has a result in full yet.").classes("muted")
                return
            draw_measures(shown, self._wanted)
            with save_row():
                save_button("measures of the networks", "CSV").on("click", self._save)

    def _save(self) -> None:
        if self._beside is not None:
            save_numbers("measures of the networks", rows(self._beside.networks))

    def _open(self, clicked: EChartPointClickEventArguments) -> None:
        """The page of the candidate whose point was clicked."""
        _, _, candidate_id, *_ = cast("tuple[float, float, str]", clicked.data)
        ui.navigate.to(address(topic_of(f"/candidates/{candidate_id}"), candidate_id))


def _draw_note(shown: tuple[str, bool]) -> None:
    note, wrong = shown
    if note:
        ui.label(note).classes("danger text" if wrong else "muted text")


def _draw_empty(told: str) -> None:
    if not told:
        return
    with sheet(told):
        ui.label(
            "Tick some jobs in the list of jobs, or some candidates in the table on a job's page, and press compare; "
            f"or type an id above. Up to {MOST} of them, of several jobs too, stand beside each other."
        ).classes("muted").style("max-width:760px")
        ui.link("all jobs", "/")
