"""Evolution beside random search on Tiny Video Networks (arXiv 1910.06961): best accuracy under a limit against trials.

On a table of trained networks (`tvn_table.py`) every strategy searches with many seeds, at equal numbers of trials, by
the service's own rules: a candidate over the limit is told as infeasible, one that was evaluated before as reused, and
neither is a trial. Bands are 95 % intervals of the mean over seeds (Student's t); `separated` says that those of
evolution and of random search do not meet after the last trial. `evolution` removes the oldest member, `keeping_best`
the worst, as the paper does: in a space as small as the table's, the mutations of those that stay are soon all known,
and such a search may end as exhausted before its last trial.

`--real` makes one search of each strategy through the whole service as well: REST, SQLite, two Ray workers, in a space
of 10^16 genotypes. `--figure` draws all that was found; with `--report` an earlier report, and nothing is searched.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from jobs.finished import finished, serving
from tabular.curves import MARK, band, finish, intervals, panels, save
from tabular.networks import Row
from tabular.world import World, objective
from tvn_table import TABLE, bound, read

from nas_service.spec import ObjectiveSpec
from nas_service.strategies import get_strategy
from search_spaces.choice_space import ChoiceSpace

LIMIT_MACS = 80_000
TRIALS = 100
SEEDS = {"quick": 6, "full": 20}
FIRST_SEED = 200  # limit, trials, population and what joins it were chosen with seeds below, which are not used here
EVOLUTION = {"name": "evolution", "population": 12, "sample": 4}
STRATEGIES: dict[str, dict[str, Any]] = {
    "evolution": EVOLUTION,
    "keeping_best": EVOLUTION | {"removes": "worst"},
    "random": {"name": "random"},
}
OBJECTIVE = ObjectiveSpec(reward="metric", cost="macs", limits={"macs": LIMIT_MACS})
REAL_TRIALS = {"quick": 4, "full": 60}
REAL_SPACE: dict[str, Any] = {
    "resolution": [8, 12, 16],
    "frames": [1, 2, 4, 8],
    "frame_rate": [6.25, 12.5, 25],
    "blocks": [1, 2, 3],
    "repeats": [1, 2],
    "spatial": ["std", "depthwise", "maxpool", "avgpool"],
    "spatial_kernel": [1, 3, 5],
    "spatial_stride": [1, 2],
    "temporal": ["1d", "maxpool", "avgpool"],
    "temporal_kernel": [1, 2, 3],
    "temporal_stride": [1, 2],
    "filters": [4, 8, 16],
    "expansion": [1, 2],
    "inverted": [False, True],
    "non_local": [False],
    "se": [0, 0.5],
    "context_gate": [False, True],
    "skip": [False, True],
    "activation": ["relu"],
}
REAL_TASK: dict[str, Any] = {
    "name": "moving-digits",
    "learning_rate": 0.02,
    "augment": False,
    "batch_size": 64,
}
REAL_EPOCHS = {"quick": 1, "full": 6}
REAL_STRATEGIES = ("evolution", "random")
LOOKS = {  # Okabe and Ito's colours, which can be told apart whatever colours one sees
    "evolution": ("#0072b2", "-", "evolution, the oldest leaves"),
    "keeping_best": ("#009e73", (0, (5, 1.5)), "evolution, the worst leaves"),
    "random": ("#d55e00", (0, (1.5, 1)), "random search"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="end with one JSON object on the last line")
    parser.add_argument("--quick", action="store_true", help="fewer seeds: the same keys in under 50 seconds")
    parser.add_argument("--table", type=Path, default=TABLE, help="what `tvn_table.py` wrote")
    parser.add_argument("--real", action="store_true", help="one search of each strategy through the service as well")
    parser.add_argument("--figure", type=Path, help="an SVG of what was found")
    parser.add_argument("--report", type=Path, help="an earlier report (JSON), to show and draw instead of searching")
    asked = parser.parse_args()
    size = "quick" if asked.quick else "full"
    report = json.loads(asked.report.read_text()) if asked.report else run(asked.table, size, real=asked.real)
    show(report)
    if asked.figure:
        draw(report, asked.figure)
    if asked.json:
        print(json.dumps(report))


def run(table: Path, size: str, *, real: bool) -> dict[str, Any]:
    """The report: curves of every strategy on the table, their last points, and the real searches if asked for."""
    space = bound()
    rows = {row["hash"]: row for row in read(table)}
    feasible = [row["val_accuracy"] for row in rows.values() if row["macs"] <= LIMIT_MACS]
    found = {name: many(space, rows, options, SEEDS[size]) for name, options in STRATEGIES.items()}
    last = {name: curve["curve"][-1] for name, curve in found.items()}
    return {
        **last,
        "separated": last["evolution"][1] > last["random"][2],
        "separated_keeping_best": last["keeping_best"][1] > last["random"][2],
        "evolution_over_random": last["evolution"][0] / last["random"][0],
        "trials_to_equal_random": {
            name: reached(curve["curve"], last["random"][0]) for name, curve in found.items() if name != "random"
        },
        "best_possible": max(feasible),
        "trials": TRIALS,
        "seeds": SEEDS[size],
        "first_seed": FIRST_SEED,
        "limit_macs": LIMIT_MACS,
        "networks": len(rows),
        "feasible": len(feasible),
        "strategy": EVOLUTION,
        "curves": {name: curve["curve"] for name, curve in found.items()},
        "proposals_a_trial": {name: curve["proposals_a_trial"] for name, curve in found.items()},
        "exhausted": {name: curve["exhausted"] for name, curve in found.items()},
        "best_of_each_seed": {name: curve["best"] for name, curve in found.items()},
        "real": {name: searched(name, size) for name in REAL_STRATEGIES} if real else None,
        "size": size,
    }


def many(space: ChoiceSpace, rows: Mapping[str, Row], options: dict[str, Any], seeds: int) -> dict[str, Any]:
    """Searches of one strategy: mean, low and high of the best accuracy after each trial."""
    worlds = [world(space, rows, options, seed) for seed in range(FIRST_SEED, FIRST_SEED + seeds)]
    best = np.array([best_so_far(each) for each in worlds])
    proposals, trials = sum(len(each.told) for each in worlds), sum(len(each.trained) for each in worlds)
    return {
        "curve": intervals(best),
        "best": best[:, -1].tolist(),
        "proposals_a_trial": round(proposals / trials, 2),
        "exhausted": sum(len(each.trained) < TRIALS for each in worlds),
    }


def world(space: ChoiceSpace, rows: Mapping[str, Row], options: dict[str, Any], seed: int) -> World:
    """One search. It ends early where nothing new was proposed for long, as a job does in the service."""
    chosen = dict(options)
    strategy = get_strategy(chosen.pop("name"), chosen, space, seed)
    made = World(space, rows, objective(OBJECTIVE))
    made.search(strategy, TRIALS)
    return made


def best_so_far(made: World) -> list[float]:
    """After each trial; a search that ended early has no better ones to come."""
    rewards = [outcome.reward or 0.0 for outcome in made.trained.values()]
    return np.maximum.accumulate(rewards + [0.0] * (TRIALS - len(rewards))).tolist()


def reached(curve: list[list[float]], accuracy: float) -> int | None:
    """Trials until the mean is at `accuracy`."""
    return next((number for number, point in enumerate(curve, start=1) if point[0] >= accuracy), None)


def searched(name: str, size: str) -> dict[str, Any]:
    """One search through the service: the best accuracy after each trial, in the order in which trials ended."""
    spec = {
        "name": name,
        "space": {"name": "tvn", "options": REAL_SPACE},
        "task": REAL_TASK | {"epochs": REAL_EPOCHS[size]},
        "objective": {"reward": "metric", "cost": "macs", "limits": {"macs": LIMIT_MACS}},
        "strategy": STRATEGIES[name],
        "budget": {"trials": REAL_TRIALS[size]},
        "workers": {"parallel": 2},
        "seed": 0,
    }
    with serving() as here:
        found = finished(here.nas, spec)
        job, best, minutes = found.job, found.best, found.minutes
        ended = sorted(here.nas.trials(job.id, state="completed"), key=lambda trial: trial.ended_at or 0)
    accuracies = [trial.metrics["val_accuracy"] for trial in ended]
    return {
        "best": best.metrics["val_accuracy"],
        "macs": best.macs,
        "params": best.params,
        "curve": np.round(np.maximum.accumulate(accuracies), 4).tolist(),
        "accuracies": np.round(accuracies, 4).tolist(),
        "trials": job.trials,
        "proposals": job.proposals,
        "infeasible": job.infeasible,
        "reused": job.reused,
        "failed": job.failed,
        "minutes": round(minutes, 2),
        "genotype": best.genotype,
    }


def show(report: dict[str, Any]) -> None:
    print(
        f"{report['networks']} networks, {report['feasible']} of them within {report['limit_macs']:,} MACs, "
        f"the best of these {report['best_possible']:.4f}; {report['trials']} trials, {report['seeds']} seeds\n"
    )
    print(
        f"{'best accuracy':<32}{'mean':>8}{'95 % interval':>20}{'/ random':>10}{'proposals a trial':>19}"
        f"{'exhausted':>11}"
    )
    for name, (_, _, label) in LOOKS.items():
        mean, low, high = report[name]
        ratio, proposals = mean / report["random"][0], report["proposals_a_trial"][name]
        print(
            f"{label:<32}{mean:>8.4f}{f'{low:.4f} to {high:.4f}':>20}{ratio:>10.3f}{proposals:>19.2f}"
            f"{report['exhausted'][name]:>11}"
        )
    print(f"\nintervals apart: {report['separated']}; keeping the best: {report['separated_keeping_best']}")
    print(f"trials until as good as random search is in the end: {report['trials_to_equal_random']}")
    for name, found in (report["real"] or {}).items():
        print(
            f"real search, {LOOKS[name][2]}: {found['best']:.4f} with {found['macs']:,} MACs after {found['trials']} "
            f"trials ({found['proposals']} proposals, {found['minutes']:.1f} minutes)"
        )


def draw(report: dict[str, Any], path: Path) -> None:
    """The paper's figure as SVG: on the table with bands, and beside it the real searches, if there are any."""
    figure, axes = panels(2 if report["real"] else 1)
    for name, (colour, style, label) in LOOKS.items():
        band(axes[0], range(1, report["trials"] + 1), report["curves"][name], (colour, style, label))
        if found := (report["real"] or {}).get(name):
            trials = range(1, len(found["curve"]) + 1)
            axes[1].step(
                trials, found["curve"], where="post", color=colour, linestyle=style, linewidth=1.6, label=label
            )
    axes[0].axhline(report["best_possible"], color=MARK, linewidth=0.8, label="best in the table")
    titles = (
        f"{report['networks']} trained networks, {report['seeds']} seeds, 95 % intervals",
        "one search each through the service, in a larger space",
    )
    for each, title in zip(axes, titles, strict=False):
        each.set_ylim(0, 1.02)
        finish(each, title, f"best accuracy within {report['limit_macs']:,} MACs")
    save(figure, path)


if __name__ == "__main__":
    main()
