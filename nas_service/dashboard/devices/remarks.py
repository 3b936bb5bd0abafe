"""What there is to know of a table, as lines in the colour of how grave it is."""

from __future__ import annotations

from collections.abc import Sequence

from nicegui import ui

from ..devices.device_words import Remark


def draw_remarks(remarks: Sequence[Remark]) -> None:
    with ui.column().style("gap:4px"):
        for remark in remarks:
            ui.label(remark.text).classes(f"{remark.tone} text text-sm")
