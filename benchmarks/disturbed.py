"""A device that is disturbed while it is measured: is its latency table right, or does it say that it is not?

A sub-space of `mobilenetv3` at 32 px is profiled on this machine five times: twice in peace, the second of which says
what two tables differ by anyhow; once with another program that keeps the other cores busy from half-way on; once more
like that, its entries taken as measured, without the correction by the reference; and once killed (-9) half-way and
called again. Every table's estimates of 500 networks stand beside those of the first one.

    python benchmarks/disturbed.py [--json] [--quick]

Keys, by case: `differs`, the mean difference of estimates as a share, without a common factor in `differs_in_shape`;
`drift`, by how much the table itself says that the device was slower in its worst stretch; `relative_error` of its
intervals; `flagged` ops; `seconds`.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from latency import IMAGE, IMAGES, PROFILE_SEED

from device_agent.measure import INTERLEAVED, Protocol
from device_agent.rounds import Progress
from device_agent.setting import USUAL
from latency_tables import LatencyTable, profile_space, survey
from latency_tables.drift import Steadied, steadied
from latency_tables.profile import distinct_networks
from search_spaces import BoundSpace, get_space

VISITS = {"quick": 4, "full": INTERLEAVED.visits}
ASKED = 500  # networks

Halfway = Callable[[], object]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="end with one JSON object on the last line")
    parser.add_argument("--quick", action="store_true", help="fewer visits: the same keys in under a minute")
    asked = parser.parse_args()
    size = "quick" if asked.quick else "full"
    report = run(replace(INTERLEAVED, visits=VISITS[size])) | {"size": size}
    show(report)
    if asked.json:
        print(json.dumps(report))


def run(protocol: Protocol) -> dict[str, Any]:
    space = get_space("mobilenetv3", **IMAGES).bind(IMAGE)
    with TemporaryDirectory() as folder:
        tables = {
            "in peace": profiled(space, Path(folder, "first.json"), protocol),
            "in peace again": profiled(space, Path(folder, "second.json"), protocol),
            "killed half-way": killed(space, Path(folder, "killed.json"), protocol),
        }
        with busy() as begin:
            tables["busy from half-way on"] = profiled(space, Path(folder, "busy.json"), protocol, begin)
        with busy() as begin, uncorrected():
            tables["the same, not corrected"] = profiled(space, Path(folder, "raw.json"), protocol, begin)
    first, _ = tables["in peace"]
    networks = distinct_networks(space, ASKED, np.random.default_rng(1))
    usual = np.array([first.estimate(network).latency_ms for network in networks])
    cases = {}
    for name, (table, seconds) in tables.items():
        ratio = np.array([table.estimate(network).latency_ms for network in networks]) / usual
        cases[name] = {
            "differs": float(np.abs(ratio - 1).mean()),
            "differs_in_shape": float(np.abs(ratio / np.median(ratio) - 1).mean()),
            "drift": table.drift,
            "relative_error": table.calibration.relative_error,
            "flagged": sum(bool(entry.flag) for entry in table.entries.values()),
            "seconds": round(seconds, 1),
        }
    return {"cases": cases, "ops": len(first.entries), "networks": len(networks), "device": asdict(first.device)}


def profiled(
    space: BoundSpace, path: Path, protocol: Protocol, halfway: Halfway | None = None
) -> tuple[LatencyTable, float]:
    """A table, and the seconds that it took. `halfway` is called once, when half of the steps are done."""
    due = [halfway] if halfway else []

    def progress(now: Progress) -> None:
        if due and now.done > now.total / 2:
            due.pop()()

    started = time.perf_counter()
    table = profile_space(
        space,
        device="benchmark",
        setting=USUAL,
        path=path,
        rng=np.random.default_rng(PROFILE_SEED),
        progress=progress,
        protocol=protocol,
    )
    return table, time.perf_counter() - started


def killed(space: BoundSpace, path: Path, protocol: Protocol) -> tuple[LatencyTable, float]:
    """The table of a second call, after a process that did the same was killed half-way."""
    child = multiprocessing.get_context("spawn").Process(target=profiled, args=(space, path, protocol, _die))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    return profiled(space, path, protocol)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@contextmanager
def busy() -> Iterator[Halfway]:
    """Something that keeps all cores but the one that is measured on busy, once it is begun."""
    context = multiprocessing.get_context("spawn")
    others = sorted(os.sched_getaffinity(0))[:-1]
    workers = [context.Process(target=_work, args=(cpu,), daemon=True) for cpu in others]

    def begin() -> None:
        for worker in workers:
            worker.start()

    try:
        yield begin
    finally:
        for worker in workers:
            worker.kill()
            worker.join()


def _work(cpu: int) -> None:
    os.environ["OMP_NUM_THREADS"] = "1"
    os.sched_setaffinity(0, {cpu})
    values = np.random.default_rng(0).random((1500, 1500))
    while True:
        values = values @ values
        values /= np.abs(values).max()


@contextmanager
def uncorrected() -> Iterator[None]:
    """Tables of visits as they were made."""

    def as_made(made: survey.Made, _: str) -> Steadied:
        return steadied(made, "nobody")

    survey.steadied = as_made
    try:
        yield
    finally:
        survey.steadied = steadied


def show(report: dict[str, Any]) -> None:
    print(f"{report['ops']} ops, estimates of {report['networks']} networks beside those of the first table\n")
    print(f"{'':<26}{'differs':>9}{'in shape':>10}{'it says: slower by':>20}{'error':>8}{'flagged':>9}{'seconds':>9}")
    for name, case in report["cases"].items():
        print(
            f"{name:<26}{case['differs']:>9.1%}{case['differs_in_shape']:>10.1%}{case['drift'] - 1:>20.0%}"
            f"{case['relative_error']:>8.1%}{case['flagged']:>9}{case['seconds']:>9}"
        )


if __name__ == "__main__":
    main()
