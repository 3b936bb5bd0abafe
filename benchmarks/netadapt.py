"""NetAdapt beside the width multiplier: what a trained network loses on the way to 60 % of its latency.

Three MobileNetV3-like networks for scikit-learn's digits at 48 px are cut by `netadapt` through the whole service
(REST, SQLite, two workers), by a latency table of this machine. Beside each result stands the seed with every width
scaled by one factor and rounded to the same step: the largest factor whose cost is at most that of the result. All of
them are then trained from scratch with one recipe, for as many epochs, with the same training seeds, and scored on the
test part, which no search has seen.

    python benchmarks/netadapt.py [--cost latency_ms|macs] [--rule ratio|accuracy] [--json] [--quick]

Keys: `lost_by_netadapt` and `lost_by_multiplier` are the seed's accuracy less that of the cut network, means over
networks and training seeds; `extra_loss_by_...` is the cut network's cross-entropy less the seed's; `better_on` counts
networks on which NetAdapt loses less accuracy; `share_by_...` is the mean cost as a share of the seed's. `networks` has
for each of them `seed`, `netadapt` and `multiplier`, each with `cost`, `macs`, `params`, `measured_ms` (the whole
network in onnxruntime), mean `accuracy` and `loss`, and the `accuracies` of all training seeds; the multiplier's
`factor`; `iterations`, `trials`, `minutes` and `reason` of the job; the `widths` that are left; and the `family`: cost
and validation accuracy of every iteration's winner after its short training, the first and the last trained in full.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from jobs.finals import scores_on_test

from device_agent.measure import ALONE, INTERLEAVED, measure_network
from latency_tables import LatencyTable, profile_space, table_path
from latency_tables.subjects import export_network
from nas_service.api.views import JobView
from nas_service.client import Client
from nas_service.demo.server import service
from nas_service.profiled import covered
from search_spaces import Architecture, Genotype, NarrowableSpace, get_space
from search_spaces.narrowing import Narrowed, families
from workers.tasks.digits import Digits

TARGET_SHARE = 0.6
STEP = 4  # channels
FACTORS = np.arange(1.0, 0.05, -0.0025)
COMMON: dict[str, Any] = {
    "resolution": [48],
    "ops": ["mbconv"],
    "width_factors": [1.0],
    "depth_offsets": [0],
    "skip": ["identity"],
    "hidden": 64,
}
SMALL = [{"width": 16}, {"width": 24, "depth": 2, "stride": 2}, {"width": 40, "depth": 2, "stride": 2}]
DEEP = [{"width": 16}, {"width": 24, "depth": 3, "stride": 2}, {"width": 32, "depth": 3, "stride": 2}]
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
    "full": Size(("plain", "gated", "deep"), epochs=6, seeds=3, delta=0.01, cut_networks=40, visits=INTERLEAVED.visits),
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
        subjects = [subject(name, size, cost, home / "tables") for name in size.networks]
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
        "share_by_netadapt": mean("netadapt", lambda seed, cut: cut["cost"] / seed["cost"]),
        "share_by_multiplier": mean("multiplier", lambda seed, cut: cut["cost"] / seed["cost"]),
        "better_on": sum(netadapt < multiplier for netadapt, multiplier in lost),
    }


def subject(name: str, size: Size, cost: str, tables: Path) -> Subject:
    """The seed network, and its price: its ops and those of random cuts are measured into the table of this machine."""
    space = get_space("mobilenetv3", **(COMMON | NETWORKS[name])).bind(Digits().signature)
    assert isinstance(space, NarrowableSpace)
    if cost == "macs":
        return Subject(name, space, lambda genotype: space.architecture(genotype).macs)
    rng, path = np.random.default_rng(0), table_path(tables, "local", 1)
    cuts = Narrowed(space, step=STEP)
    table = profile_space(
        cuts,
        device="local",
        threads=1,
        path=path,
        rng=rng,
        progress=lambda _: None,
        networks=max(4, size.cut_networks // 4),
        protocol=replace(INTERLEAVED, visits=size.visits),
        coverage=covered(space, cuts, rng, size.cut_networks),
    )
    return Subject(name, space, lambda genotype: estimated(table, space.architecture(genotype)))


def estimated(table: LatencyTable, network: Architecture) -> float:
    found = table.estimate(network)
    assert not found.missing
    return found.latency_ms


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
    factor, scaled = multiplied(one, one.cost(adapted.genotype))
    return {
        "name": one.name,
        "seed": scored(one, one.seed, size),
        "netadapt": scored(one, adapted.genotype, size),
        "multiplier": scored(one, scaled, size),
        "factor": factor,
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


def multiplied(one: Subject, most: float) -> tuple[float, Genotype]:
    """The largest factor on all widths with which the seed costs at most so much, and that network."""
    kinds = families(one.space.architecture(one.seed))
    for factor in FACTORS:
        network = one.seed
        for name, channels in one.space.widths(one.seed).items():
            network = one.space.with_width(network, name, max(STEP, round(factor * channels / STEP) * STEP))
        if families(one.space.architecture(network)) == kinds and one.cost(network) <= most:
            return round(float(factor), 4), network
    raise RuntimeError(f"no factor makes {one.name} as cheap as {most:.4g}")


def scored(one: Subject, genotype: Genotype, size: Size) -> dict[str, Any]:
    """What a network costs, and how well it does when trained from scratch, with every training seed."""
    network = one.space.architecture(genotype)
    scores = [scores_on_test(Digits(epochs=size.epochs), network, seed) for seed in range(size.seeds)]
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


def show(report: dict[str, Any]) -> None:
    cost, unit = report["cost"], " ms" if report["cost"] == "latency_ms" else ""
    print(
        f"to {report['target_share']:.0%} of {cost}, rule {report['rule']}, {report['epochs']} epochs, "
        f"{report['training_seeds']} training seeds\n"
    )
    print(f"{'network':<10}{'':<12}{cost:>12}{'share':>8}{'measured':>12}{'accuracy':>10}{'lost':>8}{'loss':>8}")
    for each in report["networks"]:
        for name in ("seed", "netadapt", "multiplier"):
            row, seed = each[name], each["seed"]
            print(
                f"{each['name'] if name == 'seed' else '':<10}{name:<12}{row['cost']:>12.6g}"
                f"{row['cost'] / seed['cost']:>8.1%}{row['measured_ms']:>9.4f} ms{row['accuracy']:>10.4f}"
                f"{seed['accuracy'] - row['accuracy']:>8.4f}{row['loss']:>8.4f}"
            )
        print(f"{'':<10}{each['iterations']} iterations, {each['trials']} trials, {each['minutes']:.1f} minutes")
    print(
        f"\nmean accuracy lost: netadapt {report['lost_by_netadapt']:.4f} at {report['share_by_netadapt']:.1%} of the "
        f"cost{unit and ' in' + unit}, width multiplier {report['lost_by_multiplier']:.4f} at "
        f"{report['share_by_multiplier']:.1%}; netadapt loses less on {report['better_on']} of "
        f"{len(report['networks'])}"
    )


if __name__ == "__main__":
    main()
