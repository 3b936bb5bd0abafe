"""A table of a comparison that shows the lines which differ and, if wanted, those that do not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nicegui import ui

from .. import page_address
from ..part import Part
from ..theme import sheet
from .matrix import Cell, Row, matrix

ALL = "all"


@dataclass(frozen=True)
class Lines:
    """`rows` are drawn below `heads`; of those that do not differ, `differing` is false. `told` is a summary."""

    heads: Sequence[Cell]
    rows: Sequence[Row]
    differing: Sequence[bool]
    told: str


class Folded:
    """`name` is what the address calls it, so that who passes it on shows others the same lines."""

    def __init__(self, name: str, caption: str, *, code: bool = False) -> None:
        self._name, self._caption, self._code = name, caption, code
        self._about: object = None
        self._lines: Lines | None = None
        with sheet(caption) as self._sheet:
            with ui.row().classes("w-full items-center").style("gap:4px 20px"):
                self._told = ui.label().classes("muted text-sm").style("flex:1 1 260px;min-width:0")
                self._switch = ui.switch("equal lines too", value=page_address.given().get(name) == ALL)
                self._switch.props(f'dense color=primary aria-label="{caption}: equal lines too"')
                self._switch.on_value_change(self._turn)
            self._table: Part[tuple[object, bool]] = Part(self._draw)
        self.hide()

    def show(self, about: object, lines: Lines) -> None:
        """`about` is what the lines say: where it is as it was, nothing is drawn."""
        self._about, self._lines = about, lines
        self._told.text = lines.told
        self._switch.set_visibility(not all(lines.differing))
        self._table.show((about, bool(self._switch.value)))
        self._sheet.set_visibility(True)

    def hide(self) -> None:
        self._sheet.set_visibility(False)

    def _turn(self) -> None:
        page_address.keep({self._name: ALL if self._switch.value else ""})
        if self._lines is not None:
            self._table.show((self._about, bool(self._switch.value)))

    def _draw(self, shown: tuple[object, bool]) -> None:
        _, every = shown
        if self._lines is None:
            return
        rows = [row for row, differs in zip(self._lines.rows, self._lines.differing, strict=True) if every or differs]
        if rows:
            matrix(self._caption, self._lines.heads, rows, code=self._code)
