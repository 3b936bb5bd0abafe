"""The fields above the table of candidates that narrow it. What a field cannot mean, it says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict, replace
from typing import Any, Final

from nicegui import ui
from nicegui.elements.mixins.value_element import ValueElement

from nas_service.api.views import JobView

from .candidate_query import ARMS, STATES, CandidateQuery, valid

Go = Callable[[CandidateQuery], Awaitable[None]]

NO_NUMBER: Final = "a number, such as 0.3 or 1.2M"
NO_ID: Final = "letters, digits and dots"


class CandidateFilters:
    """Calls `go` with what is then wanted. The rarer ones are behind a button, which counts those that are set."""

    def __init__(self, query: CandidateQuery, go: Go) -> None:
        self._query = query
        self._go = go
        self._fields: dict[str, ValueElement[Any]] = {}
        with ui.row().classes("w-full items-start").style("gap:8px 12px"):
            self._text("candidate", "candidate", NO_ID)
            self._choice("state", "state", "any state", STATES)
            self._feasible()
            self._more = ui.button(on_click=self._fold).props("flat dense no-caps color=primary padding='8px 10px'")
            self._clear = ui.button("clear", on_click=self._cleared).props(
                "flat dense no-caps color=primary padding='8px 10px'"
            )
        with ui.element("div").classes("fields") as self._rarer:
            self._text("value_min", "metric at least", NO_NUMBER)
            self._text("latency_ms_max", "latency at most, ms", NO_NUMBER)
            self._text("params_max", "parameters at most", NO_NUMBER)
            self._text("macs_max", "MACs at most", NO_NUMBER)
            self._text("parent", "child of", NO_ID)
            self._choice("arm", "brought by", "search or control", ARMS)
        self._rarer.set_visibility(bool(self._set_among_rarer()))
        self._tell()

    def fit(self, job: JobView) -> None:
        """Leave out what this job has not."""
        self._fields["value_min"].props["label"] = f"{job.metric} at least"
        self._fields["latency_ms_max"].set_visibility(job.device is not None)
        self._fields["arm"].set_visibility(job.spec.get("control") is not None)
        self._fields["value_min"].update()

    def _text(self, name: str, label: str, otherwise: str) -> None:
        field = ui.input(
            label,
            value=getattr(self._query, name),
            on_change=self._changed(name),
            validation={otherwise: lambda text: valid(name, (text or "").strip())},
        )
        field.props("outlined dense clearable debounce=300 color=primary hide-bottom-space").style(
            "flex:1 1 130px;max-width:260px"
        )
        self._fields[name] = field

    def _choice(self, name: str, label: str, everything: str, choices: tuple[str, ...]) -> None:
        options = {"": everything, **{choice: choice for choice in choices}}
        field = ui.select(options, value=getattr(self._query, name), label=label, on_change=self._changed(name))
        field.props("outlined dense options-dense color=primary").style("flex:1 1 130px;max-width:260px")
        self._fields[name] = field

    def _feasible(self) -> None:
        field = ui.checkbox("within limits", value=bool(self._query.feasible), on_change=self._changed("feasible"))
        self._fields["feasible"] = field.props("dense color=primary").style("padding:9px 4px")

    def _changed(self, name: str) -> Callable[[Any], Awaitable[None]]:
        async def changed(event: Any) -> None:
            value = ("yes" if event.value else "") if name == "feasible" else (event.value or "").strip()
            if valid(name, value) and value != getattr(self._query, name):
                self._query = replace(self._query, **{name: value})
                self._tell()
                await self._go(self._query)

        return changed

    async def _cleared(self) -> None:
        """The fields change without asking for one list after another."""
        self._query = self._query.cleared()
        for name, field in self._fields.items():
            field.value = False if name == "feasible" else getattr(self._query, name)
        self._tell()
        await self._go(self._query)

    def _fold(self) -> None:
        self._rarer.set_visibility(not self._rarer.visible)
        self._tell()

    def _tell(self) -> None:
        counted = self._set_among_rarer()
        told = "fewer filters" if self._rarer.visible else "more filters"
        self._more.text = f"{told} ({counted})" if counted else told
        self._more.props["aria-expanded"] = str(self._rarer.visible).lower()
        self._clear.set_visibility(bool(self._query.narrows))

    def _set_among_rarer(self) -> int:
        rarer = ("value_min", "latency_ms_max", "params_max", "macs_max", "parent", "arm")
        return sum(bool(value) for name, value in asdict(self._query).items() if name in rarer)
