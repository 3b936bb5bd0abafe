"""Buttons of which one is pressed, and the part of the page's address that says which."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from nicegui import ui


def asked(name: str) -> str:
    """What the query of the page's address says; empty where it says nothing."""
    return ui.context.client.request.query_params.get(name, "")


def keep(name: str, value: str) -> None:
    """Say it in the address, so that it can be sent to somebody or kept; the rest of the address stays."""
    pair = f"{json.dumps(name)}, {json.dumps(value)}"
    ui.run_javascript(
        f"const url = new URL(location); url.searchParams.set({pair}); history.replaceState(history.state, '', url);"
    )


class Toggle:
    """One of `choices`, from value to label; `label` says of what. The first where the address names none of them."""

    def __init__(self, name: str, label: str, choices: Mapping[str, str], changed: Callable[[], None]) -> None:
        self._name = name
        self._changed = changed
        wanted = asked(name)
        self.value = wanted if wanted in choices else next(iter(choices))
        with ui.row().props('role="group"').style("gap:6px") as group:
            group.props["aria-label"] = label
            self._buttons = {value: self._button(value, text) for value, text in choices.items()}
        self._show()

    def _button(self, value: str, text: str) -> ui.element:
        with ui.element("button").classes("choice").props('type="button"') as button:
            ui.label(text)
        return button.on("click", lambda: self._press(value))

    def _press(self, value: str) -> None:
        if value == self.value:
            return
        self.value = value
        self._show()
        keep(self._name, value)
        self._changed()

    def _show(self) -> None:
        for value, button in self._buttons.items():
            button.props["aria-pressed"] = "true" if value == self.value else "false"
            button.update()
