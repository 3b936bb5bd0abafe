"""The part of a job's page that shows what its search has been choosing: all genes, and one of them by its options."""

from __future__ import annotations

from typing import Any, cast

from nicegui import ui
from nicegui.events import EChartPointClickEventArguments

from nas_service.api.search_views import ChoicesView
from nas_service.api.views import JobView
from nas_service.client import AsyncClient

from .. import page_address
from ..chart import Chart
from ..theme import sheet
from . import generations
from .later import Later


class GenerationsPanel:
    """Read again when there are more trials. Which gene is shown by its options stays as the viewer left it."""

    def __init__(self, client: AsyncClient, job_id: str) -> None:
        self._client = client
        self._job_id = job_id
        self._shown: ChoicesView | None = None
        self._wanted = ""

    def build(self) -> None:
        self._wanted = page_address.given().get("gene", "")
        with sheet("Generations").classes("generations") as part:
            self._later = Later("What the search chose", self._read, part)
            with ui.element("div").classes("deep").props('tabindex="0" role="region"') as self._all:
                self._all.props["aria-label"] = "all choices"
                self._heat = Chart(f"Choices of {self._job_id}", on_point_click=self._pick_gene)
                self._amounts = Chart(f"Amounts of {self._job_id}", on_point_click=self._pick_trait)
            with ui.row().classes("items-center bar") as self._which:
                ui.label("Shares of the options of").classes("text-sm")
                self._select = ui.select([], on_change=self._picked).props(
                    'dense outlined options-dense color=primary aria-label="choice"'
                )
            self._one = Chart(f"Shares of a choice of {self._job_id}", height="280px")
            self._note = ui.label().classes("muted text-sm")
        for shown in (self._all, self._which, self._one, self._note):
            shown.set_visibility(False)

    async def refresh(self, job: JobView) -> None:
        self._later.look((job.trials, job.state), final=job.final)

    async def _read(self) -> str:
        """Draw what there is; what to say where there is nothing."""
        found = await self._client.choices(self._job_id)
        if found != self._shown:
            self._shown = found
            self._draw(found)
        return found.note or ("" if found.first else "No network has been tried yet: here will be what they chose.")

    def _draw(self, found: ChoicesView) -> None:
        there = bool(found.first and (found.genes or found.traits))
        for part in (self._all, self._which, self._one):
            part.set_visibility(there)
        self._note.text = generations.note(found)
        self._note.set_visibility(bool(there and self._note.text))
        if not there:
            return
        for chart, height in ((self._heat, len(found.genes)), (self._amounts, len(found.traits))):
            chart.set_visibility(bool(height))
            chart.style(f"{generations.height(height)}px")
        self._heat.show(generations.heat(found), lambda: generations.heat_rows(found))
        self._amounts.show(generations.amounts(found), lambda: generations.amount_rows(found))
        names = [gene.name for gene in found.genes] + [trait.name for trait in found.traits]
        if self._wanted not in names:
            self._wanted = generations.most_changed(found) or ""
        if self._select.options != names or self._select.value != self._wanted:
            self._select.set_options(names, value=self._wanted)
        self._draw_one()

    def _draw_one(self) -> None:
        found = self._shown
        if found is None:
            return
        gene = next((one for one in found.genes if one.name == self._wanted), None)
        trait = next((one for one in found.traits if one.name == self._wanted), None)
        if gene is not None:
            self._one.show(generations.shares(found, gene), lambda: generations.share_rows(found, gene))
        elif trait is not None:
            self._one.show(generations.course(found, trait), lambda: generations.amount_rows(found, trait))

    def _picked(self, _event: object) -> None:
        if self._select.value and self._select.value != self._wanted:
            self._wanted = self._select.value
            page_address.keep({"gene": self._wanted})
            self._draw_one()

    def _pick_gene(self, clicked: EChartPointClickEventArguments) -> None:
        if self._shown is not None:
            self._select.value = self._shown.genes[_row(clicked)].name

    def _pick_trait(self, clicked: EChartPointClickEventArguments) -> None:
        if self._shown is not None:
            self._select.value = self._shown.traits[_row(clicked)].name


def _row(clicked: EChartPointClickEventArguments) -> int:
    """Of the cell that was clicked."""
    data = cast("dict[str, Any] | list[Any]", clicked.data)
    return int((data["value"] if isinstance(data, dict) else data)[1])
