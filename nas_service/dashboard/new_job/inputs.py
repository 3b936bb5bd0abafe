"""The fields of a form in the browser: each shows a value of the spec, gives it back, and says what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from textwrap import shorten
from typing import Any, Final, Protocol

from nicegui import ui
from nicegui.elements.mixins.validation_element import ValidationElement

from ..theme import choice_button
from .option_fields import OptionField, ordered, shown
from .spec_text import ABSENT, flow, value_of

BRIEF: Final = 140  # characters below a field
Changed = Callable[[Any], None]  # gets the new value, ABSENT where the option is to be left out


class Input(Protocol):
    """One field. What it shows and gives is the value in the spec, `ABSENT` where the service's default holds."""

    def show(self, value: Any) -> None:
        """Bring the field in step with the spec, and leave alone what means the same already."""

    def complain(self, message: str | None) -> None:
        """Say what is wrong with the value, or with None that nothing is."""


def input_of(field: OptionField, changed: Changed) -> Input:
    """The field in the place where the page is being built. `changed` is called when a person has edited it."""
    match field.kind:
        case "choice":
            return Choice(field, {value: shown(value) for value in field.choices}, changed)
        case "several":
            return Toggles(field, changed)
        case "switch":
            return Switch(field, changed)
        case _:
            return Written(field, changed)


class Edits:
    """Tells what a person edits, and nothing while `show` changes a field: what a field cannot show stays as it is."""

    def __init__(self, changed: Changed) -> None:
        self._changed = changed
        self._showing = False

    @contextmanager
    def _in_step(self) -> Iterator[None]:
        self._showing = True
        try:
            yield
        finally:
            self._showing = False

    def _edited(self, value: Any) -> None:
        if not self._showing:
            self._changed(value)


class Written(Edits):
    """A number, a text, or anything else as a line of YAML. The default is its placeholder."""

    def __init__(self, field: OptionField, changed: Changed, label: str = "") -> None:
        super().__init__(changed)
        self._field = field
        self.element = ui.input(label or field.name, on_change=self._typed).props("outlined dense stack-label")
        _describe(self.element, field.hint)
        self.element.props["debounce"] = 300
        self.element.props["placeholder"] = _placeholder(field.default)
        if field.kind == "number":
            bounds = {"min": field.lowest, "max": field.highest, "step": 1 if field.whole else "any"}
            self.element.props.update({"type": "number"} | {k: v for k, v in bounds.items() if v is not None})

    def show(self, value: Any) -> None:
        if self._value() != value:
            with self._in_step():
                self.element.value = self._text(value)

    def complain(self, message: str | None) -> None:
        self.element.error = _brief(message)

    def _typed(self) -> None:
        self._edited(self._value())

    def _value(self) -> Any:
        """What is written; what is no YAML or no number is text, which the service refuses in its own words."""
        text = "" if self.element.value is None else str(self.element.value)
        if not text.strip():
            return ABSENT
        with suppress(ValueError):
            match self._field.kind:
                case "yaml":
                    return value_of(text)
                case "number":
                    return _number(text)
        return text

    def _text(self, value: Any) -> str:
        if value is ABSENT:
            return ""
        if self._field.kind == "number" and isinstance(value, float) and value.is_integer():
            return f"{value:.0f}"
        return value if self._field.kind == "text" and isinstance(value, str) else flow(value)


class Choice(Edits):
    """One of several values; the default is marked, and choosing it leaves the option out."""

    def __init__(self, field: OptionField, labels: Mapping[Any, str], changed: Changed, label: str = "") -> None:
        super().__init__(changed)
        self._field = field
        unset = {None: "as the service decides"} if field.default is None else {}
        marked = {value: f"{name} (default)" if value == field.default else name for value, name in labels.items()}
        self.element = ui.select(unset | marked, label=label or field.name, on_change=self._chosen)
        self.element.props("outlined dense stack-label options-dense")
        _describe(self.element, field.hint)
        self.show(ABSENT)

    def show(self, value: Any) -> None:
        there = self._field.default if value is ABSENT else value
        with self._in_step():
            self.element.value = there if any(there == option for option in self.element.options) else None

    def offer(self, labels: Mapping[Any, str]) -> None:
        """Other choices, the value as it is."""
        if labels != self.element.options:
            with self._in_step():
                self.element.set_options(dict(labels))

    def describe(self, hint: str) -> None:
        """Another hint, for what is chosen now."""
        _describe(self.element, hint)

    def complain(self, message: str | None) -> None:
        self.element.error = _brief(message)

    def _chosen(self) -> None:
        value = self.element.value
        self._edited(ABSENT if value == self._field.default else value)


class Switch(Edits):
    """On or off."""

    def __init__(self, field: OptionField, changed: Changed, label: str = "") -> None:
        super().__init__(changed)
        self._field = field
        with ui.column().classes("field"):
            self.element = ui.switch(label or field.name, value=bool(field.default), on_change=self._turned).props(
                "dense color=primary"
            )
            self._said = Said(field.hint)

    def show(self, value: Any) -> None:
        there = self._field.default if value is ABSENT else value
        with self._in_step():
            self.element.value = there is True

    def complain(self, message: str | None) -> None:
        self._said.complain(message)

    def _turned(self) -> None:
        self._edited(ABSENT if self.element.value == self._field.default else self.element.value)


class Toggles(Edits):
    """Any number of choices, each a button that is pressed or not."""

    def __init__(self, field: OptionField, changed: Changed) -> None:
        super().__init__(changed)
        self._field = field
        self._chosen: list[Any] = []
        with ui.column().classes("field").props('role="group"') as group:
            group.props["aria-label"] = field.name
            ui.label(field.name).classes("muted text-xs")
            with ui.row().style("gap:6px"):
                self._buttons = [self._button(choice) for choice in field.choices]
            self._said = Said(field.hint)
        self.show(ABSENT)

    def show(self, value: Any) -> None:
        there = self._field.default if value is ABSENT else value
        self._chosen = list(there) if isinstance(there, list) else []
        for choice, button in zip(self._field.choices, self._buttons, strict=True):
            button.props["aria-pressed"] = "true" if choice in self._chosen else "false"

    def complain(self, message: str | None) -> None:
        self._said.complain(message)

    def _button(self, one: Any) -> ui.element:
        return choice_button(shown(one)).on("click", lambda: self._toggled(one))

    def _toggled(self, choice: Any) -> None:
        pressed = [one for one in self._chosen if one != choice]
        self.show(ordered(pressed if choice in self._chosen else [*pressed, choice], self._field.choices))
        default = self._field.default if isinstance(self._field.default, list) else None
        same = default is not None and ordered(default, self._field.choices) == self._chosen
        self._edited(ABSENT if same else self._chosen)


class Said:
    """The line below a field: its hint, or what is wrong."""

    def __init__(self, hint: str) -> None:
        self._hint = hint
        self._label = ui.label(hint).classes("muted text-xs")

    def complain(self, message: str | None) -> None:
        self._label.text = _brief(message) or self._hint
        self._label.classes(add="danger" if message else "muted", remove="muted" if message else "danger")


def _describe(element: ValidationElement[Any], hint: str) -> None:
    element.without_auto_validation().classes("field").props("hide-bottom-space color=primary")
    if hint:
        element.props["hint"] = hint
    else:
        element.props.pop("hint", None)  # null would keep the room for one


def _brief(message: str | None) -> str | None:
    """What there is room for below a field; the whole message stands elsewhere on the page."""
    return message and shorten(message, BRIEF, placeholder=" …")


def _placeholder(default: Any) -> str:
    if default is ABSENT:
        return ""
    return "not set" if default is None else flow(default)


def _number(text: str) -> int | float:
    """Raises ValueError for what is none."""
    value = float(text)
    return int(value) if value.is_integer() else value
