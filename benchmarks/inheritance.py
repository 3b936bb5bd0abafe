"""What inherited weights gain: one evolution, at equal trials and epochs, from fresh weights and from the parent's.

Both searches go through the whole service on scikit-learn's digits, with one epoch a trial, seed by seed. `reached` is
the best validation accuracy that a search saw, which for heirs counts the training of their ancestors too; `trained` is
the test accuracy of the network that it calls its best after a final training from fresh weights, which says whether
the search chose well. `gain` is the difference of the means over seeds, heirs minus fresh.
"""

from __future__ import annotations

import argparse
import json
from statistics import mean
from typing import Any

from jobs.finished import finished, serving
from rich.console import Console
from rich.table import Table

from nas_service.client import Client

SPACE: dict[str, Any] = {
    "name": "mobilenetv3",
    "options": {
        "backbone": [
            {"width": 8, "stride": 2},
            {"width": 16, "depth": 2, "stride": 2},
            {"width": 24, "depth": 2, "stride": 2},
        ],
        "resolution": [16, 24],
        "hidden": 128,
    },
}
SIZES: dict[str, dict[str, Any]] = {
    "full": {"seeds": range(3), "trials": 60, "final": 10, "population": 12, "sample": 4},
    "quick": {"seeds": range(1), "trials": 8, "final": 1, "population": 3, "sample": 2},
}
LIMIT_PARAMS = 60_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="end with one JSON object on the last line")
    parser.add_argument("--quick", action="store_true", help="tiny searches: the same keys in under 50 seconds")
    chosen = parser.parse_args()
    size = SIZES["quick" if chosen.quick else "full"]
    with serving() as here:
        found = {
            kind: [searched(here.nas, seed, size, inherit=kind == "heirs") for seed in size["seeds"]]
            for kind in ("fresh", "heirs")
        }
    report = summary(found)
    show(report)
    if chosen.json:
        print(json.dumps(report | {"searches": found, "size": size | {"seeds": len(size["seeds"])}}))


def searched(nas: Client, seed: int, size: dict[str, Any], *, inherit: bool) -> dict[str, Any]:
    """One search, and the final training of its best."""
    found = finished(
        nas,
        {
            "name": f"inherit {inherit}, seed {seed}",
            "space": SPACE,
            "task": {"name": "digits", "epochs": 1},
            "objective": {"reward": "metric", "cost": "params", "limits": {"params": LIMIT_PARAMS}},
            "strategy": {
                "name": "evolution",
                "population": size["population"],
                "sample": size["sample"],
                "inherit": inherit,
            },
            "budget": {"trials": size["trials"]},
            "workers": {"parallel": 2},
            "seed": seed,
        },
    )
    export = nas.wait_for_export(nas.export(found.best.id, size["final"]).id)
    return {
        "seed": seed,
        "reached": found.best.metrics["val_accuracy"],
        "trained": export.metrics["test_accuracy"],
        "params": found.best.params,
        "trials": found.job.trials,
        "minutes": round(found.minutes, 2),
    }


def summary(found: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    means = {
        kind: {name: mean(one[name] for one in searches) for name in ("reached", "trained", "minutes")}
        for kind, searches in found.items()
    }
    gain = {name: means["heirs"][name] - means["fresh"][name] for name in ("reached", "trained")}
    return {**means, "gain": gain}


def show(report: dict[str, Any]) -> None:
    table = Table("one epoch a trial", "best validation accuracy", "its test accuracy after final training", "minutes")
    for kind in ("fresh", "heirs"):
        one = report[kind]
        table.add_row(kind, f"{one['reached']:.2%}", f"{one['trained']:.2%}", f"{one['minutes']:.1f}")
    table.add_row("gain", f"{report['gain']['reached']:+.2%}", f"{report['gain']['trained']:+.2%}", "")
    Console().print(table)


if __name__ == "__main__":
    main()
