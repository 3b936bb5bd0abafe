"""Reports of a request that carries many trials, several in one message: a message costs more than a short trial."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue
from threading import Event, Thread
from time import monotonic

from ..requests import Report, ShouldStop

HOLD_S = 0.1


def bundled(reports: Callable[[ShouldStop], Iterator[Report]], should_stop: ShouldStop) -> Iterator[list[Report]]:
    """The same reports, in order, in lists of what came within `HOLD_S`.

    They are made in a thread, so that none waits for the next. It has ended when this generator has, which asks
    `should_stop` every `HOLD_S` for it.
    """
    said: SimpleQueue[Report | None] = SimpleQueue()
    stop = Event()
    maker = Thread(target=_make, args=(reports(stop.is_set), said), name="trials", daemon=True)
    maker.start()
    try:
        going = True
        while going:
            held = _heard(said)
            going = None not in held
            if should_stop():
                stop.set()
            if bundle := [report for report in held if report is not None]:
                yield bundle
    finally:
        stop.set()
        maker.join()


def _make(reports: Iterator[Report], said: SimpleQueue[Report | None]) -> None:
    """`None` is the last word, also where the reports end in an exception."""
    try:
        for report in reports:
            said.put(report)
    finally:
        said.put(None)


def _heard(said: SimpleQueue[Report | None]) -> list[Report | None]:
    """What is said within `HOLD_S`, or up to the last word."""
    held: list[Report | None] = []
    until = monotonic() + HOLD_S
    while (left := until - monotonic()) > 0:
        try:
            held.append(said.get(timeout=left))
        except Empty:
            break
        if held[-1] is None:
            break
    return held
