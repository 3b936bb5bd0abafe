"""NetAdapt beside the width multiplier: what a trained network loses on the way to 60 % of its latency.

Three MobileNetV3-like networks for scikit-learn's digits at 48 px are cut by `netadapt` through the whole service
(REST, SQLite, two workers), by a latency table of this machine. Beside each result stands the seed with every width
scaled by one factor and rounded to the same step: the dearest such network that costs at most as much as the result
(`narrower`), and the cheapest that costs more (`wider`). All of them are then trained from scratch with one recipe, for
as many epochs, with the same training seeds, and scored on the test part, which no search has seen. `multiplier` is
what the line between the two scaled networks says at the cost of NetAdapt's.

    python benchmarks/netadapt.py [--cost latency_ms|macs] [--rule ratio|accuracy] [--json] [--quick]

Keys: `lost_by_netadapt` and `lost_by_multiplier` are the seed's accuracy less that of the cut network, means over
networks and training seeds; `extra_loss_by_...` is the cut network's cross-entropy less the seed's; `better_on` counts
networks on which NetAdapt loses less accuracy; `share` is the mean cost of the cut networks as a share of the seed's.
`networks` has for each of them `seed`, `netadapt`, `narrower` and `wider`, each with `cost`, `macs`, `params`,
`measured_ms` (the whole network in onnxruntime), mean `accuracy` and `loss`, and the `accuracies` of all training
seeds; `multiplier` with `accuracy` and `loss`; the `factors` of the scaled two; `iterations`, `trials`, `minutes` and
`reason` of the job; the `widths` that are left; and the `family`: cost and validation accuracy of every iteration's
winner after its short training, the first and the last trained in full.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from jobs.finals import scores_on_test
from tabular.processes import spread

from device_agent.measure import ALONE, INTERLEAVED, measure_network
from latency_tables import profile_space, table_path
from latency_tables.subjects import export_network
from nas_service.api.views import JobView
from nas_service.client import Client
from nas_service.demo.server import service
from nas_service.profiled import covered
from search_spaces import Architecture, Genotype, NarrowableSpace, get_space
from search_spaces.narrowing import Narrowed, families
from workers.tasks.digits import Digits

TARGET_SHARE = 0.6
STEP = 8  # channels
FACTORS = np.arange(1.0, 0.05, -0.0025)
COMMON: dict[str, Any] = {
    "resolution": [48],
    "ops": ["mbconv"],
    "width_factors": [1.0],
    "depth_offsets": [0],
    "skip": ["identity"],
    "stem": 24,
    "hidden": 128,
}
SMALL = [{"width": 24}, {"width": 40, "depth": 2, "stride": 2}, {"width": 80, "depth": 2, "stride": 2}]
DEEP = [{"width": 24}, {"width": 32, "depth": 3, "stride": 2}, {"width": 64, "depth": 3, "stride": 2}]
TINY = [{"width": 16, "stride": 2}, {"width": 24, "stride": 2}]
NETWORKS: dict[str, dict[str, Any]] = {
    "tiny": {"backbone": TINY, "kernel": [3], "expansion": [4], "se": [False], "activation": ["relu"]}
    | {"resolution": [24]},
    "plain": {"backbone": SMALL, "kernel": [3], "expansion": [4], "se": [False], "activation": ["relu"]},
    "gated": {"backbone": SMALL, "kernel": [5], "expansion": [3], "se": [True], "activation": ["hswish"]},
    "deep": {"backbone": DEEP, "kernel": [3], "expansion": [3], "se": [False], "activation": ["hswish"]},
}
LONGEST_S = 4 * 3600
GLANCE_S = 0.5

Price = Callable[[NarrowableSpace, Genotype], float]


@dataclass(frozen=True)
class Size:
    """How much of it: networks, epochs, training seeds, the least gain, how thoroughly latency is measured.

    `serve` has options of `nas serve`: without Ray, a service is there sooner.
    """

    networks: tuple[str, ...]
    epochs: int
    seeds: int
    delta: float
    cut_networks: int
    visits: int
    serve: tuple[str, ...] = ()


SIZES = {
    "quick": Size(("tiny",), epochs=2, seeds=1, delta=0.1, cut_networks=3, visits=2, serve=("--inline", "2")),
    "full": Size(
        ("plain", "gated", "deep"), epochs=10, seeds=4, delta=0.01, cut_networks=40, visits=INTERLEAVED.visits
    ),
}


@dataclass(frozen=True)
class Subject:
    """A seed network: its name, the space whose only network it is, and what a network of it costs."""

    name: str
    space: NarrowableSpace
    cost: Callable[[Genotype], float]

    @property
    def seed(self) -> Genotype:
        return self.space.sample(np.random.default_rng(0))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="end with one JSON object on the last line")
    parser.add_argument("--quick", action="store_true", help="one network, coarse cuts: the same keys in 50 seconds")
    parser.add_argument("--cost", choices=("latency_ms", "macs"), default="latency_ms")
    parser.add_argument("--rule", choices=("ratio", "accuracy"), default="ratio")
    asked = parser.parse_args()
    size = "quick" if asked.quick else "full"
    report = run(SIZES[size], asked.cost, asked.rule) | {"size": size}
    show(report)
    if asked.json:
        print(json.dumps(report))


def run(size: Size, cost: str, rule: str) -> dict[str, Any]:
    torch.set_num_threads(1)
    with TemporaryDirectory(dir=Path.cwd(), prefix=".bench-") as folder:
        home = Path(folder)
        spaces = {name: bound(name) for name in size.networks}
        price = macs if cost == "macs" else latency(spaces.values(), size, home / "tables")
        subjects = [Subject(name, space, partial(price, space)) for name, space in spaces.items()]
        with service(home, *size.serve) as url, Client(url) as nas:
            found = [told(compared(nas, each, size, cost, rule)) for each in subjects]
    return summary(found) | {
        "networks": found,
        "cost": cost,
        "rule": rule,
        "target_share": TARGET_SHARE,
        "delta": size.delta,
        "epochs": size.epochs,
        "training_seeds": size.seeds,
    }


def told(row: dict[str, Any]) -> dict[str, Any]:
    print(f"{row['name']}: {row['iterations']} iterations in {row['minutes']} minutes", flush=True)
    return row


def summary(found: list[dict[str, Any]]) -> dict[str, Any]:
    def mean(name: str, value: Callable[[Mapping[str, Any], Mapping[str, Any]], float]) -> float:
        return float(np.mean([value(each["seed"], each[name]) for each in found]))

    lost = [
        [each["seed"]["accuracy"] - each[name]["accuracy"] for name in ("netadapt", "multiplier")] for each in found
    ]
    return {
        "lost_by_netadapt": mean("netadapt", lambda seed, cut: seed["accuracy"] - cut["accuracy"]),
        "lost_by_multiplier": mean("multiplier", lambda seed, cut: seed["accuracy"] - cut["accuracy"]),
        "extra_loss_by_netadapt": mean("netadapt", lambda seed, cut: cut["loss"] - seed["loss"]),
        "extra_loss_by_multiplier": mean("multiplier", lambda seed, cut: cut["loss"] - seed["loss"]),
        "share": mean("netadapt", lambda seed, cut: cut["cost"] / seed["cost"]),
        "better_on": sum(netadapt < multiplier for netadapt, multiplier in lost),
    }


def bound(name: str) -> NarrowableSpace:
    space = get_space("mobilenetv3", **(COMMON | NETWORKS[name])).bind(Digits().signature)
    assert isinstance(space, NarrowableSpace)
    return space


def macs(space: NarrowableSpace, genotype: Genotype) -> float:
    return space.architecture(genotype).macs


def latency(spaces: Iterable[NarrowableSpace], size: Size, tables: Path) -> Price:
    """What networks cost by the table of this machine: the ops of the seeds and of random cuts are measured into it."""
    for space in spaces:
        rng, cuts = np.random.default_rng(0), Narrowed(space, step=STEP)
        table = profile_space(
            cuts,
            device="local",
            path=table_path(tables, "local"),
            rng=rng,
            progress=lambda _: None,
            networks=max(4, size.cut_networks // 4),
            protocol=replace(INTERLEAVED, visits=size.visits),
            coverage=covered(space, cuts, rng, size.cut_networks),
        )

    def price(space: NarrowableSpace, genotype: Genotype) -> float:
        found = table.estimate(space.architecture(genotype))
        assert not found.missing
        return found.latency_ms

    return price


def compared(nas: Client, one: Subject, size: Size, cost: str, rule: str) -> dict[str, Any]:
    """A seed, what NetAdapt makes of it, and what the width multiplier makes of it at the same cost."""
    started = time.perf_counter()
    done = searched(nas, one, size, cost, rule)
    candidates = {each.id: each for each in nas.candidates(done.id)}
    minutes = (time.perf_counter() - started) / 60
    trained = [each for each in candidates.values() if each.full]
    adapted = min(trained, key=lambda each: one.cost(each.genotype))
    line = [adapted]
    while line[0].parents:
        line.insert(0, candidates[line[0].parents[0]])
    scaled = around(one, one.cost(adapted.genotype))
    netadapt, narrower, wider = (scored(one, each, size) for each in (adapted.genotype, *scaled.values()))
    return {
        "name": one.name,
        "seed": scored(one, one.seed, size),
        "netadapt": netadapt,
        "narrower": narrower,
        "wider": wider,
        "multiplier": at_cost(netadapt["cost"], narrower, wider),
        "factors": [*scaled],
        "iterations": len(line) - 1,
        "trials": done.trials,
        "minutes": round(minutes, 2),
        "reason": done.reason,
        "widths": one.space.widths(adapted.genotype),
        "family": [(one.cost(each.genotype), each.metrics["val_accuracy"]) for each in line],
    }


def searched(nas: Client, one: Subject, size: Size, cost: str, rule: str) -> JobView:
    """The job that cuts a network, once it is over."""
    spec = {
        "name": one.name,
        "space": {"name": "mobilenetv3", "options": COMMON | NETWORKS[one.name]},
        "task": {"name": "digits", "epochs": size.epochs},
        "device": {"name": "local", "threads": 1} if cost == "latency_ms" else None,
        "objective": {"reward": "metric", "cost": cost},
        "strategy": {
            "name": "netadapt",
            "target_share": TARGET_SHARE,
            "delta": size.delta,
            "rule": rule,
            "step": STEP,
        },
        "budget": {"trials": 5000},
        "workers": {"parallel": 2},
    }
    job, started = nas.submit(spec), time.perf_counter()
    while not job.final and time.perf_counter() - started < LONGEST_S:
        time.sleep(GLANCE_S)
        job = nas.job(job.id)
    if job.state != "finished":
        raise RuntimeError(f"the job ended as {job.state}: {job.reason}")
    return job


def around(one: Subject, cost: float) -> dict[float, Genotype]:
    """The dearest seed with all widths scaled that costs at most so much, and the cheapest that costs more, by factor.

    Of scaled networks that are equal the smallest factor counts.
    """
    kinds = families(one.space.architecture(one.seed))
    found: dict[str, tuple[float, Genotype]] = {}
    for factor in FACTORS:
        network = one.seed
        for name, channels in one.space.widths(one.seed).items():
            network = one.space.with_width(network, name, max(STEP, round(factor * channels / STEP) * STEP))
        if families(one.space.architecture(network)) == kinds:
            found[one.space.architecture(network).hash] = round(float(factor), 4), network
    narrower = [each for each in found.values() if one.cost(each[1]) <= cost]
    wider = [each for each in found.values() if one.cost(each[1]) > cost]
    if not narrower:
        raise RuntimeError(f"no factor makes {one.name} as cheap as {cost:.4g}")
    return dict(
        (max(narrower, key=lambda each: one.cost(each[1])), min(wider, key=lambda each: one.cost(each[1]))),
    )


def at_cost(cost: float, narrower: Mapping[str, float], wider: Mapping[str, float]) -> dict[str, float]:
    """What the line between two networks says at a cost between theirs."""
    share = (cost - narrower["cost"]) / (wider["cost"] - narrower["cost"])
    return {name: narrower[name] + share * (wider[name] - narrower[name]) for name in ("cost", "accuracy", "loss")}


def scored(one: Subject, genotype: Genotype, size: Size) -> dict[str, Any]:
    """What a network costs, and how well it does when trained from scratch, with every training seed."""
    network = one.space.architecture(genotype)
    scores = list(spread(trained, [(network, size.epochs, seed) for seed in range(size.seeds)]))
    file = export_network(network)
    protocol = replace(ALONE, visits=5 * size.visits)
    return {
        "cost": one.cost(genotype),
        "macs": network.macs,
        "params": network.params,
        "measured_ms": measure_network(file, protocol=protocol).latency_ms,
        "accuracy": float(np.mean([each["accuracy"] for each in scores])),
        "loss": float(np.mean([each["loss"] for each in scores])),
        "accuracies": [each["accuracy"] for each in scores],
    }


def trained(training: tuple[Architecture, int, int]) -> Mapping[str, float]:
    """What a network scores on the test part, by number of epochs and seed."""
    network, epochs, seed = training
    return scores_on_test(Digits(epochs=epochs), network, seed)


def show(report: dict[str, Any]) -> None:
    cost, unit = report["cost"], " ms" if report["cost"] == "latency_ms" else ""
    print(
        f"to {report['target_share']:.0%} of {cost}, rule {report['rule']}, {report['epochs']} epochs, "
        f"{report['training_seeds']} training seeds\n"
    )
    print(f"{'network':<10}{'':<12}{cost:>12}{'share':>8}{'measured':>12}{'accuracy':>10}{'lost':>8}{'loss':>8}")
    for each in report["networks"]:
        for name in ("seed", "netadapt", "narrower", "wider", "multiplier"):
            row, seed = each[name], each["seed"]
            measured = f"{row['measured_ms']:.4f} ms" if "measured_ms" in row else ""
            print(
                f"{each['name'] if name == 'seed' else '':<10}{name:<12}{row['cost']:>12.6g}"
                f"{row['cost'] / seed['cost']:>8.1%}{measured:>12}{row['accuracy']:>10.4f}"
                f"{seed['accuracy'] - row['accuracy']:>8.4f}{row['loss']:>8.4f}"
            )
        print(f"{'':<10}{each['iterations']} iterations, {each['trials']} trials, {each['minutes']:.1f} minutes")
    print(
        f"\nmean accuracy lost at {report['share']:.1%} of the cost{unit and ' in' + unit}: netadapt "
        f"{report['lost_by_netadapt']:.4f}, width multiplier {report['lost_by_multiplier']:.4f}; netadapt loses less "
        f"on {report['better_on']} of {len(report['networks'])}"
    )


if __name__ == "__main__":
    main()
