"""The parts of a spec that not every search needs, from its schema: objective, workers, early stopping and the rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from nicegui import ui

from ..new_job.field_set import FieldSet
from ..new_job.inputs import Switch
from ..new_job.offer import Offer
from ..new_job.option_fields import OptionField, Part, fields_of
from ..new_job.spec_text import ABSENT, Path

ABOVE: Final[frozenset[Path]] = frozenset(  # what stands among the essential fields
    {
        ("name",),
        ("device", "name"),
        ("device", "threads"),
        ("objective", "cost"),
        ("budget", "trials"),
        ("budget", "hours"),
    }
)


def draw_other_parts(offer: Offer, fields: FieldSet) -> None:
    """Add the fields of every part, each part under its heading; one that is off shows a switch alone."""
    for part in offer.parts():
        own = [field for field in part.fields if (part.name, field.name) not in ABOVE]
        if own:
            _draw(part, own, fields)
    plain = [field for field in fields_of(offer.schema) if field.kind != "yaml" and (field.name,) not in ABOVE]
    with ui.element("div").classes("fields"):
        fields.draw((), plain)


def _draw(part: Part, own: Sequence[OptionField], fields: FieldSet) -> None:
    with ui.column().classes("w-full").style("gap:8px"):
        switch = _head(part, fields)
        with ui.element("div").classes("fields") as inner:
            fields.draw((part.name,), own)
        if switch is not None:
            inner.bind_visibility_from(switch.element, "value")


def _head(part: Part, fields: FieldSet) -> Switch | None:
    if not part.optional or part.name == "device":  # which is chosen above
        ui.label(part.name).style("font-weight:500")
        ui.label(part.description).classes("muted text-xs")
        return None
    there = OptionField(part.name, "switch", default=False, description=part.description)
    change = fields.edits((part.name,))
    switch = Switch(there, lambda on: change({} if on is True else ABSENT))
    fields.put((part.name,), Presence(switch))
    return switch


class Presence:
    """A part that is on where the spec has its key, whatever is in it."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch

    def show(self, value: Any) -> None:
        self._switch.show(value not in (ABSENT, None))

    def complain(self, message: str | None) -> None:
        self._switch.complain(message)
