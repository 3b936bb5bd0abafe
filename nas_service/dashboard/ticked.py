"""What a viewer has ticked, on whatever page of a list, and the way to compare it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from nicegui import ui

from nas_service.api.comparison_views import MOST
from nas_service.palette import themed

from .theme import LINE

FEWEST = 2
STYLE = f"""
.ticked {{ position: sticky; bottom: 0; z-index: 1; border-top: 2px solid {LINE}; align-items: center; gap: 4px 16px; }}
"""


class Ticked:
    """A bar at the foot of the window, there once one is ticked. `untick` is called for each that it lets go.

    `kind` is what they are, several of them, `there` the page that compares those of these ids.
    """

    def __init__(self, kind: str, there: Callable[[Sequence[str]], str], untick: Callable[[str], None]) -> None:
        self._kind, self._there, self._untick = kind, there, untick
        self._names: dict[str, str] = {}
        ui.add_css(themed(STYLE))
        with ui.row().classes("sheet ticked") as self._bar:
            self._told = ui.label().style("flex:1 1 200px;min-width:0;overflow-wrap:anywhere")
            ui.button("clear", on_click=self._clear).props("flat dense no-caps color=primary")
            self._go = ui.button("compare", on_click=self._compare).props("unelevated no-caps color=primary")
        self._draw()

    def __contains__(self, id_: str) -> bool:
        return id_ in self._names

    @property
    def ids(self) -> tuple[str, ...]:
        """In the order in which they were ticked."""
        return tuple(self._names)

    def begin(self, names: Mapping[str, str]) -> None:
        """These are ticked from the first, as an address says."""
        self._names = dict(names)
        self._draw()

    def tick(self, id_: str, name: str, *, ticked: bool) -> None:
        if ticked:
            self._names[id_] = name
        else:
            self._names.pop(id_, None)
        self._draw()

    def _draw(self) -> None:
        self._bar.set_visibility(bool(self._names))
        self._told.text = told(list(self._names.values()), self._kind)
        self._go.set_enabled(FEWEST <= len(self._names) <= MOST)

    def _clear(self) -> None:
        for id_ in self.ids:
            self._names.pop(id_)
            self._untick(id_)
        self._draw()

    def _compare(self) -> None:
        ui.navigate.to(self._there(self.ids))


def told(names: Sequence[str], kind: str) -> str:
    """Which are ticked, and what is missing to compare them."""
    if len(names) < FEWEST:
        return f"{', '.join(names)}: tick another one to compare them"
    if len(names) > MOST:
        return f"{len(names)} {kind} are ticked; at most {MOST} are compared"
    return ", ".join(names)
