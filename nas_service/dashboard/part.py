"""A part of a live page: drawn anew when what it shows has changed, so that nothing flickers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from nicegui import ui

T = TypeVar("T")


class Part(Generic[T]):
    """Draws values into a column of its own, which takes no room while there is nothing in it."""

    def __init__(self, draw: Callable[[T], object]) -> None:
        self._draw = draw
        self._column = ui.column().classes("w-full").style("gap:16px")
        self._shown: tuple[T] | None = None
        self._column.set_visibility(False)

    def show(self, value: T) -> None:
        if self._shown == (value,):
            return
        self._shown = (value,)
        self._column.clear()
        with self._column:
            self._draw(value)
        self._column.set_visibility(bool(self._column.default_slot.children))

    def hide(self) -> None:
        self._shown = None
        self._column.set_visibility(False)


def trouble() -> Part[str]:
    """A line for what went wrong."""
    return Part(lambda text: ui.label(text).classes("danger text"))
