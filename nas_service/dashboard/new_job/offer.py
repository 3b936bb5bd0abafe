"""What the service offers to a new job: spaces, tasks, strategies, devices, and the schema of a spec."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from nas_service.api.device_views import DeviceView
from nas_service.api.views import CatalogueEntry
from nas_service.client import AsyncClient
from nas_service.demo.spec import SPACE

from ..axes import LATENCY
from ..devices.targets import Target, aimed, setting_of, target_of
from .option_fields import OptionField, Part, defaults_of, fields_of, parts_of
from .spec_text import ABSENT, Path, at, changed, without_defaults

OPTIONS: Final[Mapping[str, Path]] = {"space": ("space", "options"), "task": ("task",), "strategy": ("strategy",)}
FIRST_LIMITS: Final = {LATENCY: 0.3, "macs": 2_000_000}
FILLED_IN: Final[tuple[Path, ...]] = (("task", "content"), ("warm_start", "resolved"))  # at submission, by the service
SAID: Final = ("name", "strategy", "threads")  # what a spec says even where it is the default


@dataclass(frozen=True)
class Offer:
    """`named` holds, for each of `space`, `task` and `strategy`, what may be named there."""

    named: Mapping[str, Mapping[str, CatalogueEntry]]
    devices: tuple[DeviceView, ...]
    schema: Mapping[str, Any]

    @classmethod
    async def of(cls, client: AsyncClient) -> Offer:
        """Raises ApiError where the service does not answer."""
        found: dict[str, Sequence[CatalogueEntry]] = {
            "space": await client.spaces(),
            "task": await client.tasks(),
            "strategy": await client.strategies(),
        }
        named = {part: {entry.name: entry for entry in entries} for part, entries in found.items()}
        return cls(named, tuple(await client.devices()), await client.spec_schema())

    def fields(self, part: str, name: Any) -> tuple[OptionField, ...]:
        """The options of a space, task or strategy; none of one that is not there."""
        entry = self.named[part].get(name) if isinstance(name, str) else None
        every = fields_of(entry.options) if entry else ()
        return tuple(field for field in every if (part, field.name) not in FILLED_IN)

    def summary(self, part: str, name: Any) -> str:
        """What a space, task or strategy is, in a line; nothing of one that is not there."""
        entry = self.named[part].get(name) if isinstance(name, str) else None
        return entry.summary if entry else ""

    def parts(self) -> tuple[Part, ...]:
        """The parts of a spec in which nothing else is named."""
        return tuple(
            replace(part, fields=tuple(field for field in part.fields if (part.name, field.name) not in FILLED_IN))
            for part in parts_of(self.schema)
            if part.name not in OPTIONS
        )

    def name(self, part: str, spec: Mapping[str, Any]) -> Any:
        """The space, task or strategy of a spec, `ABSENT` where it has to name one and does not."""
        default = at(self.schema, ("properties", part, "default", "name"))
        named = at(spec, (part, "name"))
        return default if named is ABSENT else named

    def first_spec(self) -> dict[str, Any]:
        """Where a form begins: the search of the demo, on the first device that was measured."""
        spec: dict[str, Any] = {"name": "search", "space": SPACE, "task": {"name": "digits", "epochs": 4}}
        usable = (Target(LATENCY, one.name, setting_of(one)) for one in self.devices if not one.problem)
        target = next(usable, Target("macs"))
        spec = aimed(spec, target)
        spec = changed(spec, target.limit, FIRST_LIMITS[target.cost])
        return spec | {"strategy": {"name": "evolution"}, "budget": {"trials": 40}}

    def shortened(self, spec: Mapping[str, Any]) -> dict[str, Any]:
        """A stored spec without what the service had filled in, which it fills in again."""
        result = changed(spec, FILLED_IN[0], ABSENT)
        if at(result, ("objective", "target")) == at(result, target_of(result).limit):
            result = changed(result, ("objective", "target"), ABSENT)
        for part, path in OPTIONS.items():
            entry = self.named[part].get(result[part]["name"])
            kept = without_defaults(at(result, path), defaults_of(entry.options) if entry else {})
            result = changed(result, path, kept or ABSENT)
        for one in self.parts():
            if isinstance(result.get(one.name), Mapping):
                own = {field.name: field.default for field in one.fields if field.name not in SAID}
                result[one.name] = without_defaults(result[one.name], own)
        empty: dict[str, Any] = {one.name: {} for one in self.parts() if not one.optional}
        whole = {name: value for name, value in defaults_of(self.schema).items() if name not in SAID}
        return without_defaults(without_defaults(result, whole), empty)
