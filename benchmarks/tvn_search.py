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
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from scipy import stats
from tvn_table import TABLE, Row, bound, read

from nas_service.client import Client
from nas_service.demo.server import service
from nas_service.strategies import Outcome, Proposal, get_strategy
from search_spaces import Genotype
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
PATIENCE = 1000  # proposals in a row without a new trial, after which the service ends a search as exhausted
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
LONGEST_S = 3600
GLANCE_S = 1
INK, GRID = "#1f2933", "#e4e7eb"
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


@dataclass
class Book:
    """A job on the table: what its strategy may look up, and what came of its proposals."""

    space: ChoiceSpace
    rows: Mapping[str, Row]
    told: list[Outcome] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    fruitless: int = 0

    def costs(self, genotype: Genotype) -> Mapping[str, float]:
        return {"params": self._row(genotype)["params"], "macs": self._row(genotype)["macs"]}

    def feasible(self, genotype: Genotype) -> bool:
        return bool(self._row(genotype)["macs"] <= LIMIT_MACS)

    def outcomes(self, numbers: Sequence[int]) -> list[Outcome]:
        return [self.told[number] for number in numbers]

    def outcome(self, proposal: Proposal) -> Outcome:
        """What the coordinator would tell; only `completed` is a trial."""
        genotype, number, row = proposal.genotype, len(self.told), self._row(proposal.genotype)
        if not self.feasible(genotype):
            found = Outcome(number, "infeasible", genotype, proposal.parents)
        else:
            status = "reused" if row["hash"] in self.seen else "completed"
            metrics = {"val_accuracy": row["val_accuracy"]}
            found = Outcome(number, status, genotype, proposal.parents, None, metrics, row["val_accuracy"])
            self.seen.add(row["hash"])
        self.told.append(found)
        self.fruitless = 0 if found.status == "completed" else self.fruitless + 1
        return found

    def _row(self, genotype: Genotype) -> Row:
        return self.rows[self.space.architecture(genotype).hash]


def many(space: ChoiceSpace, rows: Mapping[str, Row], options: dict[str, Any], seeds: int) -> dict[str, Any]:
    """Searches of one strategy: mean, low and high of the best accuracy after each trial."""
    books = [book(space, rows, options, seed) for seed in range(FIRST_SEED, FIRST_SEED + seeds)]
    best = np.array([best_so_far(b) for b in books])
    proposals, trials = sum(len(b.told) for b in books), sum(len(b.seen) for b in books)
    return {
        "curve": intervals(best),
        "best": best[:, -1].tolist(),
        "proposals_a_trial": round(proposals / trials, 2),
        "exhausted": sum(len(b.seen) < TRIALS for b in books),
    }


def book(space: ChoiceSpace, rows: Mapping[str, Row], options: dict[str, Any], seed: int) -> Book:
    """One search. It ends early where nothing new was proposed for long, as a job does in the service."""
    chosen = dict(options)
    strategy = get_strategy(chosen.pop("name"), chosen, space, seed)
    made = Book(space, rows)
    while len(made.seen) < TRIALS and made.fruitless < PATIENCE:
        strategy.tell([made.outcome(proposal) for proposal in strategy.ask(1, made)])
    return made


def best_so_far(made: Book) -> list[float]:
    """After each trial; a search that ended early has no better ones to come."""
    rewards = [o.reward or 0.0 for o in made.told if o.status == "completed"]
    return np.maximum.accumulate(rewards + [0.0] * (TRIALS - len(rewards))).tolist()


def intervals(values: np.ndarray[Any, np.dtype[np.float64]]) -> list[list[float]]:
    """[mean, low, high] of each column of (seeds, trials): 95 % intervals of the mean."""
    mean, error = values.mean(0), stats.sem(values, axis=0)
    reach = error * stats.t.ppf(0.975, len(values) - 1)
    return np.round(np.stack([mean, mean - reach, mean + reach], axis=1), 4).tolist()


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
    home = TemporaryDirectory(dir=Path.cwd(), prefix=".bench-")
    with home as folder, service(Path(folder)) as url, Client(url) as nas:
        started = time.perf_counter()
        job = nas.submit(spec)
        while not job.final and time.perf_counter() - started < LONGEST_S:
            time.sleep(GLANCE_S)
            job = nas.job(job.id)
        minutes = (time.perf_counter() - started) / 60
        if job.state != "finished" or job.incumbent is None:
            raise RuntimeError(f"the search ended as {job.state}: {job.reason}")
        ended = sorted(nas.trials(job.id, state="completed"), key=lambda trial: trial.ended_at or 0)
        best = nas.candidate(job.incumbent)
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
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    plt.rcParams |= {"svg.hashsalt": "tvn", "svg.fonttype": "none", "font.size": 9, "text.color": INK}
    panels = 2 if report["real"] else 1
    figure, axes = plt.subplots(1, panels, figsize=(4.8 * panels, 3.6), squeeze=False)
    for name, (colour, style, label) in LOOKS.items():
        mean, low, high = np.array(report["curves"][name]).T
        trials = np.arange(1, len(mean) + 1)
        axes[0, 0].fill_between(trials, low, high, color=colour, alpha=0.16, linewidth=0)
        axes[0, 0].plot(trials, mean, color=colour, linestyle=style, linewidth=1.6, label=label)
        if found := (report["real"] or {}).get(name):
            axes[0, 1].step(
                np.arange(1, len(found["curve"]) + 1),
                found["curve"],
                where="post",
                color=colour,
                linestyle=style,
                linewidth=1.6,
                label=label,
            )
    axes[0, 0].axhline(report["best_possible"], color="#9aa5b1", linewidth=0.8, label="best in the table")
    axes[0, 0].set_title(f"{report['networks']} trained networks, {report['seeds']} seeds, 95 % intervals", fontsize=9)
    if panels == 2:
        axes[0, 1].set_title("one search each through the service, in a larger space", fontsize=9)
    for each in axes[0]:
        _finish(each, report["limit_macs"])
    figure.tight_layout()
    figure.savefig(path, format="svg", metadata={"Date": None})
    plt.close(figure)


def _finish(axes: Any, limit: int) -> None:
    axes.set_xlabel("trials")
    axes.set_ylabel(f"best accuracy within {limit:,} MACs")
    axes.set_xlim(left=1)
    axes.set_ylim(0, 1.02)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color=GRID, linewidth=0.6)
    axes.legend(frameon=False, fontsize=8, loc="lower right")


if __name__ == "__main__":
    main()
