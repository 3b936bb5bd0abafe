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
EXPORT_STEPS = 10  # an export counts as so many visits, until it is known how long either takes

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


@dataclass
class _Steps:
    """Of one kind: how many there are, what each counts, and what those done took."""

    total: int
    weight: int
    done: int = 0
    seconds: float = 0.0

    def seconds_left(self, usual_s: float) -> float:
        """At the pace so far, or at what a step of weight 1 usually takes."""
        return (self.total - self.done) * (self.seconds / self.done if self.done else usual_s * self.weight)


class Steps:
    """Counts exports and visits and tells a callback. Those of an earlier process are no measure of speed."""

    def __init__(self, exports: int, visits: int, progress: ProgressCallback, clock: Clock) -> None:
        self._exports, self._visits = _Steps(exports, EXPORT_STEPS), _Steps(visits, 1)
        self._progress, self._clock = progress, clock
        self._last = clock()

    def exported(self) -> None:
        self._advance(self._exports)

    def visited(self) -> None:
        self._advance(self._visits)

    def _advance(self, steps: _Steps) -> None:
        now = self._clock()
        steps.done, steps.seconds, self._last = steps.done + 1, steps.seconds + now - self._last, now
        kinds = self._exports, self._visits
        done, total = (sum(kind.weight * getattr(kind, count) for kind in kinds) for count in ("done", "total"))
        usual_s = sum(kind.seconds for kind in kinds) / done
        self._progress(Progress(done, total, sum(kind.seconds_left(usual_s) for kind in kinds)))


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
    steps = Steps(len(subjects), sum(visits for _, visits in subjects), progress, clock)
    constant = reference.export()
    for batch in _batches(subjects, steps):
        models = {subject.name: model for subject, _, model in batch}
        with measure.alike(setting):
            for number, name in enumerate(_interleaved({s.name: visits for s, visits, _ in batch}, rng)):
                if number % REFERENCE_EVERY == 0:
                    _visit(reference.name, constant, setting, protocol, sink)
                _visit(name, models[name], setting, protocol, sink)
                steps.visited()
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
        steps.exported()
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
