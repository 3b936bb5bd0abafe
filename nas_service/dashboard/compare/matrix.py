"""A table with a column for each thing that is compared: what is told on the left, then the value of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nicegui import ui

from ..theme import LINE, MUTED, SHEET

STYLE = f"""
.matrix {{ width: 100%; overflow-x: auto; }}
.matrix table {{ border-collapse: collapse; table-layout: fixed; width: 100%; }}
.matrix col {{ width: 150px; }}
.matrix col:first-child {{ width: 190px; }}
.matrix th {{ text-align: left; font-weight: 500; vertical-align: bottom; }}
.matrix th, .matrix td {{ padding: 6px 16px 6px 0; overflow-wrap: anywhere; }}
.matrix td {{ vertical-align: top; }}
.matrix tr + tr > * {{ border-top: 1px solid {LINE}; }}
.matrix tbody th {{ color: {MUTED}; font-weight: 400; vertical-align: top; }}
.matrix tr > :first-child {{ position: sticky; left: 0; background: {SHEET}; }}
@media (max-width: 900px) {{
  .matrix table {{ width: max-content; min-width: 100%; }}
}}
@media (max-width: 600px) {{
  .matrix col {{ width: 132px; }}
  .matrix col:first-child {{ width: 124px; }}
  .matrix th, .matrix td {{ padding-right: 10px; }}
}}
"""

BREAK = ".\u200b"  # a long path goes on in the next line behind one of its dots

Cell = Callable[[], object]  # draws what stands in a cell
Row = tuple[str, Sequence[Cell]]  # what, and the cells


def matrix(caption: str, heads: Sequence[Cell], rows: Sequence[Row], *, code: bool = False) -> None:
    """`code` is text that people type, as paths and values of a spec are."""
    font = "font-mono text-sm" if code else "text-sm"
    named = f'aria-label="{caption}"'
    scrolled = ui.element("div").classes("matrix").props(f"tabindex=0 role=region {named}")
    with scrolled, ui.element("table").props(named):
        with ui.element("colgroup"):
            for _ in (caption, *heads):
                ui.element("col")
        with ui.element("thead"), ui.element("tr"):
            ui.element("td")
            for head in heads:
                with ui.element("th").props("scope=col"):
                    head()
        with ui.element("tbody"):
            for what, cells in rows:
                with ui.element("tr"):
                    with ui.element("th").props("scope=row").classes(font):
                        ui.label(what.replace(".", BREAK) if code else what)
                    for cell in cells:
                        with ui.element("td").classes(font):
                            cell()


def text(value: str | None, note: str = "", tone: str = "muted") -> Cell:
    """A dash for nothing; below it, smaller, what is to be said of it."""

    def draw() -> None:
        ui.label("–" if value is None else value)
        if note:
            ui.label(note).classes(f"{tone} text-xs")

    return draw
