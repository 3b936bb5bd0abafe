"""Buttons that save what a page shows, as a picture or as the numbers in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nicegui import ui

from .csv_text import csv_text, file_name


def save_row() -> ui.row:
    """Where the buttons stand, below what they save."""
    return ui.row().classes("saves")


def save_button(name: str, kind: str) -> ui.button:
    """`name` says what is saved, `kind` as what."""
    button = ui.button(kind, color=None).props("flat dense no-caps size=sm").classes("muted")
    button.props["aria-label"] = f"{name} as {kind}"
    return button


def save_numbers(name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """As CSV, at the browser of who looks."""
    ui.download.content(csv_text(rows), file_name(name, "csv"), "text/csv")
