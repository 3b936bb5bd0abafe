"""Measuring many subjects so that they can be compared: their visits are interleaved, each round in another order."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from numpy.random import Generator

from .journal import Journal
from .measure import Model, Protocol, pinned, visit
from .subjects import Subject

BATCH = 256  # subjects whose files are held in memory, and are interleaved, together
_EXPORT_STEPS = 10  # an export takes about as long as so many visits

Clock = Callable[[], float]  # seconds, monotonic


@dataclass(frozen=True)
class Progress:
    """Steps done of all, and about how many seconds the rest takes (None until there is something to go by)."""

    done: int
    total: int
    seconds_left: float | None


ProgressCallback = Callable[[Progress], None]


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


def measure_subjects(
    subjects: Sequence[Subject],
    *,
    threads: int,
    protocol: Protocol,
    rng: Generator,
    journal: Journal,
    progress: ProgressCallback,
    clock: Clock = time.monotonic,
) -> None:
    """Bring every subject to `protocol.visits` visits in the journal. Subjects that have them are not touched."""
    open_subjects = [s for s in subjects if len(journal.visits[s.name]) < protocol.visits]
    rng.shuffle(open_subjects)
    missing = sum(protocol.visits - len(journal.visits[s.name]) for s in open_subjects)
    steps = Steps(missing + _EXPORT_STEPS * len(open_subjects), progress, clock)
    for batch in _batches(open_subjects):
        models = {subject.name: _exported(subject, steps) for subject in batch}
        with pinned(threads):
            for name in _interleaved(models, protocol, rng, journal):
                journal.add(name, visit(models[name].onnx, models[name].input_shape, threads, protocol))
                steps.advance()


def _exported(subject: Subject, steps: Steps) -> Model:
    model = subject.export()
    steps.advance(_EXPORT_STEPS)
    return model


def _interleaved(models: dict[str, Model], protocol: Protocol, rng: Generator, journal: Journal) -> Iterator[str]:
    """The subject of each visit to make: round after round, those that still lack one, in random order."""
    for made in range(protocol.visits):
        names = [name for name in models if len(journal.visits[name]) <= made]
        rng.shuffle(names)
        yield from names


def _batches(subjects: list[Subject]) -> Iterator[list[Subject]]:
    for start in range(0, len(subjects), BATCH):
        yield subjects[start : start + BATCH]
