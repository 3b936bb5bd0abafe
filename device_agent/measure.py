"""Measuring one ONNX file on this machine: the one protocol for micro networks, calibration networks and exports.

A visit opens a fresh session, drops its first runs and keeps a low quantile of the rest; a measurement is a low
quantile over many visits. Fresh sessions average over memory layouts, and interleaving the visits of many models (see
`rounds`) keeps slow drifts from being read as differences. Others who share caches and memory only ever make a run
slower, for seconds at a time: the lower the quantile, the nearer two measurements of one network are to each other.
Needs onnxruntime and numpy only.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .machine import usable_cores
from .pages import fresh_pages
from .setting import USUAL, Setting

if TYPE_CHECKING:
    import onnxruntime as ort

Clock = Callable[[], int]  # nanoseconds, monotonic


@dataclass(frozen=True)
class Protocol:
    """How often to look. A visit counts `longest` runs, or as many as `visit_ms` holds, but at least `shortest`.

    The quantiles are `of_runs` in a visit, and over visits.
    """

    visits: int = 20
    dropped: int = 3
    shortest: int = 5
    longest: int = 15
    visit_ms: float = 15.0
    of_runs: float = 0.1
    quantile: float = 0.1


@dataclass(frozen=True)
class Measurement:
    """Milliseconds for one sample, the interquartile range over visits, and how many runs were counted."""

    latency_ms: float
    spread_ms: float
    runs: int


@dataclass(frozen=True)
class Visit:
    """What one session showed: a low quantile of its counted runs."""

    latency_ms: float
    runs: int

    @property
    def flaw(self) -> str:
        """What of it cannot be, in words; empty for a visit that can."""
        if not 0 < self.latency_ms < MOST_MS:  # nor what is no number
            return f"{self.latency_ms!r} ms"
        return "" if 0 < self.runs <= MOST_RUNS else f"{self.runs} runs"


INTERLEAVED = Protocol()
ALONE = Protocol(visits=100)  # one network: more visits, so that they span a disturbance of a second
MOST_MS = 600_000.0  # a visit that claims more is a mistake
MOST_RUNS = 1_000_000
_FEWEST_VISITS = 12
_MOST_SECONDS = 10.0


def measure_network(
    model: bytes,
    *,
    setting: Setting = USUAL,
    protocol: Protocol = ALONE,
    clock: Clock = time.perf_counter_ns,
) -> Measurement:
    """Latency of an ONNX file with one input, for one sample of it, pinned, in this process.

    A large network gets fewer visits than `protocol` allows, so that it is done in about ten seconds. Raises whatever
    onnxruntime raises for a file that it cannot run.
    """
    visits: list[Visit] = []
    end = clock() + int(_MOST_SECONDS * 1e9)
    with alike(setting):
        while len(visits) < protocol.visits and (len(visits) < _FEWEST_VISITS or clock() < end):
            visits.append(visit(model, setting, protocol, clock))
    return summary(visits, protocol)


def summary(visits: Sequence[Visit], protocol: Protocol) -> Measurement:
    """The measurement that these visits add up to."""
    values = np.array([v.latency_ms for v in visits])
    low, high = np.quantile(values, [0.25, 0.75])
    runs = sum(v.runs for v in visits)
    return Measurement(float(np.quantile(values, protocol.quantile)), float(high - low), runs)


def visit(
    model: bytes,
    setting: Setting,
    protocol: Protocol,
    clock: Clock = time.perf_counter_ns,
) -> Visit:
    """One fresh session, looked at once."""
    opened = session(model, setting)
    (taken,) = opened.get_inputs()
    feed = {taken.name: _sample(taken.shape)}
    for _ in range(protocol.dropped):
        opened.run(None, feed)
    times = list(_run_times(opened, feed, protocol, clock))
    return Visit(float(np.quantile(times, protocol.of_runs)) / 1e6, len(times))


def _run_times(opened: ort.InferenceSession, feed: dict[str, Any], protocol: Protocol, clock: Clock) -> Iterator[int]:
    run = opened.run
    end = clock() + int(protocol.visit_ms * 1e6)
    for done in range(protocol.longest):
        start = clock()
        if done >= protocol.shortest and start > end:
            return
        run(None, feed)
        yield clock() - start


class NotOffered(ValueError):
    """An execution provider that the onnxruntime of this device does not offer, or that cannot be used here."""


def offered() -> list[str]:
    """The execution providers of this device's onnxruntime."""
    import onnxruntime as ort

    return list(ort.get_available_providers())


def refuse_lacking(setting: Setting) -> None:
    """Raises NotOffered, with what there is, where the provider is not offered: onnxruntime would use another one."""
    if setting.provider not in (found := offered()):
        raise NotOffered(f"the onnxruntime of this device has no {setting.provider}; it offers: {', '.join(found)}")


def session(model: bytes, setting: Setting) -> ort.InferenceSession:
    """A session that runs ops one after another, as a deployed network would. Raises NotOffered."""
    import onnxruntime as ort

    refuse_lacking(setting)
    options = ort.SessionOptions()
    options.intra_op_num_threads = setting.on(usable_cores())
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 3
    opened = ort.InferenceSession(model, options, providers=[setting.provider])
    if setting.provider not in (used := opened.get_providers()):
        raise NotOffered(f"{setting.provider} does not start on this device; onnxruntime used {', '.join(used)}")
    return opened


def _sample(shape: Sequence[int | str]) -> np.ndarray[Any, Any]:
    """A ramp: no denormal numbers, no generator needed, the same on every machine. What may be any size is 1."""
    sizes = [size if isinstance(size, int) else 1 for size in shape]
    return np.linspace(-1, 1, int(np.prod(sizes)), dtype=np.float32).reshape(sizes)


@contextmanager
def alike(setting: Setting) -> Iterator[None]:
    """What visits need to be comparable: the same core for all, and memory of their own for each."""
    with pinned(setting), fresh_pages():
        yield


@contextmanager
def pinned(setting: Setting) -> Iterator[None]:
    """Keep the calling thread, and those it starts meanwhile, on as many of the CPUs it may use as there are threads.

    They are the last ones, for the first serve most interrupts. Where the system knows no affinity (macOS, Windows)
    nothing happens.
    """
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, set(sorted(before)[-setting.on(len(before)) :]))
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
