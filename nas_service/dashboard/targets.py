"""What a job aims at: a device whose latency is limited, or a cost that needs none. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from nas_service.api.device_views import DeviceView

from .spec_text import ABSENT, Path, at, changed

LATENCY: Final = "latency_ms"
UNITS: Final = {LATENCY: "ms", "macs": "MACs", "params": "parameters"}


@dataclass(frozen=True)
class Target:
    """A cost, and the device on which so many threads run; without a device for a cost that needs none."""

    cost: str = LATENCY
    device: str | None = None
    threads: int = 1

    @property
    def limit(self) -> Path:
        """Where the spec has the limit of this cost."""
        return ("objective", "limits", self.cost)

    @property
    def label(self) -> str:
        where = f"{self.device}, {self.threads} thread{'s' if self.threads > 1 else ''}" if self.device else ""
        if self.cost == LATENCY:
            return where or "no device yet"
        cost = UNITS.get(self.cost, self.cost)
        return f"{cost}, on {where}" if where else f"no device: limit {cost}"


COUNTED: Final = (Target("macs"), Target("params"))


def targets(devices: Iterable[DeviceView], present: Target) -> dict[Target, str]:
    """What can be aimed at, in words: measured devices, costs that need none, and what the spec says at present."""
    found = {}
    for device in devices:
        target = Target(LATENCY, device.name, device.threads)
        found[target] = f"{target.label} (cannot be used)" if device.problem else target.label
    found |= {target: target.label for target in COUNTED}
    return found if present in found else found | {present: f"{present.label} (not measured)"}


def target_of(spec: Mapping[str, Any]) -> Target:
    """What a spec aims at, also one that is half written."""
    cost, device = at(spec, ("objective", "cost")), spec.get("device")
    name = device.get("name", "local") if isinstance(device, Mapping) else None
    threads = at(device, ("threads",))
    return Target(
        LATENCY if cost is ABSENT else str(cost),
        None if name is None else str(name),
        threads if isinstance(threads, int) else 1,
    )


def aimed(spec: Mapping[str, Any], target: Target) -> dict[str, Any]:
    """The spec with another target. A limit in another unit goes; one in milliseconds stays from device to device."""
    before, result = target_of(spec), dict(spec)
    if target.cost != before.cost:
        result = changed(result, before.limit, ABSENT)
        result = changed(result, ("objective", "target"), ABSENT)
        result = changed(result, ("objective", "cost"), ABSENT if target.cost == LATENCY else target.cost)
    if target.device is None:
        return changed(result, ("device",), ABSENT)
    result = changed(result, ("device", "name"), target.device)
    return changed(result, ("device", "threads"), target.threads)
