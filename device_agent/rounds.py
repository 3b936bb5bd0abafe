"""Measuring many subjects so that they can be compared: their visits are interleaved, each round in another order.

One reference is visited all along, so that a machine that gets slower or faster meanwhile is seen to (it is corrected
for where the visits are added up, in `latency_tables.drift`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from numpy.random import Generator

from . import measure
from .measure import Visit
from .setting import Setting

BATCH = 256  # subjects whose files are held in memory, and are interleaved, together
BATCH_BYTES = 200_000_000  # or fewer, on networks that are large: an agent may run where there is little memory
REFERENCE_EVERY = 8  # visits
EXPORT_STEPS = 10  # an export takes about as long as so many visits

Clock = Callable[[], float]  # seconds, monotonic


@dataclass(frozen=True)
class Progress:
    """Steps done of all, and about how many seconds the rest takes (None until there is something to go by)."""

    done: int
    total: int
    seconds_left: float | None


ProgressCallback = Callable[[Progress], None]


@dataclass(frozen=True)
class Subject:
    """Something to measure, as ONNX, under a name that stays the same in another process."""

    name: str
    export: Callable[[], bytes]


class Steps:
    """Counts steps and tells a callback. Steps done in an earlier process are no measure of speed."""

    def __init__(self, total: int, progress: ProgressCallback, clock: Clock) -> None:
        self._total, self._progress, self._clock = total, progress, clock
        self._done = 0
        self._started = clock()

    def advance(self, steps: int = 1) -> None:
        self._done += steps
        seconds = (self._clock() - self._started) / self._done
        self._progress(Progress(self._done, self._total, seconds * (self._total - self._done)))


class CannotRun(Exception):
    """A subject that the device's runtime does not run."""

    def __init__(self, subject: str, problem: str) -> None:
        super().__init__(f"onnxruntime cannot run {subject!r} here: {problem}")
        self.subject = subject


class Sink(Protocol):
    """Where visits go as they are made: a journal, or a server."""

    def add(self, subject: str, visit: Visit) -> None: ...


def measure_subjects(
    lacking: Sequence[tuple[Subject, int]],
    reference: Subject,
    *,
    setting: Setting,
    protocol: measure.Protocol,
    rng: Generator,
    sink: Sink,
    progress: ProgressCallback,
    clock: Clock = time.monotonic,
) -> None:
    """Visit every subject so many times more. Before and after all, and between every few, the reference is visited.

    Raises NotOffered before anything is exported, and CannotRun for a subject that does not run.
    """
    subjects = list(lacking)
    rng.shuffle(subjects)
    if not subjects:
        return
    measure.refuse_lacking(setting)
    steps = Steps(sum(visits for _, visits in subjects) + EXPORT_STEPS * len(subjects), progress, clock)
    constant = reference.export()
    for batch in _batches(subjects, steps):
        models = {subject.name: model for subject, _, model in batch}
        with measure.alike(setting):
            for number, name in enumerate(_interleaved({s.name: visits for s, visits, _ in batch}, rng)):
                if number % REFERENCE_EVERY == 0:
                    _visit(reference.name, constant, setting, protocol, sink)
                _visit(name, models[name], setting, protocol, sink)
                steps.advance()
            _visit(reference.name, constant, setting, protocol, sink)


def visited(name: str, model: bytes, setting: Setting, protocol: measure.Protocol) -> Visit:
    """One visit of a subject. Raises NotOffered, ImportError, and CannotRun for whatever onnxruntime raises."""
    try:
        return measure.visit(model, setting, protocol)
    except (measure.NotOffered, ImportError):
        raise
    except Exception as error:
        raise CannotRun(name, str(error).split("\n")[0]) from error


def _visit(name: str, model: bytes, setting: Setting, protocol: measure.Protocol, sink: Sink) -> None:
    sink.add(name, visited(name, model, setting, protocol))


def _batches(subjects: Sequence[tuple[Subject, int]], steps: Steps) -> Iterator[list[tuple[Subject, int, bytes]]]:
    """Subjects with their visits and their files, as many at once as may be held."""
    batch: list[tuple[Subject, int, bytes]] = []
    for subject, visits in subjects:
        batch.append((subject, visits, subject.export()))
        steps.advance(EXPORT_STEPS)
        if len(batch) == BATCH or sum(len(model) for _, _, model in batch) > BATCH_BYTES:
            yield batch
            batch = []
    if batch:
        yield batch


def _interleaved(lacking: Mapping[str, int], rng: Generator) -> Iterator[str]:
    """The subject of each visit to make: round after round, each in random order, those first that lack most."""
    for left in range(max(lacking.values()), 0, -1):
        names = [name for name, visits in lacking.items() if visits >= left]
        rng.shuffle(names)
        yield from names
