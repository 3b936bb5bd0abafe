"""Every strategy on a table of trained networks, beside random search and beside Optuna's samplers run natively.

On the 729 networks of `strategy_table.py`, trained on `digits` from two seeds, every strategy searches 50 times for the
front (reward `pareto`), which is judged by hypervolume, and 50 times for the one best network (reward `mnasnet`), which
is judged by regret; Optuna's own searches are for the front. One trial follows another by the service's own rules: a
network that was trained before is told as reused and is no trial, but a search that repeats itself for long has
converged and ends early (`tabular/contest.py` says when).
Options were chosen on the accuracies of the first seed (`--first`) with other draws; what is reported are searches on
those of the second. Hypervolume is a share of that of the whole table, regret what the best reward found lacks of the
best there is; bands are 95 % intervals of the mean over searches (Student's t). `early_stopping` says with what share
of the epochs of 100 whole trials the same strategy, stopped early, reaches the same hypervolume: for each method and
strategy, and at its top for the pair that was best on the first seed.

    python benchmarks/strategies.py [--json] [--quick] [--first] [--figure SVG] [--report JSON]

`--figure` draws what was found; with `--report` that of an earlier run, and nothing is searched.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from contestants import optuna_samplers
from numpy.typing import NDArray
from scipy import stats
from strategy_table import FIDELITY, TABLE, bound, recipe
from tabular.contest import Contest, Listed, Reward
from tabular.curves import Look, band, finish, intervals, panels, save
from tabular.networks import distinct, read
from tabular.processes import spread

from nas_service.early_stopping import stop_early
from nas_service.spec import EarlyStoppingSpec
from nas_service.strategies import get_strategy

BUDGETS = (100, 300)
RUNS = {"quick": 4, "full": 50}
FIRST_RUN = 1000  # options were chosen with runs below, which are not used here
TUNED = (
    "on the first seed: how ppo and reinforce follow a front (elite 50, repeats worth 0); rungs and factor of early "
    "stopping; else defaults"
)
STRATEGIES: dict[str, dict[str, Any]] = {
    "random": {},
    "evolution": {},
    "nsga2": {},
    "tpe": {},
    "ppo": {},
    "reinforce": {},
    "optuna": {"sampler": "nsga2", "population": optuna_samplers.POPULATION},
}
AIMS: tuple[Reward, ...] = ("pareto", "mnasnet")
BARS = {"evolution": 100, "nsga2": 100, "tpe": 100}  # trials after which random search has to be beaten; others: 300
RIVALS = {"nsga2": "optuna-nsga2", "tpe": "optuna-tpe"}
EARLY = {
    "asha": EarlyStoppingSpec(method="asha", factor=3, rungs=3),
    "predicted": EarlyStoppingSpec(method="predicted", factor=3, rungs=4),
}
STOPPED_EARLY = ("random", "evolution", "nsga2", "tpe")
BEST_EARLY = ("predicted", "random")
SHARES = np.arange(1, 101) / 100  # of the epochs of 100 whole trials
NO_LIMIT = 10**6  # of trials: epochs are counted
DRAWN_EVERY = 5  # trials
LEAST_DRAWN = 0.85  # hypervolume; nothing is to be told apart below
DOTS, DASHES = (0, (1.5, 1)), (0, (5, 1.5))
LOOKS: dict[str, Look] = {  # Okabe and Ito's colours; what is Optuna's own is dashed
    "random": ("#d55e00", DOTS, "random search"),
    "evolution": ("#0072b2", "-", "evolution"),
    "nsga2": ("#009e73", "-", "NSGA-II"),
    "tpe": ("#cc79a7", "-", "TPE"),
    "ppo": ("#e69f00", "-", "PPO"),
    "reinforce": ("#56b4e9", "-", "REINFORCE"),
    "optuna": ("#7b8794", "-", "optuna: nsga2"),
    "optuna-nsga2": ("#009e73", DASHES, "Optuna's NSGA-II"),
    "optuna-tpe": ("#cc79a7", DASHES, "Optuna's TPE"),
}

Search = tuple[Path, int, str, Reward, int]  # table, seed of the accuracies, strategy, aim, seed of the search
Volumes = Mapping[str, list[float]]  # mean, low, high by strategy
Curves = dict[str, list[list[float]]]  # [mean, low, high] after each trial, by measure


@dataclass(frozen=True)
class Judged:
    """A search: hypervolume and regret after each trial, proposals a trial, and whether it ended early."""

    name: str
    aim: Reward
    measures: NDArray[np.float64]
    proposals: float
    ended_early: bool


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="end with one JSON object on the last line")
    parser.add_argument("--quick", action="store_true", help="fewer searches: the same keys in under 50 seconds")
    parser.add_argument("--table", type=Path, default=TABLE, help="what `strategy_table.py` wrote")
    parser.add_argument("--first", action="store_true", help="on the first seed's accuracies, for choosing options")
    parser.add_argument("--figure", type=Path, help="an SVG of what was found")
    parser.add_argument("--report", type=Path, help="an earlier report (JSON), to show and draw instead of searching")
    asked = parser.parse_args()
    size = "quick" if asked.quick else "full"
    report = json.loads(asked.report.read_text()) if asked.report else run(asked.table, 0 if asked.first else 1, size)
    show(report)
    if asked.figure:
        draw(report, asked.figure)
    if asked.json:
        print(json.dumps(report))


def run(table: Path, seed: int, size: str) -> dict[str, Any]:
    first = 0 if seed == 0 else FIRST_RUN
    aims = {name: [*AIMS] if name in STRATEGIES else ["pareto"] for name in LOOKS}
    searches = [
        (table, seed, name, aim, first + n) for name, found in aims.items() for aim in found for n in range(RUNS[size])
    ]
    judged = list(spread(searched, searches))
    found = {name: [each for each in judged if each.name == name] for name in LOOKS}
    curves = {name: measured(each) for name, each in found.items()}
    volumes = [{name: curve["hypervolume"][budget - 1] for name, curve in curves.items()} for budget in BUDGETS]
    regrets = [{name: curve["regret"][budget - 1] for name, curve in curves.items()} for budget in BUDGETS]
    rows, _ = read(table, recipe())
    final = np.array([[curve[-1] for curve in row["curves"]] for row in rows])
    return {
        "hypervolume": volumes[0],
        "hypervolume_300": volumes[1],
        "regret": regrets[0],
        "regret_300": regrets[1],
        "separated": {name: separated(name, volumes) for name in LOOKS if name != "random"},
        "not_worse_than_optuna": {
            ours: [at[ours][2] >= at[theirs][1] for at in volumes] for ours, theirs in RIVALS.items()
        },
        "early_stopping": early_stopping(table, seed, range(first, first + RUNS[size]), volumes[0]),
        "spearman": round(float(stats.spearmanr(*final.T)[0]), 4),
        "tuned": TUNED,
        "accuracies_of": "the first seed" if seed == 0 else "the second seed",
        "networks": len(rows),
        "runs": RUNS[size],
        "first_run": first,
        "strategies": STRATEGIES,
        "proposals_a_trial": {
            name: round(float(np.mean([one.proposals for one in for_front(each)])), 2) for name, each in found.items()
        },
        "ended_early": {name: sum(one.ended_early for one in for_front(each)) for name, each in found.items()},
        "curves": {
            name: {measure: curve[DRAWN_EVERY - 1 :: DRAWN_EVERY] for measure, curve in each.items()}
            for name, each in curves.items()
        },
        "size": size,
    }


def searched(search: Search) -> Judged:
    """One search, judged after each trial."""
    table, of_seed, name, aim, seed = search
    found = contest(table, of_seed)
    world = found.world(aim)
    if name in STRATEGIES:
        world.search(get_strategy(name, STRATEGIES[name], world.space, seed), BUDGETS[-1])
    else:
        optuna_samplers.search(world, name, seed, BUDGETS[-1])
    trials = len(world.trained)
    measures = found.judged(list(world.trained), BUDGETS[-1])
    return Judged(name, aim, measures, len(world.told) / trials, trials < BUDGETS[-1])


@cache
def contest(table: Path, seed: int) -> Contest:
    space = bound()
    networks = list(distinct(space).values())
    return Contest(Listed(space, networks), read(table, recipe())[0], seed)


def measured(searches: Sequence[Judged]) -> Curves:
    """Hypervolume of the searches for the front, regret of those for one network if there are any."""
    for_one = [one for one in searches if one.aim == "mnasnet"] or searches
    return {
        "hypervolume": intervals(np.array([one.measures[0] for one in for_front(searches)])),
        "regret": intervals(np.array([one.measures[1] for one in for_one])),
    }


def for_front(searches: Iterable[Judged]) -> list[Judged]:
    return [one for one in searches if one.aim == "pareto"]


def separated(name: str, volumes: Sequence[Volumes]) -> bool:
    """Whether a strategy's interval lies above that of random search after the trials that it is granted."""
    at = volumes[BUDGETS.index(BARS.get(name, BUDGETS[-1]))]
    return at[name][1] > at["random"][2]


def early_stopping(table: Path, seed: int, runs: Sequence[int], full: Volumes) -> dict[str, Any]:
    """By method and strategy, what share of the epochs of 100 whole trials brings their mean hypervolume.

    `share_of_epochs` is None where all the epochs are not enough; `hypervolume` is what there is then, `at_all` what
    all the epochs bring.
    """
    searches = [(table, seed, method, name, run) for method in EARLY for name in STOPPED_EARLY for run in runs]
    found: dict[tuple[str, str], list[NDArray[np.float64]]] = {}
    for method, name, volumes in spread(searched_by_rungs, searches):
        found.setdefault((method, name), []).append(volumes)
    methods = {
        method: {
            "spec": spec.model_dump(),
            "strategies": {name: saved(found[method, name], full[name]) for name in STOPPED_EARLY},
        }
        for method, spec in EARLY.items()
    }
    method, name = BEST_EARLY
    best = methods[method]["strategies"][name]
    return {"method": method, "strategy": name, **best, "methods": methods}


def saved(volumes: Sequence[NDArray[np.float64]], full: Sequence[float]) -> dict[str, Any]:
    """Where the mean of these curves over shares of the epochs reaches what whole trials bring."""
    curve = intervals(np.array(volumes))
    place = next((i for i, point in enumerate(curve) if point[0] >= full[0]), None)
    return {
        "share_of_epochs": None if place is None else float(SHARES[place]),
        "hypervolume": curve[-1 if place is None else place],
        "full": full,
        "at_all": curve[-1],
        "curve": curve[DRAWN_EVERY - 1 :: DRAWN_EVERY],
    }


def searched_by_rungs(search: tuple[Path, int, str, str, int]) -> tuple[str, str, NDArray[np.float64]]:
    """One search with early stopping: its hypervolume, of what was trained to the end, at each share of the epochs."""
    table, of_seed, method, name, seed = search
    found = contest(table, of_seed)
    epochs = BUDGETS[0] * FIDELITY.epochs
    world = found.rungs("pareto", epochs)
    inner = get_strategy(name, STRATEGIES[name], world.space, seed)
    world.search(stop_early(EARLY[method], inner, world.space, FIDELITY, seed=seed, front=True), NO_LIMIT)
    spent, trained = zip(*world.whole, strict=True)
    volumes = np.array([0, *found.judged(trained, len(trained))[0]])
    return method, name, volumes[np.searchsorted(spent, SHARES * epochs, side="right")]


def show(report: dict[str, Any]) -> None:
    print(
        f"{report['networks']} networks, accuracies of {report['accuracies_of']} (rank correlation of the seeds "
        f"{report['spearman']:.2f}); {report['runs']} searches each and aim; tuned: {report['tuned']}"
    )
    for budget, suffix in zip(BUDGETS, ("", "_300"), strict=True):
        print(
            f"\n{f'after {budget} trials':<20}{'hypervolume':>12}{'95 % interval':>18}{'/ random':>10}"
            f"{'regret':>9}{'95 % interval':>18}"
        )
        volumes, regrets = report[f"hypervolume{suffix}"], report[f"regret{suffix}"]
        for name, (_, _, label) in LOOKS.items():
            (mean, low, high), (regret, least, most) = volumes[name], regrets[name]
            print(
                f"{label:<20}{mean:>12.4f}{f'{low:.4f} to {high:.4f}':>18}{mean / volumes['random'][0]:>10.3f}"
                f"{regret:>9.4f}{f'{least:.4f} to {most:.4f}':>18}"
            )
    print(f"\napart from random search: {report['separated']}")
    print(f"not worse than Optuna's own, at {BUDGETS} trials: {report['not_worse_than_optuna']}")
    for method, found in report["early_stopping"]["methods"].items():
        for name, early in found["strategies"].items():
            share = early["share_of_epochs"]
            print(
                f"early stopping, {method}, {name}: hypervolume {early['hypervolume'][0]:.4f} with "
                f"{'all' if share is None else f'{share:.0%}'} of the epochs that bring {early['full'][0]:.4f} "
                f"without, {early['at_all'][0]:.4f} with all"
            )
    print(f"proposals a trial: {report['proposals_a_trial']}; ended early: {report['ended_early']}")


def draw(report: dict[str, Any], path: Path) -> None:
    """Hypervolume and regret against trials as SVG."""
    figure, axes = panels(2)
    trials = range(DRAWN_EVERY, BUDGETS[-1] + 1, DRAWN_EVERY)
    for name, look in LOOKS.items():
        for each, measure in zip(axes, ("hypervolume", "regret"), strict=True):
            band(each, trials, report["curves"][name][measure], look)
    title = f"{report['networks']} trained networks, {report['runs']} searches each, 95 % intervals"
    axes[0].set_ylim(LEAST_DRAWN, 1)
    axes[1].set_yscale("log")
    finish(axes[0], title, "hypervolume, share of the whole table's")
    finish(axes[1], "MnasNet's reward at the median latency", "simple regret", legend=None)
    save(figure, path)


if __name__ == "__main__":
    main()
