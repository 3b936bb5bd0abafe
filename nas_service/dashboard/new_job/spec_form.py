"""The form of a job spec: what every search needs first, everything else that the service knows behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from nicegui import ui

from nas_service.client import ApiError

from ..axes import UNITS
from ..devices.targets import Target, aimed, target_of, targets
from .field_set import FieldSet
from .inputs import Choice, Input, Written
from .offer import OPTIONS, Offer
from .option_fields import OptionField, fields_of
from .other_parts import ABOVE, draw_other_parts
from .spec_text import ABSENT, Path, at, changed

Edited = Callable[[dict[str, Any]], None]

TITLES: Final = {"space": "Search space", "task": "Task", "strategy": "Strategy"}


class SpecForm:
    """The form of one spec. It calls `edited` with the new spec when a person has changed a field."""

    def __init__(self, offer: Offer, spec: Mapping[str, Any], edited: Edited) -> None:
        self._offer = offer
        self._edited = edited
        self._spec = dict(spec)
        self._fields = FieldSet(self._edit_at)
        self._drawn: dict[str, Any] = {}  # whose options are shown, by part
        self._named: dict[str, Choice] = {}
        with ui.column().classes("sheet").style("gap:14px"):
            self._essentials()
        with ui.column().classes("sheet").style("gap:4px"):
            ui.label("More").classes("text-lg")
            self._sections = {part: ui.expansion().classes("w-full").props("dense") for part in (*OPTIONS, "rest")}
            self._sections["rest"].text = "Objective, workers and the rest"
        with self._sections["rest"], ui.column().style("gap:18px").classes("w-full"):
            draw_other_parts(offer, self._fields)
        self.show(spec)

    def show(self, spec: Mapping[str, Any]) -> None:
        """Bring every field in step with a spec, which may be half written; what says the same is left alone."""
        self._spec = dict(spec)
        for part, choice in self._named.items():
            name = self._offer.name(part, spec)
            choice.show(name)
            if part not in self._drawn or self._drawn[part] != name:
                self._drawn[part] = name
                self._draw_options(part, name)
        target = target_of(spec)
        self._target.offer(targets(self._offer.devices, target))
        self._target.show(target)
        self._limit.element.props["label"] = f"Limit, {UNITS.get(target.cost, target.cost)}"
        self._limit.show(at(spec, target.limit))
        self._fields.show(spec)

    def complain(self, error: ApiError | None) -> None:
        """Show a refusal at the field that it names and unfold where that stands; with None, take it away."""
        above = self._above()
        self._fields.absolve()
        for one in above.values():
            one.complain(None)
        if error is None or not error.field:
            return
        path = tuple(error.field.split("."))
        path = ("space", *path) if path[0] == "options" else path
        if path in above:
            above[path].complain(error.detail)
        elif self._fields.complain(path, error.detail):
            self._unfold(path)
        elif path[:1] in above:
            above[path[:1]].complain(error.detail)

    def _above(self) -> dict[Path, Input]:
        """The essential fields that are more than one value of the spec, by what a refusal may name."""
        found: dict[Path, Input] = {("device",): self._target, ("device", "name"): self._target}
        for part, choice in self._named.items():
            found |= {(part,): choice, (part, "name"): choice}
        return found | {target_of(self._spec).limit: self._limit}

    def _unfold(self, path: Path) -> None:
        required = path[0] == "task" and any(one.required and one.name == path[1] for one in self._task_fields())
        if path[:2] not in ABOVE and not required:
            self._sections[path[0] if path[0] in OPTIONS else "rest"].value = True

    def _task_fields(self) -> tuple[OptionField, ...]:
        return self._offer.fields("task", self._drawn["task"])

    # The essential fields.

    def _essentials(self) -> None:
        budget = next(part for part in self._offer.parts() if part.name == "budget")
        name = next(field for field in fields_of(self._offer.schema) if field.name == "name")
        self._fields.draw_text(("name",), name, "Name")
        with ui.element("div").classes("fields"):
            self._name_of("space")
            self._name_of("task")
        self._required = ui.element("div").classes("fields")
        with ui.element("div").classes("fields"):
            offered = targets(self._offer.devices, target_of(self._spec))
            self._target = Choice(OptionField("device", "choice"), offered, self._aim, "Device")
            self._limit = Written(OptionField("limit", "number", default=None), self._limited, "Limit")
        with ui.element("div").classes("fields"):
            self._name_of("strategy")
            with ui.element("div").classes("pair"):
                for field in budget.fields:
                    self._fields.draw_text(("budget", field.name), field, field.name.capitalize())

    def _name_of(self, part: str) -> None:
        names = {name: name for name in self._offer.named[part]}
        field = OptionField("name", "choice")
        self._named[part] = Choice(field, names, lambda name: self._name(part, name), TITLES[part])

    def _draw_options(self, part: str, name: Any) -> None:
        """The options of the space, task or strategy of this name: required ones above, the others to be unfolded."""
        self._fields.drop((part,))
        fields = self._offer.fields(part, name)
        optional = [field for field in fields if not field.required]
        self._named[part].describe(self._offer.summary(part, name))
        section = self._sections[part]
        section.text = f"{TITLES[part]}: {len(optional)} options of {name}"
        section.set_visibility(bool(optional))
        section.clear()
        with section, ui.element("div").classes("fields"):
            self._fields.draw(OPTIONS[part], optional)
        if part == "task":
            self._required.clear()
            self._required.set_visibility(len(optional) < len(fields))
            with self._required:
                self._fields.draw(OPTIONS[part], [field for field in fields if field.required])

    # What a person edits.

    def _edit_at(self, path: Path, value: Any) -> None:
        switched = any(part.optional and part.name == path[0] for part in self._offer.parts())
        if value != {} or at(self._spec, path) in (ABSENT, None):  # a part that is on stays as it is
            self._edit(changed(self._spec, path, value, kept=1 if switched else 0))

    def _name(self, part: str, name: str) -> None:
        """Another space, task or strategy begins with its own options."""
        if name != self._offer.name(part, self._spec):
            self._edit(self._spec | {part: {"name": name}})

    def _aim(self, target: Target) -> None:
        if target != target_of(self._spec):
            self._edit(aimed(self._spec, target))

    def _limited(self, value: Any) -> None:
        self._edit(changed(self._spec, target_of(self._spec).limit, value))

    def _edit(self, spec: dict[str, Any]) -> None:
        if spec != self._spec:
            self.show(spec)
            self._edited(spec)
