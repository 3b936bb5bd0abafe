"""Names and values below each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from nicegui import ui


def facts(pairs: Iterable[tuple[str, str | Callable[[], object]]]) -> None:
    """A value is text, left out where it is empty, or what draws it."""
    with ui.element("dl").classes("facts text-sm"):
        for name, value in pairs:
            if value:
                with ui.element("dt"):
                    ui.label(name).classes("muted")
                with ui.element("dd"):
                    ui.label(value).classes("text") if isinstance(value, str) else value()
