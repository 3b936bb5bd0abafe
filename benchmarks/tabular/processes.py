"""Work spread over processes that end with the one that began them, however that one ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def spread(work: Callable[[Item], Result], items: Sequence[Item], processes: int = 2) -> Iterator[Result]:
    """`work` of each item, in the order in which results come; `work` is a function of a module.

    Each process has every n-th item. One that lost its reader ends at its next result. Raises RuntimeError where a
    process ended early; why, it has printed.
    """
    context = get_context("spawn")
    reading, workers = [], []
    for share in (items[start::processes] for start in range(min(processes, len(items)))):
        ours, theirs = context.Pipe(duplex=False)
        workers.append(context.Process(target=_work, args=(theirs, work, share), daemon=True))
        workers[-1].start()
        theirs.close()
        reading.append(ours)
    left = len(items)
    try:
        while reading:
            for ready in wait(reading):
                try:
                    yield ready.recv()  # type: ignore[union-attr]
                    left -= 1
                except EOFError:
                    reading.remove(ready)  # type: ignore[arg-type]
    finally:
        for worker in workers:
            worker.terminate()
            worker.join()
    if left:
        raise RuntimeError(f"{left} of {len(items)} pieces of work have no result, for a process ended early")


def _work(results: Connection, work: Callable[[Item], Result], items: Sequence[Item]) -> None:
    with suppress(BrokenPipeError):
        for item in items:
            results.send(work(item))
