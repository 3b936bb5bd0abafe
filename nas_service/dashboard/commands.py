"""Commands on a page, to be copied: shown as they are, whatever is in them."""

from __future__ import annotations

from nicegui import ui


def command(text: str) -> None:
    """One or more lines for a terminal, with a button that copies them."""
    with ui.row().classes("command"):
        ui.label(text).classes("command-text")
        copy = ui.button(icon="content_copy").props('flat dense round size=sm color=primary aria-label="copy"')
        copy.on_click(lambda: ui.clipboard.write(text))


def step(caption: str, text: str) -> None:
    """A command with what it is for above it."""
    with ui.column().classes("w-full").style("gap:4px"):
        ui.label(caption).classes("muted text-sm")
        command(text)
