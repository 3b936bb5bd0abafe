"""How many candidates a second can be looked at before any training, on one core: drawn, built, hashed and priced.

The spaces are whole ones with their default options; the latency table is made up and has every op that earlier samples
met. Keys: `architectures_per_second`, the lowest of the spaces, and `by_space`, with `us_each` by step and `missing`,
the share of networks with an op that the table lacks.

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
from search_spaces import BoundSpace, get_space
from search_spaces.space import Signature

BAR = 20_000
COUNTS = {"quick": 2_000, "full": 40_000}
SAMPLES = 40_000  # whose ops the table has: the figures are of screening, and hardly of interpolation
IMAGES = Signature("image", 3, 1000, (8, 1024))
SPACES: dict[str, dict[str, Any]] = {
    "mobilenetv3, 224 px": {},
    "mobilenetv3, 32 to 224 px": {"resolution": [32, 96, 160, 224]},
    "mobilenetv3 small, 96 px": {"backbone": "small", "resolution": [96]},
}

Step = Callable[[np.random.Generator], object]


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
    """Networks that were not met before, of a space whose ops were."""
    table = made_up(space, np.random.default_rng(0))
    steps: dict[str, Step] = {
        "drawn": space.sample,
        "built": lambda rng: space.architecture(space.sample(rng)),
        "hashed": lambda rng: space.architecture(space.sample(rng)).hash,
        "priced": lambda rng: priced(space, table, rng),
    }
    seconds = {step: timed(action, networks, seed) for seed, (step, action) in enumerate(steps.items(), start=1)}
    before = dict(zip(seconds, (0.0, *seconds.values()), strict=False))
    rng = np.random.default_rng(len(steps) + 1)
    return {
        "per_second": round(networks / seconds["priced"]),
        "us_each": {step: round((end - before[step]) / networks * 1e6, 1) for step, end in seconds.items()},
        "missing": sum(bool(priced(space, table, rng).missing) for _ in range(networks)) / networks,
    }


def priced(space: BoundSpace, table: LatencyTable, rng: np.random.Generator) -> Estimate:
    architecture = space.architecture(space.sample(rng))
    assert len(architecture.hash) == 32
    return table.estimate(architecture)


def timed(action: Step, times: int, seed: int) -> float:
    """Seconds; every step draws others, for a space keeps what it built last."""
    rng = np.random.default_rng(seed)
    start = time.perf_counter()
    for _ in range(times):
        action(rng)
    return time.perf_counter() - start


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
