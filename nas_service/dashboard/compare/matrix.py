"""A table with a column a job: what is told on the left, then the value of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nicegui import ui

from ..theme import LINE, MUTED

STYLE = f"""
.matrix {{ width: 100%; overflow-x: auto; }}
.matrix table {{ border-collapse: collapse; table-layout: fixed; width: 100%; }}
.matrix col {{ width: 150px; }}
.matrix col:first-child {{ width: 230px; }}
.matrix th {{ text-align: left; font-weight: 500; vertical-align: bottom; }}
.matrix th, .matrix td {{ padding: 6px 16px 6px 0; overflow-wrap: anywhere; }}
.matrix td {{ vertical-align: top; }}
.matrix tr + tr > * {{ border-top: 1px solid {LINE}; }}
.matrix tbody th {{ color: {MUTED}; font-weight: 400; vertical-align: top; }}
@media (max-width: 600px) {{
  .matrix col {{ width: 120px; }}
  .matrix col:first-child {{ width: 130px; }}
  .matrix table {{ width: max-content; min-width: 100%; }}
}}
"""

Cell = Callable[[], object]  # draws what stands in a cell


def matrix(caption: str, heads: Sequence[Cell], rows: Sequence[tuple[str, Sequence[Cell]]], *, code: bool) -> None:
    """`rows` are (what, cells); `code` is text that people type, as paths and values of a spec are."""
    font = "font-mono text-sm" if code else ""
    with ui.element("div").classes("matrix"), ui.element("table").props(f'aria-label="{caption}"'):
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
                        ui.label(what)
                    for cell in cells:
                        with ui.element("td").classes(font):
                            cell()


def text(value: str | None) -> Cell:
    """A label; a dash for nothing."""
    return lambda: ui.label("–" if value is None else value)


def link(value: str, address: str) -> Cell:
    return lambda: ui.link(value, address)
