"""A latency table: what each op costs on a device, how it was measured, and the estimate for whole architectures.

Loading and estimating need neither torch nor onnxruntime.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property, lru_cache
from hashlib import blake2b
from math import hypot, sqrt
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from device_agent.files import write_atomically
from device_agent.machine import Device
from device_agent.measure import Protocol
from device_agent.setting import CPU, USUAL, Setting
from search_spaces import Architecture, Op, Segment

from .between import Between, Interpolation, flaw
from .calibration import NORMAL_95, Calibration
from .runtime import Runtime

SCHEMA = 2
READABLE = (1, 2)
LOCAL = "local"  # the name of the device that the service runs on
LONGEST = 200  # characters of a key that a message repeats
MOST = 250_000  # segments of which a table keeps what they cost
RECENT = 32  # files whose tables are kept

Milliseconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Spread = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]
Flag = Literal["", "noisy", "implausible"]


class TableError(ValueError):
    """A table that cannot be read or used, or a name that cannot be a table's. Says why and what to do."""


@dataclass(frozen=True)
class Entry:
    """What one op costs inside a network, with the spread of its measurements and how many runs they rest on.

    `flag` says what is doubtful about it still: its measurements differ too much, or a larger op cost clearly less.
    """

    latency_ms: Milliseconds
    spread_ms: Spread
    runs: Count
    flag: Flag = ""


@dataclass(frozen=True)
class MeasuredNetwork:
    """A whole network that the calibration rests on: its architecture's hash and the keys of its ops."""

    hash: str
    ops: Annotated[tuple[str, ...], Field(min_length=1)]
    latency_ms: Milliseconds
    spread_ms: Spread
    runs: Count


@dataclass(frozen=True)
class Estimate:
    """Latency with the half width of its 90 % interval. With `missing` op keys, both speak of the other ops only."""

    latency_ms: float
    error_ms: float
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Doubt:
    """Networks that were measured after the table was made, of which too few were `inside` their intervals.

    `bias` is by how much estimates were too high, as a share. The table has been calibrated with them since.
    """

    networks: Count
    inside: Annotated[int, Field(ge=0)]
    bias: Annotated[float, Field(allow_inf_nan=False)]


@dataclass(frozen=True)
class LatencyTable:
    """Entries by `op.key`. Tables are values: `extended` gives a new one.

    `reference` is what one fixed network took while the entries were measured: how fast the machine was then. Tables
    that were not measured by `profile` may lack it. `drift` says how many times slower than usual the machine was in
    the worst stretch of that, for which the entries are corrected. `doubt` is what finalists last said against it, and
    `protocol` how often and how was looked when it was last added to (ops maybe less often: see their `runs`).
    """

    device: Device
    runtime: Runtime
    entries: Mapping[str, Entry]
    networks: tuple[MeasuredNetwork, ...]
    calibration: Calibration
    reference: Entry | None = None
    drift: Annotated[float, Field(ge=1, allow_inf_nan=False)] = 1.0
    doubt: Doubt | None = None
    protocol: Protocol | None = None

    @classmethod
    def measured(
        cls,
        device: Device,
        runtime: Runtime,
        entries: Mapping[str, Entry],
        networks: tuple[MeasuredNetwork, ...],
        reference: Entry | None = None,
    ) -> LatencyTable:
        """A table with its calibration fitted on `networks`, whose ops are in `entries` or can be interpolated.

        Raises TableError for one that cannot.
        """
        cost = Interpolation({key: entry.latency_ms for key, entry in entries.items()}).cost_ms
        try:
            sums = [sum(map(cost, network.ops)) for network in networks]
        except LookupError as error:
            raise TableError(f"nothing was measured that says what {error.args[0]} costs; measure more ops") from None
        calibration = Calibration.fit(sums, [network.latency_ms for network in networks])
        return cls(device, runtime, dict(sorted(entries.items())), networks, calibration, reference)

    def extended(
        self, entries: Mapping[str, Entry], networks: tuple[MeasuredNetwork, ...], reference: Entry | None = None
    ) -> LatencyTable:
        """A table with more entries and networks, calibrated on all of its networks together.

        `reference` is what the reference network took beside the new ones: they are brought to this table's speed.
        """
        factor = 1 / self.slowdown(reference) if reference else 1.0
        known = {network.hash for network in networks}
        kept = tuple(network for network in self.networks if network.hash not in known)
        more = {key: _scaled(entry, factor) for key, entry in entries.items()}
        whole = kept + tuple(_scaled(network, factor) for network in networks)
        table = self.measured(self.device, self.runtime, {**self.entries, **more}, whole, self.reference)
        return replace(table, drift=self.drift, doubt=self.doubt, protocol=self.protocol)

    def slowdown(self, reference: Entry) -> float:
        """How much slower the machine is now than it was for this table, by what the reference network takes."""
        return reference.latency_ms / self.reference.latency_ms if self.reference else 1.0

    def estimate(self, architecture: Architecture) -> Estimate:
        """Sum of the ops' costs, calibrated.

        Between measured widths and sizes, ops are interpolated, with a wider interval (see `latency_tables.between`).
        """
        costs, sums = self._costs, self._sums
        try:
            if architecture.segments:
                total = sum([sums[segment] for segment in architecture.segments])
            else:
                total = sum([costs[op.key] for op in architecture.ops])
        except KeyError:
            return self._interpolated(architecture)
        latency_ms = self.calibration.latency_ms(total)
        return Estimate(latency_ms, latency_ms * self.calibration.relative_error)

    def fitted_ms(self, network: MeasuredNetwork) -> float:
        """What the table says of a network that its calibration rests on.

        Raises LookupError where an op was not measured and cannot be interpolated.
        """
        return self.calibration.latency_ms(sum(map(self._interpolation.cost_ms, network.ops)))

    def cost_of(self, op: Op) -> Between | None:
        """What one op costs before calibration, measured or told by others; None where nothing is known of it."""
        return self._interpolation.of(op)

    def mismatch(self, *, setting: Setting = USUAL, allow: Collection[str] = ()) -> str | None:
        """Why this table does not speak for what runs here, in a sentence; None if it does.

        `allow` names facts that may differ: of the runtime, and `cpu`, which like the number of cores is compared
        where the device is this one.
        """
        here = Runtime.here(setting)
        ignored = {name for name in allow if name != "cpu"} | (set() if here.onnxruntime else {"onnxruntime"})
        ignored |= set() if self.device.name == LOCAL else {"cores"}
        if problem := self.differs(replace(here, **{name: getattr(self.runtime, name) for name in ignored})):
            return problem
        if self.device.name == LOCAL and "cpu" not in allow:
            return self.of_another(Device.here(LOCAL).cpu)
        return None

    def of_another(self, cpu: str) -> str | None:
        """Why this table says nothing of that CPU, in a sentence; None where it was measured on one like it."""
        if self.device.cpu == cpu:
            return None
        return f"the latency table of {self.device.name!r} was measured on {self.device.cpu}, and this is {cpu}"

    def differs(self, here: Runtime) -> str | None:
        """Why this table does not speak for that runtime, in a sentence; None if it does."""
        differing = [
            f"{name} {ours!r} where {theirs!r} runs here"
            for (name, ours), theirs in zip(asdict(self.runtime).items(), asdict(here).values(), strict=True)
            if ours != theirs
        ]
        return f"the latency table of {self.device.name!r} was made with {', '.join(differing)}" if differing else None

    @cached_property
    def hash(self) -> str:
        """32 hex digits over everything that the table says."""
        canonical = json.dumps(_written(asdict(self)), sort_keys=True, separators=(",", ":"))
        return blake2b(canonical.encode(), digest_size=16).hexdigest()

    def save(self, path: Path) -> None:
        """Write the table as JSON, so that a reader sees the old file or the new one and nothing between."""
        document = {"schema": SCHEMA, "hash": self.hash} | _written(asdict(self))
        write_atomically(path, json.dumps(document, indent=1))

    @cached_property
    def _costs(self) -> dict[str, float]:
        return {key: entry.latency_ms for key, entry in self.entries.items()}

    @cached_property
    def _sums(self) -> _Sums:
        return _Sums(self._costs)

    @cached_property
    def _interpolation(self) -> Interpolation:
        return Interpolation(self._costs)

    def _interpolated(self, architecture: Architecture) -> Estimate:
        total, variance = 0.0, 0.0
        for op in architecture.ops:
            found = self.cost_of(op)
            if found is None:
                return self._partial(architecture)
            total += found.cost_ms
            variance += (found.relative_error * found.cost_ms) ** 2
        latency_ms = self.calibration.latency_ms(total)
        spread_ms = NORMAL_95 * self.calibration.scale * sqrt(variance)
        return Estimate(latency_ms, hypot(latency_ms * self.calibration.relative_error, spread_ms))

    def _partial(self, architecture: Architecture) -> Estimate:
        found = {op.key: self.cost_of(op) for op in architecture.ops}
        known = [cost.cost_ms for op in architecture.ops if (cost := found[op.key])]
        latency_ms = self.calibration.latency_ms(sum(known))
        missing = tuple(sorted(key for key, cost in found.items() if cost is None))
        return Estimate(latency_ms, latency_ms * self.calibration.relative_error, missing)


class _Sums(dict[Segment, float]):
    """What segments cost of which each op was measured; the others raise KeyError. Begun anew when there are `MOST`."""

    def __init__(self, costs: Mapping[str, float]) -> None:
        self._costs = costs

    def __missing__(self, segment: Segment) -> float:
        total = sum([self._costs[key] for key in segment.keys])
        if len(self) >= MOST:
            self.clear()
        self[segment] = total
        return total


def load(path: str | Path) -> LatencyTable:
    """The table in a file. Raises TableError for a file that is missing, damaged, changed or of another schema."""
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise TableError(f"the latency table {path} cannot be read: {error.strerror}") from None
    return _parsed(content, str(path))


def checked(table: LatencyTable, which: str) -> LatencyTable:
    """The table, if it could be loaded once it is saved. Raises TableError, which calls it `which`."""
    return _validated({"schema": SCHEMA, "hash": table.hash} | _written(asdict(table)), which)


@lru_cache(maxsize=RECENT)
def _parsed(content: bytes, path: str) -> LatencyTable:
    """Kept by what the file says, so that the jobs of a device share one table."""
    try:
        document = json.loads(content.decode())
    except ValueError as error:
        raise TableError(f"the latency table {path} is damaged: not JSON ({error})") from None
    except RecursionError:
        raise TableError(f"the latency table {path} is damaged: it is nested too deeply") from None
    return _validated(document, path)


def _validated(document: Any, path: str) -> LatencyTable:
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema not in READABLE:
        raise TableError(f"{path} is no latency table of schema {READABLE[0]} to {SCHEMA} (it says {schema!r})")
    try:
        table = TypeAdapter(LatencyTable).validate_python({k: document[k] for k in document if k not in _ENVELOPE})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise TableError(f"the latency table {path} is damaged: {where}: {first['msg']}") from None
    for key in dict.fromkeys([*table.entries, *(key for network in table.networks for key in network.ops)]):
        if problem := flaw(key):
            raise TableError(f"the latency table {path} is damaged: there is no op {key[:LONGEST]!r} ({problem})")
    if table.hash != document.get("hash"):
        raise TableError(f"the latency table {path} was changed after it was measured: its hash does not fit")
    return table


_ENVELOPE = ("schema", "hash")
_SINCE_2 = {
    "flag": "",
    "drift": 1.0,
    "doubt": None,
    "protocol": None,
    "flags": (),
    "governor": "",
    "provider": CPU,
    "cores": None,
}  # saying nothing, they change no hash


def _written(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {k: _written(v) for k, v in value.items() if not (k in _SINCE_2 and v == _SINCE_2[k])}


Timed = TypeVar("Timed", Entry, MeasuredNetwork)


def _scaled(timed: Timed, factor: float) -> Timed:
    return replace(timed, latency_ms=timed.latency_ms * factor, spread_ms=timed.spread_ms * factor)


def table_path(folder: Path, device: str, setting: Setting = USUAL) -> Path:
    """Where a folder keeps the table of a device. Raises TableError for a name that cannot be part of a file name."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", device):
        raise TableError(
            f"a device cannot be called {device!r}: take letters, digits, '-', '_' and '.', at most 64 of them"
        )
    if not re.fullmatch(r"[A-Za-z0-9-]{1,80}", str(setting)):
        raise TableError(f"no table is made with {setting.words}")
    return folder / f"{device}-{setting}.json"


def table_paths(folder: Path) -> list[Path]:
    """The tables of a folder, in order."""
    return sorted(folder.glob("*-*.json"))
