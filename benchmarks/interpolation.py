"""How far off interpolated block latencies are, on a published table that this project did not measure.

Fits on a random 60 % of the blocks and asks for the rest, five times. Beside it stand a line on multiply-adds, and the
nearest block by the logarithms of widths and size, by kernel, stride and gate. The table is a CSV as nn-Meter publishes
its blocks (`latency_tables/published.py` has the columns).

    python benchmarks/interpolation.py --path BLOCKS.csv [--json] [--quick]

Keys: `median` and `percentile_90` of the absolute relative error; `covered` is the share of blocks inside the 90 %
interval that is said of them; the same for `linear_macs` and `nearest`.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latency_tables.between import Interpolation
from latency_tables.calibration import NORMAL_95
from latency_tables.published import read_blocks
from search_spaces import Op
from search_spaces.ops import MBConv

FITTED = 0.6
SPLITS = {"quick": 1, "full": 5}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--path", type=Path, required=True, help="the CSV")
    parser.add_argument("--json", action="store_true", help="end with one JSON object on the last line")
    parser.add_argument("--quick", action="store_true", help="one split instead of five")
    asked = parser.parse_args()
    size = "quick" if asked.quick else "full"
    report = run(read_blocks(asked.path.read_text()), SPLITS[size]) | {"size": size}
    show(report)
    if asked.json:
        print(json.dumps(report))


def run(costs: dict[Op, float], splits: int) -> dict[str, Any]:
    ops, ms = list(costs), np.array(list(costs.values()))
    errors: dict[str, list[NDArray[np.float64]]] = {"ours": [], "linear_macs": [], "nearest": []}
    inside, seconds = [], 0.0
    for seed in range(splits):
        order = np.random.default_rng(seed).permutation(len(ops))
        fit, rest = np.split(order, [round(FITTED * len(ops))])
        started = time.perf_counter()
        table = Interpolation({ops[i].key: ms[i] for i in fit})
        asked = [(i, found) for i in rest if (found := table.of(ops[i]))]
        seconds += time.perf_counter() - started
        known = np.array([i for i, _ in asked])
        errors["ours"].append(np.array([found.cost_ms for _, found in asked]) / ms[known] - 1)
        inside += [abs(f.cost_ms - ms[i]) <= NORMAL_95 * f.relative_error * f.cost_ms for i, f in asked]
        errors["linear_macs"].append(on_macs(ops, ms, fit, known) / ms[known] - 1)
        errors["nearest"].append(nearest(ops, ms, fit, known) / ms[known] - 1)
    ours = figures(errors["ours"])
    return ours | {
        "covered": float(np.mean(inside)),
        "linear_macs": figures(errors["linear_macs"]),
        "nearest": figures(errors["nearest"]),
        "blocks": len(ops),
        "splits": splits,
        "asked": len(inside),
        "not_known": splits * (len(ops) - round(FITTED * len(ops))) - len(inside),
        "us_each": round(seconds / len(inside) * 1e6, 1),
    }


def figures(errors: list[NDArray[np.float64]]) -> dict[str, float]:
    size = np.abs(np.concatenate(errors))
    return {"median": float(np.median(size)), "percentile_90": float(np.quantile(size, 0.9))}


def on_macs(ops: list[Op], ms: NDArray[np.float64], fit: NDArray[Any], rest: NDArray[Any]) -> NDArray[np.float64]:
    """A line, least squares of the relative errors."""
    macs = np.stack([[op.macs for op in ops], np.ones(len(ops))], axis=1)
    line, *_ = np.linalg.lstsq(macs[fit] / ms[fit, None], np.ones(len(fit)), rcond=None)
    found: NDArray[np.float64] = macs[rest] @ line
    return found


def nearest(ops: list[Op], ms: NDArray[np.float64], fit: NDArray[Any], rest: NDArray[Any]) -> NDArray[np.float64]:
    """What the nearest fitted block costs; every property counts by its spread."""
    places = np.array([described(op) for op in ops])
    places = (places - places.mean(0)) / (places.std(0) + 1e-9)
    distances = np.square(places[rest][:, None] - places[fit]).sum(2)
    return ms[fit][distances.argmin(1)]


def described(op: Op) -> list[float]:
    sizes = [op.in_shape[0], op.out_shape[0], op.in_shape[1]]
    expanded = op.expanded_channels if isinstance(op, MBConv) else op.out_shape[0]
    gate = float(isinstance(op, MBConv) and op.se_channels > 0)
    return [*np.log([*sizes, expanded]).tolist(), getattr(op, "kernel", 0), getattr(op, "stride", 0), gate]


def show(report: dict[str, Any]) -> None:
    print(
        f"{report['blocks']} blocks, {report['splits']} splits: fitted on {FITTED:.0%}, asked for {report['asked']}\n"
    )
    print(f"{'':<16}{'median error':>14}{'90 % below':>14}")
    for name, each in (("interpolated", report), ("nearest block", report["nearest"]), ("MACs", report["linear_macs"])):
        print(f"{name:<16}{each['median']:>14.1%}{each['percentile_90']:>14.1%}")
    print(f"\ninside their 90 % interval: {report['covered']:.0%}; {report['not_known']} blocks not known")


if __name__ == "__main__":
    main()
