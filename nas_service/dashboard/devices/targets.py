"""What a job aims at: a device whose latency is limited, or a cost that needs none. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from device_agent.setting import USUAL, Setting, precision_of, provider_of, threads_of
from nas_service.api.device_views import CampaignView, DeviceView

from ..axes import LATENCY, UNITS
from ..new_job.spec_text import ABSENT, Path, at, changed


@dataclass(frozen=True)
class Target:
    """A cost, and the device on which it is in which setting; without a device for a cost that needs none."""

    cost: str = LATENCY
    device: str | None = None
    setting: Setting = USUAL

    @property
    def limit(self) -> Path:
        """Where the spec has the limit of this cost."""
        return ("objective", "limits", self.cost)

    @property
    def label(self) -> str:
        where = f"{self.device}, {self.setting.words}" if self.device else ""
        if self.cost == LATENCY:
            return where or "no device yet"
        cost = UNITS.get(self.cost, self.cost)
        return f"{cost}, on {where}" if where else f"no device: limit {cost}"


COUNTED: Final = (Target("macs"), Target("params"))


def targets(devices: Iterable[DeviceView], present: Target) -> dict[Target, str]:
    """What can be aimed at, in words: measured devices, costs that need none, and what the spec says at present."""
    found = {}
    for device in devices:
        target = Target(LATENCY, device.name, setting_of(device))
        found[target] = f"{target.label} (cannot be used)" if device.problem else target.label
    found |= {target: target.label for target in COUNTED}
    return found if present in found else found | {present: f"{present.label} (not measured)"}


def target_of(spec: Mapping[str, Any]) -> Target:
    """What a spec aims at, also one that is half written."""
    cost, device = at(spec, ("objective", "cost")), spec.get("device")
    name = device.get("name", "local") if isinstance(device, Mapping) else None
    read = {"threads": threads_of, "precision": precision_of, "provider": provider_of}
    said = {key: _or_usual(parse, at(device, (key,))) for key, parse in read.items()}
    return Target(LATENCY if cost is ABSENT else str(cost), None if name is None else str(name), USUAL.but(**said))


def setting_of(measured: DeviceView | CampaignView) -> Setting:
    return Setting(measured.threads, measured.precision, measured.provider)


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
    for key, value in asdict(target.setting).items():
        usual = key != "threads" and value == getattr(USUAL, key)
        result = changed(result, ("device", key), ABSENT if usual else value)
    return result


def _or_usual(parse: Callable[[object], Any], written: object) -> Any:
    """None where nothing is said, or nothing that can be read yet."""
    try:
        return parse(written)
    except ValueError:
        return None
