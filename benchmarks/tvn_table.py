"""Every network of a small closed space of Tiny Video Networks, trained on `moving-digits`: a table for searches.

A search on the table costs nothing, so strategies can be compared over many seeds (`tvn_search.py`). Networks are
trained as a worker trains them: by `ClipRunner`, on one core, all from one seed; the accuracy is that after the last
epoch. The cost that searches limit is `macs`, which is the same on every machine. Rows are written as they come, so a
run that was stopped goes on where it was; the whole table takes about 20 minutes of one core. Where the table is whole
(and with `--quick`) some of its networks are trained again, and their accuracies stand beside those of the table.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from tabular.networks import Network, Row, distinct, write
from tabular.networks import read as read_table

from search_spaces import get_space
from search_spaces.choice_space import ChoiceSpace
from workers.artifacts import ArtifactStore
from workers.requests import Fidelity, Resources, TrialRequest
from workers.tasks import get_task
from workers.tasks.clip_classification import ClipClassification
from workers.training import ClipRunner

TABLE = Path(__file__).parent / "tables" / "tvn_moving_digits.json"
SPACE: dict[str, Any] = {
    "resolution": [8],
    "frames": [1, 2, 4],
    "frame_rate": [12.5],
    "blocks": [1, 2],
    "repeats": [1],
    "spatial": ["std", "maxpool"],
    "spatial_kernel": [3],
    "spatial_stride": [2],
    "temporal": ["1d", "maxpool", "avgpool"],
    "temporal_kernel": [1, 3],
    "temporal_stride": [1],
    "filters": [4, 16],
    "expansion": [1],
    "inverted": [False],
    "non_local": [False],
    "se": [0.0],
    "context_gate": [False],
    "skip": [False],
    "activation": ["relu"],
}
TASK: dict[str, Any] = {"name": "moving-digits", "learning_rate": 0.02, "augment": False}
FIDELITY = Fidelity(epochs=5, data_fraction=0.5)
SEED = 0
CHANCE = 1 / 8
AGAIN = {"quick": 4, "full": 20}  # networks that are trained again


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="end with one JSON object on the last line")
    parser.add_argument("--quick", action="store_true", help="adds nothing to the table: the same keys in 50 seconds")
    parser.add_argument("--table", type=Path, default=TABLE, help="the file that is read and added to")
    asked = parser.parse_args()
    report = run(asked.table, "quick" if asked.quick else "full")
    show(report)
    if asked.json:
        print(json.dumps(report))


def run(path: Path, size: str) -> dict[str, Any]:
    torch.set_num_threads(1)
    networks = distinct(bound())
    rows = read(path) if path.exists() else []
    if size == "full":
        rows = completed(path, rows, networks)
    rng = np.random.default_rng(SEED)
    chosen = [rows[i] for i in rng.permutation(len(rows))[: AGAIN[size]]]
    again = [trained(networks[row["hash"]])["val_accuracy"] for row in chosen]
    return summary(rows, len(networks)) | {
        "again": [[row["val_accuracy"], found] for row, found in zip(chosen, again, strict=True)],
        "largest_difference": max(abs(row["val_accuracy"] - a) for row, a in zip(chosen, again, strict=True)),
        "size": size,
    }


def task() -> ClipClassification:
    found = get_task(**TASK)
    if not isinstance(found, ClipClassification):
        raise TypeError(f"task {found.name!r} has no videos")
    return found


def bound() -> ChoiceSpace:
    """The closed space."""
    space = get_space("tvn", **SPACE).bind(task().signature)
    if not isinstance(space, ChoiceSpace):
        raise TypeError("space 'tvn' offers no choices")
    return space


def completed(path: Path, rows: list[Row], networks: dict[str, Network]) -> list[Row]:
    """All rows; those that were missing are trained, and written one by one."""
    known = {row["hash"] for row in rows}
    missing = [found for key, found in networks.items() if key not in known]
    for number, network in enumerate(missing, start=1):
        rows = [*rows, trained(network)]
        write(path, recipe(), rows)
        if number % 50 == 0 or number == len(missing):
            print(f"{number} of {len(missing)} missing networks trained", flush=True)
    return rows


def trained(network: Network) -> Row:
    """One row: a network's choices, costs and validation accuracy, and the seconds of one core that it took."""
    architecture = network.architecture
    trial = TrialRequest(architecture.hash, architecture.to_json(), FIDELITY, SEED)
    started = time.process_time()
    trainer, _ = ClipRunner(task()).trainer(trial, Resources(), ArtifactStore("memory://"))
    *_, last = trainer.run(lambda: False)
    return network.row | {
        "val_accuracy": round(last.metrics["val_accuracy"], 4),
        "seconds": round(time.process_time() - started, 2),
    }


def recipe() -> dict[str, Any]:
    """What the accuracies depend on."""
    return {"space": SPACE, "task": TASK, "fidelity": FIDELITY.as_json(), "seed": SEED, "data": task().content}


def read(path: Path) -> list[Row]:
    """The rows so far. Raises ValueError for a table of another space or training."""
    return read_table(path, recipe())[0]


def summary(rows: list[Row], whole: int) -> dict[str, Any]:
    accuracies = np.array([row["val_accuracy"] for row in rows])
    single = [row["val_accuracy"] for row in rows if row["choices"]["frames"] == 1]
    still = [row["val_accuracy"] for row in rows if row["choices"]["frames"] > 1 and not any(temporal_ops(row))]
    pooled = [row["val_accuracy"] for row in rows if any(ops := temporal_ops(row)) and "1d" not in ops]
    return {
        "networks": len(rows),
        "distinct": whole,
        "accuracy_quantiles": {
            str(q): round(float(np.quantile(accuracies, q)), 4) for q in (0, 0.25, 0.5, 0.75, 0.9, 0.99, 1)
        },
        "near_chance": float((accuracies < 1.5 * CHANCE).mean()),
        "best_of_one_frame": max(single, default=0.0),
        "best_without_temporal_op": max(still, default=0.0),
        "best_with_temporal_pools_only": max(pooled, default=0.0),
        "macs": [min(row["macs"] for row in rows), max(row["macs"] for row in rows)],
        "seconds_each": median(row["seconds"] for row in rows),
        "minutes": sum(row["seconds"] for row in rows) / 60,
    }


def temporal_ops(row: Row) -> list[str]:
    """The temporal op of each block that has one."""
    return [value for name, value in row["choices"].items() if name.endswith(".temporal")]


def show(report: dict[str, Any]) -> None:
    print(f"{report['networks']} of {report['distinct']} networks, {report['minutes']:.1f} minutes of one core")
    print(f"validation accuracy by quantile: {report['accuracy_quantiles']}")
    print(f"{report['near_chance']:.0%} are below 1.5 times chance ({CHANCE})\n")
    print(f"{'best of':<34}{'accuracy':>9}{'/ chance':>10}")
    for name, key in (
        ("one frame", "best_of_one_frame"),
        ("frames, but no temporal op", "best_without_temporal_op"),
        ("temporal pools, no convolution", "best_with_temporal_pools_only"),
    ):
        print(f"{name:<34}{report[key]:>9.3f}{report[key] / CHANCE:>10.2f}")
    best = report["accuracy_quantiles"]["1"]
    print(f"{'all':<34}{best:>9.3f}{best / CHANCE:>10.2f}\n")
    print(f"{'trained again':<14}{'table':>8}{'again':>8}{'ratio':>8}")
    for number, (table, again) in enumerate(report["again"], start=1):
        print(f"{number:<14}{table:>8.4f}{again:>8.4f}{again / table:>8.3f}")
    print(f"largest difference: {report['largest_difference']:.4f}")


if __name__ == "__main__":
    main()
