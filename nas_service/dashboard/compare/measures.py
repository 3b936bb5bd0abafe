"""Networks of one or several jobs by their measures, each beside what it is of the first one's. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from nas_service.api.device_views import BesideView
from nas_service.api.views import CandidateDetail, JobView

from ..theme import count, milliseconds, reward, share
from ..wording import shape

LETTERS = "ABCDEF"  # what the networks are called


@dataclass(frozen=True)
class Network:
    """A candidate, the job that it is of, and what its device took where it was measured."""

    candidate: CandidateDetail
    job: JobView
    measured: BesideView | None = None

    @property
    def value(self) -> float | None:
        """Of its job's own metric."""
        return self.candidate.metrics.get(self.job.metric)

    @property
    def device(self) -> Any:
        """As the spec has it, with its setting."""
        return self.job.spec.get("device")


@dataclass(frozen=True)
class Figure:
    """What stands in a cell, and below it what it is of the first one's."""

    text: str
    note: str = ""


@dataclass(frozen=True)
class Measure:
    """A line of the table, with a figure for each network."""

    what: str
    figures: tuple[Figure, ...]


Read = Callable[[Network], float | None]


def measures(networks: Sequence[Network]) -> list[Measure]:
    """What is known of none of them has no line."""
    found = [
        Measure("state", tuple(Figure(one.candidate.state, _qualified(one)) for one in networks)),
        *(_metric(name, networks) for name in dict.fromkeys(one.job.metric for one in networks)),
        _line("reward", networks, lambda one: one.candidate.reward, lambda one: reward(one.candidate.reward)),
        _line("latency estimated, ms", networks, _estimated, _estimate, _times_on_one_device),
        _line("latency measured, ms", networks, _taken, _measurement, _times_on_one_device),
        Measure("device", tuple(Figure(one.job.device or "–") for one in networks)),
        Measure("input", tuple(Figure(shape(one.candidate.architecture.input_shape)) for one in networks)),
        _count("parameters", networks, lambda one: one.candidate.params),
        _count("MACs", networks, lambda one: one.candidate.macs),
    ]
    return [line for line in found if any(figure.text != "–" for figure in line.figures)]


def rows(networks: Sequence[Network]) -> list[dict[str, Any]]:
    """The numbers themselves, a row a network."""
    names = dict.fromkeys(one.job.metric for one in networks)
    return [
        {"network": letter, "candidate": one.candidate.id, "job": one.job.id, "name": one.job.name}
        | {"state": one.candidate.state, "full": one.candidate.full}
        | {name: one.candidate.metrics.get(name) for name in names}
        | {"reward": one.candidate.reward, "latency_ms": one.candidate.latency_ms}
        | {"latency_error_ms": one.candidate.latency_error_ms, "measured_latency_ms": _taken(one)}
        | {"device": one.job.device, "params": one.candidate.params, "macs": one.candidate.macs}
        for letter, one in zip(LETTERS, networks, strict=False)
    ]


def _line(
    what: str,
    networks: Sequence[Network],
    read: Read,
    tell: Callable[[Network], str],
    relate: Callable[[Network, Network, Read], str] | None = None,
) -> Measure:
    first, *others = networks
    told = [Figure(tell(first)), *(Figure(tell(one), relate(first, one, read) if relate else "") for one in others)]
    return Measure(what, tuple(told))


def _metric(name: str, networks: Sequence[Network]) -> Measure:
    def read(one: Network) -> float | None:
        return one.candidate.metrics.get(name)

    return _line(name, networks, read, lambda one: share(read(one)), _points)


def _count(what: str, networks: Sequence[Network], read: Read) -> Measure:
    return _line(what, networks, read, lambda one: count(read(one)), _times)


def _points(first: Network, other: Network, read: Read) -> str:
    """How much more a metric is; shares in percentage points."""
    before, after = read(first), read(other)
    if before is None or after is None:
        return ""
    if before == after:
        return "the same"
    shares = 0 <= before <= 1 and 0 <= after <= 1
    return f"{100 * (after - before):+.2f} points" if shares else f"{after - before:+.4g}"


def _times(first: Network, other: Network, read: Read) -> str:
    """How much more a cost is, in percent."""
    before, after = read(first), read(other)
    if not before or after is None:
        return ""
    return "the same" if before == after else f"{after / before - 1:+.1%}"


def _times_on_one_device(first: Network, other: Network, read: Read) -> str:
    return _times(first, other, read) if first.device == other.device else ""


def _qualified(one: Network) -> str:
    if one.candidate.id == one.job.incumbent:
        return "the best of its job"
    return "not in full" if one.candidate.value is not None and not one.candidate.full else ""


def _estimated(one: Network) -> float | None:
    return one.candidate.latency_ms


def _estimate(one: Network) -> str:
    return milliseconds(one.candidate.latency_ms, one.candidate.latency_error_ms)


def _taken(one: Network) -> float | None:
    return None if one.measured is None else one.measured.measured_ms


def _measurement(one: Network) -> str:
    return "–" if one.measured is None else milliseconds(one.measured.measured_ms, one.measured.spread_ms)
