"""Names and values below each other."""

from __future__ import annotations

from collections.abc import Iterable

from nicegui import ui


def facts(pairs: Iterable[tuple[str, str]]) -> None:
    """Those whose value is empty are left out."""
    with ui.element("dl").classes("facts text-sm"):
        for name, value in pairs:
            if value:
                with ui.element("dt"):
                    ui.label(name).classes("muted")
                with ui.element("dd"):
                    ui.label(value).classes("text")
