"""The fields of a form by their place in the spec: shown together, and found again for what a refusal names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .inputs import Changed, Input, Written, input_of
from .option_fields import OptionField
from .spec_text import Path, at


class FieldSet:
    """Fields that are drawn where the page is being built. `edited` gets the path and the value that a person gave."""

    def __init__(self, edited: Callable[[Path, Any], None]) -> None:
        self._edited = edited
        self._inputs: dict[Path, Input] = {}
        self._spec: Mapping[str, Any] = {}

    def draw(self, prefix: Path, fields: Iterable[OptionField]) -> None:
        """Add a field for each option below a path."""
        for field in fields:
            path = (*prefix, field.name)
            self.put(path, input_of(field, self.edits(path)))

    def draw_text(self, path: Path, field: OptionField, label: str) -> None:
        """Add one that is called otherwise than its key."""
        self.put(path, Written(field, self.edits(path), label))

    def put(self, path: Path, one: Input) -> None:
        """Add a field that is there already."""
        self._inputs[path] = one
        one.show(at(self._spec, path))

    def edits(self, path: Path) -> Changed:
        """What a field at this path calls with its new value."""
        return lambda value: self._edited(path, value)

    def drop(self, prefix: Path) -> None:
        """Forget every field below a path."""
        self._inputs = {path: one for path, one in self._inputs.items() if path[: len(prefix)] != prefix}

    def show(self, spec: Mapping[str, Any]) -> None:
        self._spec = spec
        for path, one in self._inputs.items():
            one.show(at(spec, path))

    def absolve(self) -> None:
        """Nothing is wrong with any of them."""
        for one in self._inputs.values():
            one.complain(None)

    def complain(self, path: Path, message: str) -> bool:
        """Show what is wrong at the field of a path, or at the nearest part around it; whether there is one."""
        around = (path[:n] for n in range(len(path), 0, -1))
        found = next((self._inputs[one] for one in around if one in self._inputs), None)
        if found is not None:
            found.complain(message)
        return found is not None
