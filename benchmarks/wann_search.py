"""Searches of weight agnostic networks (arXiv 1906.04358) through the whole service, on this machine.

By default the published one for the cart-pole swing-up: 192 networks x 1,024 generations x 6 weights x 3 repetitions,
submitted over HTTP, every candidate and generation in the database, evaluated by Ray workers. What a search calls its
best is then scored by the paper's four figures, beside the published champion where its file is given: in the same run,
by the same episodes. `--task` names another task; `mnist16` needs `--path`, an npz file of 28x28 images.
"""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import numpy as np
from jobs.finished import finished, serving

from nas_service.api.point_views import Points
from search_spaces import get_space
from search_spaces.ops import SharedWeightNetwork
from search_spaces.wann.activations import CLASSIFICATION, NAMES
from search_spaces.wann.expression import express
from search_spaces.wann.out_file import read_out
from workers.tasks import get_task, variant
from workers.tasks.weight_agnostic import WeightAgnosticTask
from workers.wann.ensembles import voted_accuracy
from workers.wann.evaluator import ClassificationEvaluator
from workers.wann.figures import figures
from workers.wann.scoring import scoring_of
from workers.wann.tuning import best_shared_weight, tuned
from workers.wann.tuning_options import TuningOptions


@dataclass(frozen=True)
class Size:
    """Of a search: seeds, and generations of the tuning after it."""

    population: int
    generations: int
    seeds: tuple[int, ...]
    tuning: int
    repetitions: int = 3


@dataclass(frozen=True)
class Plan:
    """How a task is searched, and what the paper found on it."""

    full: Size
    quick: Size
    paper: dict[str, float]
    space: dict[str, Any] = field(default_factory=dict)
    task: dict[str, Any] = field(default_factory=dict)
    strategy: dict[str, Any] = field(default_factory=dict)
    narrow: float = 0  # share of the generations that are judged by the middles of the ranges alone


# One weight a repetition from around each of the published six, so that no network can specialise on those
AROUND_THE_PUBLISHED = [[-2.5, -1.5], [-1.5, -0.5], [-0.75, -0.25], [0.25, 0.75], [0.5, 1.5], [1.5, 2.5]]
IMAGES = {"init_enabled": 0.05, "activations": [NAMES[number] for number in CLASSIFICATION]}
PLANS = {
    "cartpole-swingup": Plan(
        Size(192, 1024, (0, 1, 2), 1000),
        Size(48, 24, (0,), 10),
        {"random_weights": 57, "random_shared": 515, "tuned_shared": 723, "tuned_weights": 932},
        space={"published_disabled": True},
        task={"weight_ranges": AROUND_THE_PUBLISHED},
        strategy={"elite": 0.05, "tournament": 4},  # as published for a laptop
        narrow=0.625,
    ),
    "bipedal-walker": Plan(
        Size(48, 64, (0,), 40, 1),
        Size(8, 2, (0,), 0, 1),
        {"random_weights": -46, "random_shared": 51, "tuned_shared": 261, "tuned_weights": 332},
        space={"init_enabled": 0.25},
    ),
    "digits": Plan(Size(192, 1024, (0, 1, 2), 400, 1), Size(48, 48, (0,), 10, 1), {}, space=IMAGES),
    "mnist16": Plan(
        Size(192, 1024, (0,), 400, 1),
        Size(48, 24, (0,), 10, 1),
        {"random_shared": 0.82, "tuned_shared": 0.919, "tuned_weights": 0.942, "ensemble": 0.916},
        space=IMAGES,
    ),
}
LIMIT_MINUTES = 20
READINGS = {
    "jobs": "jobs",
    "job": "jobs/{}",
    "candidates": "jobs/{}/candidates?limit=50",
    "best candidates": "jobs/{}/candidates?limit=50&order=reward",
    "front": "jobs/{}/pareto",
    "points": "jobs/{}/points",
}
LIMIT_READING_S = 1.0
GLANCES = 3  # at each reading
FIGURES = ("random_weights", "random_shared", "tuned_shared", "tuned_weights", "ensemble")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="end with one JSON object on the last line")
    parser.add_argument("--quick", action="store_true", help="a small search: the same keys in under 50 seconds")
    parser.add_argument("--champion", type=Path, help="the published swing.out, to be scored beside")
    parser.add_argument("--task", choices=PLANS, default="cartpole-swingup")
    parser.add_argument("--path", type=Path, help="the images of task mnist16")
    asked = parser.parse_args()
    task = {"name": asked.task} | PLANS[asked.task].task | ({"path": str(asked.path.resolve())} if asked.path else {})
    report = run(task, asked.champion, quick=asked.quick)
    show(report)
    if asked.json:
        print(json.dumps(report))


def run(spec: dict[str, Any], champion: Path | None, *, quick: bool) -> dict[str, Any]:
    """The searches of a task, one after another, and the median of each figure over their seeds."""
    plan = PLANS[spec["name"]]
    size = plan.quick if quick else plan.full
    searches = []
    for seed in size.seeds:
        found = search(plan, size, spec, seed)
        searches.append(found | {"figures": scored(found.pop("network"), spec, seed, size.tuning)})
        print(f"seed {seed}: {found['minutes']:.1f} min, {searches[-1]['figures']}", flush=True)
    known = read_out(champion.read_text(), 5, 1) if champion else None
    return {
        "task": spec["name"],
        "weights": task_for(spec).options.weight_ranges or task_for(spec).options.weights,
        "minutes": median(s["minutes"] for s in searches),
        **{name: median(s["figures"][name][0] for s in searches) for name in searches[0]["figures"]},
        "champion": scored(express(known).network, spec, 0, size.tuning) if known else None,
        "paper": plan.paper,
        "searches": searches,
        "size": asdict(size),
        "cpus": os.cpu_count(),
    }


def search(plan: Plan, size: Size, task: dict[str, Any], seed: int) -> dict[str, Any]:
    """One search from its submission to its end, and the network that it calls its best."""
    shape = {"population": size.population, "generations": size.generations, "repetitions": size.repetitions}
    shape["narrow"] = int(plan.narrow * size.generations)
    spec = {
        "space": {"name": "wann", "options": plan.space},
        "task": task,
        "objective": {"reward": "metric", "cost": "params"},
        "strategy": {"name": "wann"} | shape | plan.strategy,
        "budget": {"trials": 2 * size.population * size.generations},
        "seed": seed,
    }
    with serving() as here:
        found = finished(here.nas, spec)
        job, best, minutes = found.job, found.best, found.minutes
        front = [[c.number, c.params, c.reward] for c in here.nas.pareto(job.id)]
        curve = climbed(here.nas.points(job.id))
        written = (here.home / "nas.sqlite").stat().st_size
        readings = read_all(here.url, job.id)
    return {
        "seed": seed,
        "minutes": minutes,
        "individuals_per_second": job.proposals / minutes / 60,
        "trials": job.trials,
        "proposals": job.proposals,
        "connections": best.params,
        "reward": job.best_reward,
        "front": front,
        "curve": curve,
        "database_bytes": written,
        "readings": readings,
        "genotype": best.genotype,
        "network": network_of(plan, task, best.genotype),
    }


def climbed(points: Points) -> list[tuple[int, float]]:
    """The results in full that were better than all before: (number of the proposal, reward)."""
    curve: list[tuple[int, float]] = []
    for candidate, reward in zip(points.id, points.reward, strict=True):
        if reward is not None and (not curve or reward > curve[-1][1]):
            curve.append((int(candidate.rpartition(".c")[2]), reward))
    return curve


def read_all(url: str, job_id: str) -> dict[str, dict[str, float]]:
    """What a page of the finished job asks of the service: seconds, the longest of a few, and bytes of the answer."""
    found = {}
    with httpx.Client(base_url=f"{url}/api/v1/", timeout=60) as http:
        for name, path in READINGS.items():
            answers = [http.get(path.format(job_id)).raise_for_status() for _ in range(GLANCES)]
            longest = max(answer.elapsed.total_seconds() for answer in answers)
            found[name] = {"seconds": longest, "bytes": len(answers[0].content)}
    return found


def network_of(plan: Plan, task: dict[str, Any], genotype: dict[str, Any]) -> SharedWeightNetwork:
    space = get_space("wann", **plan.space).bind(task_for(task).signature)
    op = space.architecture(genotype).ops[0]
    if not isinstance(op, SharedWeightNetwork):
        raise TypeError(f"space 'wann' described {op.kind}")
    return op


def task_for(spec: dict[str, Any]) -> WeightAgnosticTask:
    task = get_task(**spec | {"name": variant(spec["name"], ("vector",))})
    if not isinstance(task, WeightAgnosticTask):
        raise TypeError(f"task {task.name!r} scores no weight agnostic networks")
    return task


def scored(
    network: SharedWeightNetwork, spec: dict[str, Any], seed: int, generations: int
) -> dict[str, tuple[float, float]]:
    """Mean and standard deviation of the paper's figures, 100 trials each; of images also the vote of the weights."""
    task = task_for(spec)
    evaluator = task.evaluator()
    scoring = scoring_of(network, evaluator)
    weight, weights = best_shared_weight(scoring, seed), None
    options = TuningOptions(generations=generations, repetitions=task.tuning_repetitions)
    for generation in tuned(scoring, weight, options, seed):
        weights = generation.weights
    found = {name: (f.mean, f.std) for name, f in figures(scoring, weight, weights, seed).named.items()}
    if isinstance(evaluator, ClassificationEvaluator):
        votes = np.array(task.shared_weights.centres)
        found["ensemble"] = (voted_accuracy(network, votes, evaluator), 0.0)
    return found


def show(report: dict[str, Any]) -> None:
    size = report["size"]
    names = [name for name in FIGURES if name in report or name in report["paper"]]
    print(f"\n{report['task']}: {size['population']} networks x {size['generations']} generations", end=", ")
    print(f"{size['repetitions']} repetitions, {len(report['weights'])} weights, {report['cpus']} cores")
    print(f"{'':<10}{'minutes':>9}{'nets/s':>8}{'conns':>7}" + "".join(f"{name:>20}" for name in names))
    for found in report["searches"]:
        row = "".join(_shown(found["figures"].get(name)) for name in names)
        print(
            f"{'seed ' + str(found['seed']):<10}{found['minutes']:>9.1f}{found['individuals_per_second']:>8.0f}"
            f"{found['connections']:>7}{row}"
        )
    medians = {name: (report[name],) for name in names if name in report}
    print(f"{'median':<10}{report['minutes']:>9.1f}{'':>15}" + "".join(_shown(medians.get(n)) for n in names))
    if report["champion"]:
        print(f"{'champion':<34}" + "".join(_shown(report["champion"].get(name)) for name in names))
    paper = {name: (value,) for name, value in report["paper"].items()}
    print(f"{'paper':<34}" + "".join(_shown(paper.get(name)) for name in names))
    print(f"limit {LIMIT_MINUTES} minutes: {report['minutes'] / LIMIT_MINUTES:.2f} of it")
    largest = max(report["searches"], key=lambda found: found["database_bytes"])
    print(f"\nreading the finished job: {largest['trials']:,} trials, {largest['database_bytes'] / 1e6:,.0f} MB")
    for name, one in largest["readings"].items():
        share = one["seconds"] / LIMIT_READING_S
        print(f"{name:<18}{1000 * one['seconds']:>8.0f} ms{one['bytes'] / 1000:>10.1f} kB{share:>8.2f} of the limit")


def _shown(figure: tuple[float, ...] | None) -> str:
    """A mean, and its standard deviation where there is one."""
    if figure is None:
        return f"{'':20}"
    digits = 3 if abs(figure[0]) <= 1 else 0
    spread = f" ± {figure[1]:.{digits}f}" if len(figure) > 1 and figure[1] else ""
    return f"{f'{figure[0]:.{digits}f}{spread}':>20}"


if __name__ == "__main__":
    main()
