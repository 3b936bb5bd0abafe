"""How many candidates a second can be looked at before any training, on one core: drawn, built, hashed and priced.

The spaces are whole ones with their default options; the latency table is made up and has every op that earlier samples
met. Keys: `architectures_per_second`, the lowest of the spaces, and `by_space`, with `per_processor_second` (which a
busy machine disturbs less), `us_each` by step and `missing`, the share of networks with an op that the table lacks.

    python benchmarks/screening.py [--json] [--quick]
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np

from device_agent.machine import Device
from latency_tables import Estimate, LatencyTable
from latency_tables.calibration import Calibration
from latency_tables.runtime import Runtime
from latency_tables.table import Entry
from search_spaces import Architecture, BoundSpace, Genotype, Signature, get_space

BAR = 20_000
CHUNK = 50  # networks that a step does before the next one
COUNTS = {"quick": 2_000, "full": 40_000}
SAMPLES = 40_000  # whose ops the table has: the figures are of screening, and hardly of interpolation
IMAGES = Signature("image", 3, 1000, (8, 1024))
SPACES: dict[str, dict[str, Any]] = {
    "mobilenetv3, 224 px": {},
    "mobilenetv3, 32 to 224 px": {"resolution": [32, 96, 160, 224]},
    "mobilenetv3 small, 96 px": {"backbone": "small", "resolution": [96]},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="end with one JSON object on the last line")
    parser.add_argument("--quick", action="store_true", help="fewer networks, the same keys")
    asked = parser.parse_args()
    report = run("quick" if asked.quick else "full")
    show(report)
    if asked.json:
        print(json.dumps(report))


def run(size: str) -> dict[str, Any]:
    found = {
        name: screened(get_space("mobilenetv3", **options).bind(IMAGES), COUNTS[size])
        for name, options in SPACES.items()
    }
    return {
        "architectures_per_second": min(each["per_second"] for each in found.values()),
        "by_space": found,
        "networks": COUNTS[size],
        "size": size,
        "machine": asdict(Device.here("here")),
    }


def screened(space: BoundSpace, networks: int) -> dict[str, Any]:
    """Networks that were not met before, of a space whose ops were.

    They come in chunks, and each step does a whole chunk before the next one: all steps are timed in one pass, and no
    figure is the difference of two others.
    """
    table, rng = made_up(space, np.random.default_rng(0)), np.random.default_rng(1)
    seconds, processor, missing = dict.fromkeys(STEPS, 0.0), 0.0, 0
    for _ in range(networks // CHUNK):
        started = time.process_time()
        found: Any = None
        for step, action in STEPS.items():
            start = time.perf_counter()
            found = action(space, table, rng, found)
            seconds[step] += time.perf_counter() - start
        processor += time.process_time() - started
        missing += sum(bool(estimate.missing) for estimate in found)
    done = networks // CHUNK * CHUNK
    return {
        "per_second": round(done / sum(seconds.values())),
        "per_processor_second": round(done / processor),
        "us_each": {step: round(spent / done * 1e6, 1) for step, spent in seconds.items()},
        "missing": missing / done,
    }


def drawn(space: BoundSpace, _: LatencyTable, rng: np.random.Generator, __: None) -> list[Genotype]:
    return space.samples(rng, CHUNK)


def built(space: BoundSpace, _: LatencyTable, __: np.random.Generator, genotypes: list[Genotype]) -> list[Architecture]:
    return [space.architecture(genotype) for genotype in genotypes]


def hashed(
    _: BoundSpace, __: LatencyTable, ___: np.random.Generator, architectures: list[Architecture]
) -> list[Architecture]:
    return [architecture for architecture in architectures if architecture.hash]


def priced(
    _: BoundSpace, table: LatencyTable, __: np.random.Generator, architectures: list[Architecture]
) -> list[Estimate]:
    return [table.estimate(architecture) for architecture in architectures]


STEPS: dict[str, Callable[[BoundSpace, LatencyTable, np.random.Generator, Any], Any]] = {
    "drawn": drawn,
    "built": built,
    "hashed": hashed,
    "priced": priced,
}


def made_up(space: BoundSpace, rng: np.random.Generator) -> LatencyTable:
    ops = {op.key: op for _ in range(SAMPLES) for op in space.architecture(space.sample(rng)).ops}
    entries = {key: Entry(1e-3 + op.macs / 1e9, 0.0, 1) for key, op in ops.items()}
    return LatencyTable(Device.here("local"), Runtime.here(), entries, (), Calibration(1.0, 0.01, 0.03, 12))


def show(report: dict[str, Any]) -> None:
    print(f"{report['networks']} networks of each space, on one core\n")
    print(f"{'':<28}{'a second':>10}{'limit':>9}{'ratio':>8}   microseconds each")
    for name, each in report["by_space"].items():
        steps = ", ".join(f"{step} {us}" for step, us in each["us_each"].items())
        print(f"{name:<28}{each['per_second']:>10,}{BAR:>9,}{each['per_second'] / BAR:>8.2f}   {steps}")


if __name__ == "__main__":
    main()
