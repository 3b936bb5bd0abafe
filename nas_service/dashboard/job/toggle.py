"""Buttons of which one is pressed, as the page's address says."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from nicegui import ui

from .. import page_address
from ..theme import choice_button


class Toggle:
    """One of `choices`, from value to label; `label` says of what. The first where the address names none of them."""

    def __init__(self, name: str, label: str, choices: Mapping[str, str], changed: Callable[[], object]) -> None:
        self._name = name
        self._changed = changed
        self._usual = next(iter(choices))
        wanted = page_address.given().get(name, "")
        self.value = wanted if wanted in choices else self._usual
        with ui.row().props('role="group"').style("gap:6px") as group:
            group.props["aria-label"] = label
            self._buttons = {value: self._button(value, text) for value, text in choices.items()}
        self._show()

    def _button(self, value: str, text: str) -> ui.element:
        return choice_button(text).on("click", lambda: self._press(value))

    def _press(self, value: str) -> object:
        """What `changed` answers, so that it may be awaited."""
        if value == self.value:
            return None
        self.value = value
        self._show()
        page_address.keep({self._name: "" if value == self._usual else value})
        return self._changed()

    def _show(self) -> None:
        for value, button in self._buttons.items():
            button.props["aria-pressed"] = "true" if value == self.value else "false"
