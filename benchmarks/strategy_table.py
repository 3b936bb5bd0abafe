"""Every network of a small space of images, trained on `digits` from two seeds: a table on which strategies compete.

Six positions with three options each, all of which matter in every network, make 729 networks: width, kernel and
expansion of two blocks. They are trained as a worker trains them, by `ImageRunner` on one core; a row has the
validation accuracy after every epoch of both trainings, and the latency that a table of this machine estimates.
Strategies are tuned on the accuracies of the first seed and judged on those of the second (`strategies.py`).

    python benchmarks/strategy_table.py [--pilot 60] [--json] [--quick]

Trainings are kept as they end, those of a pilot too, and two processes make them: a run that was stopped goes on where
it was. Where the table is whole (and with `--quick`) some networks are trained again, and their accuracies stand beside
those of the table.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from tabular.networks import Network, distinct, read, write
from tabular.processes import spread
from tabular.trainings import Training, Trainings

from device_agent.rounds import Progress
from latency_tables import Coverage, LatencyTable, profile_space
from search_spaces import get_space
from search_spaces.choice_space import ChoiceSpace
from workers.artifacts import ArtifactStore
from workers.requests import Fidelity, Resources, TrialRequest
from workers.tasks import get_task
from workers.tasks.image_classification import ImageClassification

TABLE = Path(__file__).parent / "tables" / "digits_cells.json"
SPACE: dict[str, Any] = {
    "backbone": [{"width": 16, "depth": 1, "stride": 1}, {"width": 32, "depth": 1, "stride": 2}],
    "resolution": [8],
    "ops": ["mbconv"],
    "width_factors": [0.5, 1, 2],
    "depth_offsets": [0],
    "se": [False],
    "skip": ["none"],
    "activation": ["relu"],
    "kernel": [3, 5, 7],
    "expansion": [1, 2, 4],
    "stem": 16,
    "hidden": 64,
}
TASK: dict[str, Any] = {
    "name": "digits",
    "batch_size": 16,
    "learning_rate": 0.002,
    "warmup": 0.02,
    "augment": False,
    "ema_decay": 0.5,
}
FIDELITY = Fidelity(epochs=27, data_fraction=0.3)
SEEDS = (0, 1)
LEAST_SPEARMAN = 0.6  # between the seeds: below, a table would mostly tell of luck
PROCESSES = 2
AGAIN = {"quick": 4, "full": 20}  # networks that are trained again
DRAW_SEED = 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="end with one JSON object on the last line")
    parser.add_argument("--quick", action="store_true", help="adds nothing to the table: the same keys in 50 seconds")
    parser.add_argument("--table", type=Path, default=TABLE, help="the file that is read or made")
    parser.add_argument("--pilot", type=int, metavar="NETWORKS", help="train so many, drawn at random, and stop there")
    parser.add_argument("--processes", type=int, default=PROCESSES, help="which train at once, on one core each")
    asked = parser.parse_args()
    if asked.pilot:
        report = pilot(asked.table, asked.pilot, asked.processes)
    else:
        report = run(asked.table, "quick" if asked.quick else "full", asked.processes)
    show(report)
    if asked.json:
        print(json.dumps(report))


def run(path: Path, size: str, processes: int) -> dict[str, Any]:
    networks = distinct(bound())
    if not path.exists() and size == "full":
        made(path, networks, processes)
    rows, head = read(path, recipe())
    chosen = [rows[i] for i in np.random.default_rng(DRAW_SEED).permutation(len(rows))[: AGAIN[size]]]
    again = [trained((networks[row["hash"]].architecture.to_json(), row["hash"], SEEDS[0])).curve[-1] for row in chosen]
    before = [row["curves"][0][-1] for row in chosen]
    latencies = [row["latency_ms"] for row in rows]
    return summary(np.array([row["curves"] for row in rows]), [row["choices"] for row in rows]) | {
        "distinct": len(networks),
        "latency_ms": [min(latencies), max(latencies)],
        "latency_error": head["latency"]["relative_error"],
        "seconds_each": round(float(np.median([row["seconds"] for row in rows])), 2),
        "minutes": round(float(np.sum([row["seconds"] for row in rows])) / 60, 1),
        "again": [list(pair) for pair in zip(before, again, strict=True)],
        "largest_difference": float(np.abs(np.subtract(before, again)).max()),
        "size": size,
    }


def pilot(path: Path, count: int, processes: int) -> dict[str, Any]:
    """What so many networks say of the recipe. Their trainings belong to the table as all others do."""
    networks = list(distinct(bound()).values())
    drawn = [networks[i] for i in np.random.default_rng(DRAW_SEED).permutation(len(networks))[:count]]
    ended = completed(path, drawn, processes).ended
    found = [[ended[network.architecture.hash, seed] for seed in SEEDS] for network in drawn]
    return summary(np.array([[t.curve for t in pair] for pair in found]), [network.choices for network in drawn]) | {
        "distinct": len(networks),
        "seconds_each": round(float(np.median([t.seconds for pair in found for t in pair])), 2),
        "size": f"pilot of {count}",
    }


def task() -> ImageClassification:
    found = get_task(**TASK)
    if not isinstance(found, ImageClassification):
        raise TypeError(f"task {found.name!r} has no images")
    return found


def bound() -> ChoiceSpace:
    """The closed space."""
    space = get_space("mobilenetv3", **SPACE).bind(task().signature)
    if not isinstance(space, ChoiceSpace):
        raise TypeError("space 'mobilenetv3' offers no choices")
    return space


def recipe() -> dict[str, Any]:
    """What the accuracies depend on."""
    made_with = {"space": SPACE, "task": TASK, "fidelity": FIDELITY.as_json()}
    return made_with | {"seeds": list(SEEDS), "data": task().content}


def made(path: Path, networks: dict[str, Network], processes: int) -> None:
    """Make the table: all trainings that are still missing, then latencies. Both go on where an earlier run was."""
    ended = completed(path, list(networks.values()), processes).ended
    table = priced(path.with_suffix(".latencies"), list(networks.values()))
    rows = []
    for key, network in networks.items():
        pair = [ended[key, seed] for seed in SEEDS]
        rows.append(
            network.row
            | {"latency_ms": round(table.estimate(network.architecture).latency_ms, 5)}
            | {"curves": [training.curve for training in pair], "seconds": [training.seconds for training in pair]}
        )
    measured = {"device": asdict(table.device), "runtime": asdict(table.runtime)}
    error = round(table.calibration.relative_error, 4)
    write(path, recipe() | {"latency": measured | {"relative_error": error}}, rows)
    for kept in (".trainings", ".latencies"):
        path.with_suffix(kept).unlink()


def completed(path: Path, networks: Sequence[Network], processes: int) -> Trainings:
    """Trainings of these networks from every seed; those that were missing are made, and kept one by one."""
    known = Trainings(path.with_suffix(".trainings"), recipe())
    wanted = [(network.architecture.to_json(), network.architecture.hash, s) for network in networks for s in SEEDS]
    missing = [training for training in wanted if training[1:] not in known.ended]
    started = time.monotonic()
    for number, training in enumerate(spread(trained, missing, processes), start=1):
        known.add(training)
        if number % 20 == 0 or number == len(missing):
            left = (time.monotonic() - started) / number * (len(missing) - number) / 60
            print(f"{number} of {len(missing)} missing trainings made, about {left:.1f} minutes left", flush=True)
    return known


def trained(wanted: tuple[dict[str, Any], str, int]) -> Training:
    """One training: an architecture as JSON, its hash and the seed."""
    architecture, key, seed = wanted
    started = time.process_time()
    trial = TrialRequest(key, architecture, FIDELITY, seed)
    trainer, _ = runner().trainer(trial, Resources(), ArtifactStore("memory://"))
    curve = [round(epoch.metrics["val_accuracy"], 4) for epoch in trainer.run(lambda: False)]
    return Training(key, seed, curve, round(time.process_time() - started, 2))


@cache
def runner() -> Any:
    """A worker's, on one thread; it keeps the images."""
    from workers.training import ImageRunner

    return ImageRunner(task())


def priced(path: Path, networks: Sequence[Network]) -> LatencyTable:
    """The latency table of this machine for all ops of these networks, on one thread."""
    ops = {op.key: op for network in networks for op in network.architecture.ops}
    return profile_space(
        bound(),
        device="local",
        path=path,
        rng=np.random.default_rng(DRAW_SEED),
        coverage=Coverage(tuple(ops[key] for key in sorted(ops)), len(networks), exhausted=True),
        progress=_measuring,
    )


def _measuring(progress: Progress) -> None:
    if progress.done % 500 == 0 or progress.done == progress.total:
        minutes = (progress.seconds_left or 0) / 60
        print(f"latency: {progress.done} of {progress.total} steps, about {minutes:.1f} minutes left", flush=True)


def summary(curves: NDArray[np.float64], choices: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What accuracies after all epochs tell; `curves` is (networks, seeds, epochs).

    `explained` is the share of the variance of a network's mean accuracy that one position explains alone.
    """
    final = curves[:, :, -1]
    means, luck = final.mean(1), final[:, 0] - final[:, 1]
    return {
        "networks": len(curves),
        "spearman": round(float(stats.spearmanr(final[:, 0], final[:, 1])[0]), 4),
        "accuracy_quantiles": {str(q): np.quantile(final, q, axis=0).round(4).tolist() for q in (0, 0.1, 0.5, 0.9, 1)},
        "deviation": round(float(final.std()), 4),
        "deviation_between_seeds": round(float(luck.std() / 2**0.5), 4),
        "mean_curve": curves.mean((0, 1)).round(4).tolist(),
        "spearman_of_early_epochs": [
            round(float(stats.spearmanr(curves[:, :, epoch].ravel(), final.ravel())[0]), 3)
            for epoch in range(curves.shape[2])
        ],
        "explained": {name: round(_explained(means, [row[name] for row in choices]), 3) for name in choices[0]},
    }


def _explained(means: NDArray[np.float64], options: Sequence[Any]) -> float:
    groups = [means[[option == taken for option in options]] for taken in dict.fromkeys(options)]
    within = sum(group.var() * len(group) for group in groups) / len(means)
    return float(1 - within / means.var())


def show(report: dict[str, Any]) -> None:
    print(f"{report['networks']} of {report['distinct']} networks, {report['seconds_each']} seconds of one core each")
    print(f"validation accuracy by quantile, of each seed: {report['accuracy_quantiles']}")
    print(f"deviation {report['deviation']}, between the seeds of a network {report['deviation_between_seeds']}")
    print(f"after each epoch: {report['mean_curve']}")
    print(f"rank correlation with the last epoch: {report['spearman_of_early_epochs']}")
    print(f"share of variance that a position explains: {report['explained']}\n")
    ratio = report["spearman"] / LEAST_SPEARMAN
    print(f"{'':<34}{'here':>8}{'at least':>10}{'ratio':>8}")
    print(f"{'rank correlation of the seeds':<34}{report['spearman']:>8.3f}{LEAST_SPEARMAN:>10.2f}{ratio:>8.2f}")
    if "again" not in report:
        return
    low, high = report["latency_ms"]
    print(f"\nlatency {low:.4f} to {high:.4f} ms, each within {report['latency_error']:.1%}")
    print(f"{report['minutes']} minutes of one core in all")
    print(f"\n{'trained again':<14}{'table':>8}{'again':>8}{'ratio':>8}")
    for number, (table, again) in enumerate(report["again"], start=1):
        print(f"{number:<14}{table:>8.4f}{again:>8.4f}{again / table:>8.3f}")
    print(f"largest difference: {report['largest_difference']:.4f}")


if __name__ == "__main__":
    main()
