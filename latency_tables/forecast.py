"""What a profile has before it: how much is still to measure, and about how long that takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from device_agent.measure import Protocol, pinned, visit
from device_agent.rounds import Subject
from device_agent.setting import Setting

TRIED = 15  # subjects from which the time of all is foretold

Clock = Callable[[], float]  # seconds, monotonic


@dataclass(frozen=True)
class Forecast:
    """Ops and whole networks that the table lacks, and about how many seconds it takes to measure the rest of them."""

    ops: int
    networks: int
    seconds: float


AnnounceCallback = Callable[[Forecast], None]


def seconds_left(
    lacking: Sequence[tuple[Subject, int]],
    *,
    setting: Setting,
    protocol: Protocol,
    clock: Clock = time.monotonic,
) -> float:
    """Exports and visits that are still to make, at the pace of a few subjects tried out; none of it is recorded."""
    unfinished = [subject for subject, _ in lacking]
    if not unfinished:
        return 0.0
    tried = [unfinished[i * len(unfinished) // TRIED] for i in range(TRIED)]
    _pace(tried[0], setting, protocol, clock)  # loads torch and onnxruntime, which must not count
    paces = [_pace(subject, setting, protocol, clock) for subject in tried]
    export_s = sum(export for export, _ in paces) / TRIED
    visit_s = sum(visit for _, visit in paces) / TRIED
    return export_s * len(unfinished) + visit_s * sum(visits for _, visits in lacking)


def _pace(subject: Subject, setting: Setting, protocol: Protocol, clock: Clock) -> tuple[float, float]:
    """Seconds of one export and of one visit."""
    started = clock()
    model = subject.export()
    exported = clock()
    with pinned(setting):
        visit(model, setting, protocol)
    return exported - started, clock() - exported
