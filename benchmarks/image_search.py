"""A search of the `mobilenetv3` space on images by path, beside MobileNetV3-Small under width multipliers.

The ops of the space are measured on this machine. Then NSGA-II searches for the front of validation accuracy against
milliseconds through the whole service: submitted over HTTP, every candidate in the database, trained by Ray workers.
Its limit is what MobileNetV3-Small takes at half its width. Then the front and MobileNetV3-Small under many multipliers
are measured together; beside each network of the front stands the narrowest MobileNetV3-Small that takes at least as
long. All of them are trained from scratch by one recipe, for as many epochs, and scored on the test part, which no
search has seen.

    python benchmarks/image_search.py --path FILE.npz [--genotypes JSON] [--figure SVG] [--json] [--quick]

`--path` names an npz file with `x_train`, `y_train`, `x_test` and `y_test`; without it there is nothing to do.
Keys: `dominated` counts the `pairs` in which the found network is no slower and more accurate; each of them has, of
`found` and `scaled`, the `latency_ms` measured, `accuracy` (the mean over training seeds), `accuracies`, `macs` and
`params`, and the `width` of the scaled one; `search` has the curve of the front's hypervolume against trials.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from jobs.finals import scores_on_test
from jobs.finished import Serving, finished, serving
from jobs.timing import measured
from tabular.curves import GRID, panels, save

from device_agent.machine import Device
from device_agent.measure import INTERLEAVED
from latency_tables import profile_space, table_path
from latency_tables.runtime import Runtime
from nas_service.api.point_views import Points
from nas_service.pareto import hypervolume
from search_spaces import Architecture, get_space
from search_spaces.choice_space import ChoiceSpace
from search_spaces.mobilenetv3.references import scaled_small
from workers.tasks import get_task
from workers.tasks.npz import Npz

RESOLUTION = 32
SPACE: dict[str, Any] = {
    "backbone": "small",
    "resolution": [RESOLUTION],
    "ops": ["conv", "mbconv"],
    "width_factors": [0.5, 1.0, 1.5],
    "depth_offsets": [-2, -1],
    "skip": ["identity"],
    "kernel": [3],
    "expansion": [2, 4],
    "stem": 16,
    "hidden": 128,
}
NARROW: dict[str, Any] = {"ops": ["mbconv"], "width_factors": [0.25], "expansion": [2], "se": [False]}
RECIPE: dict[str, Any] = {"batch_size": 32}
LIMIT_WIDTH = 0.5
PROCESSES = 2
SCALED, FOUND = "#d55e00", "#0072b2"  # Okabe and Ito's colours


@dataclass(frozen=True)
class Size:
    """How much is spent. `hours` ends a search that has not made its `trials` by then.

    Of the front `pairs` networks are trained, beside MobileNetV3-Small under some of the multipliers `widths`.
    """

    space: Mapping[str, Any]
    widths: tuple[float, ...]
    pairs: int
    visits: int
    trials: int
    hours: float
    population: int
    search_epochs: int
    epochs: int
    seeds: int
    rounds: int


WIDTHS = tuple(np.round(np.arange(0.1, 0.76, 0.05), 2).tolist())
SIZES = {
    "full": Size(SPACE, WIDTHS, 4, INTERLEAVED.visits, 400, 0.75, 20, 5, 10, 2, 20),
    "quick": Size(SPACE | NARROW | {"activation": ["relu"]}, (0.25, 0.75), 1, 2, 2, 0.05, 2, 1, 1, 1, 2),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="end with one JSON object on the last line")
    parser.add_argument("--quick", action="store_true", help="a search that finds little: the same keys in a minute")
    parser.add_argument("--path", type=Path, help="the images, an npz file with x_train, y_train, x_test and y_test")
    parser.add_argument("--genotypes", type=Path, help="where the front is kept: read if it is there, else written")
    parser.add_argument("--figure", type=Path, help="accuracy against milliseconds, and the search, as SVG")
    asked = parser.parse_args()
    if asked.path is None:
        print("nothing to do: name the images with --path FILE.npz")
        return
    report = run(asked.path.resolve(), "quick" if asked.quick else "full", asked.genotypes)
    show(report)
    if asked.figure:
        draw(report, asked.figure)
    if asked.json:
        print(json.dumps(report))


def run(path: Path, size_name: str, kept: Path | None) -> dict[str, Any]:
    size = SIZES[size_name]
    task = task_for(path, size.epochs)
    search = known_search(path, size, partial(limit_ms, task, size), kept)
    space = space_for(task, size)
    scaled = {f"small {width}": scaled_small(width, task.signature, RESOLUTION) for width in size.widths}
    shown = spread(search["front"], size.pairs)
    front = {f"found {each['number']}": space.architecture(each["genotype"]) for each in shown}
    times = measured(scaled | front, size.rounds)
    beside = {name: as_slow({other: times[other] for other in scaled}, times[name]) for name in front}
    networks = front | {name: scaled[name] for name in beside.values()}
    started = time.perf_counter()
    accuracies = train_all(path, networks, size)
    rows = {name: row(network, times[name], accuracies[name]) for name, network in networks.items()}
    pairs = [
        {"width": float(name.split()[1]), "scaled": rows[name], "found": rows[found]} for found, name in beside.items()
    ]
    return {
        "dominated": sum(dominates(pair["found"], pair["scaled"]) for pair in pairs),
        "pairs": pairs,
        "search": {name: value for name, value in search.items() if name != "front"},
        "front": [{name: value for name, value in each.items() if name != "genotype"} for each in search["front"]],
        "training_minutes": round((time.perf_counter() - started) / 60, 1),
        "device": asdict(Device.here("benchmark")),
        "runtime": asdict(Runtime.here()),
        "size": asdict(size) | {"name": size_name},
    }


def task_for(path: Path, epochs: int) -> Npz:
    task = get_task("npz", path=path, epochs=epochs, **RECIPE)
    if not isinstance(task, Npz):
        raise TypeError(f"task {task.name!r} has no arrays")
    return task


def space_for(task: Npz, size: Size) -> ChoiceSpace:
    space = get_space("mobilenetv3", **size.space).bind(task.signature)
    if not isinstance(space, ChoiceSpace):
        raise TypeError("space 'mobilenetv3' has no positions")
    return space


def limit_ms(task: Npz, size: Size) -> float:
    return measured({"small": scaled_small(LIMIT_WIDTH, task.signature, RESOLUTION)}, size.rounds)["small"]


def spread(front: Sequence[dict[str, Any]], most: int) -> list[dict[str, Any]]:
    """Up to so many of a front, evenly from its fastest to its most accurate."""
    places = np.linspace(0, len(front) - 1, min(most, len(front)))
    return [front[round(place)] for place in places]


def known_search(path: Path, size: Size, limit: Callable[[], float], kept: Path | None) -> dict[str, Any]:
    """The result of an earlier search where it was kept, else of one made now."""
    if kept is not None and kept.exists():
        earlier: dict[str, Any] = json.loads(kept.read_text())
        return earlier
    with serving() as here:
        found = searched(here, path, size, limit())
    if kept is not None:
        kept.write_text(json.dumps(found, indent=1))
    print(f"search done after {found['profile_minutes']:.1f} + {found['minutes']:.1f} minutes", flush=True)
    return found


def searched(here: Serving, path: Path, size: Size, limit_ms: float) -> dict[str, Any]:
    """The table of this machine, one search from its submission to its end, and the front that it found."""
    started = time.perf_counter()
    profile_space(
        space_for(task_for(path, size.epochs), size),
        device="local",
        path=table_path(here.home / "tables", "local"),
        rng=np.random.default_rng(0),
        progress=lambda _: None,
        protocol=replace(INTERLEAVED, visits=size.visits),
    )
    profiled = (time.perf_counter() - started) / 60
    print(f"ops measured after {profiled:.1f} minutes; the search has up to {60 * size.hours:.0f}", flush=True)
    spec = {
        "space": {"name": "mobilenetv3", "options": dict(size.space)},
        "task": {"name": "npz", "path": str(path), "epochs": size.search_epochs} | RECIPE,
        "device": {"name": "local", "threads": 1},
        "objective": {"reward": "pareto", "cost": "latency_ms", "limits": {"latency_ms": limit_ms}},
        "strategy": {"name": "nsga2", "population": size.population},
        "budget": {"trials": size.trials, "hours": size.hours},
        "workers": {"parallel": PROCESSES},
    }
    done = finished(here.nas, spec)
    front = [
        {
            "number": each.number,
            "val_accuracy": each.metrics["val_accuracy"],
            "estimated_ms": each.metrics["latency_ms"],
            "genotype": each.genotype,
        }
        for each in here.nas.pareto(done.job.id)
    ]
    return {
        "profile_minutes": round(profiled, 1),
        "minutes": round(done.minutes, 1),
        "trials": done.job.trials,
        "proposals": done.job.proposals,
        "failed": done.job.failed,
        "reason": done.job.reason,
        "limit_ms": limit_ms,
        "hypervolume": climbed(here.nas.points(done.job.id), limit_ms),
        "front": front,
    }


def climbed(points: Points, limit_ms: float) -> list[float]:
    """The hypervolume after each trial, above accuracy 0 and below the limit, as a share of what is possible."""
    trials = list(zip(points.value, points.cost, strict=True))
    volumes = [hypervolume(trials[:count], 0.0, limit_ms) / limit_ms for count in range(1, len(trials) + 1)]
    return np.round(volumes, 4).tolist()


def as_slow(times: Mapping[str, float], least_ms: float) -> str:
    """The fastest network that takes at least so long; the slowest where none does."""
    slow = [name for name in times if times[name] >= least_ms]
    return min(slow, key=times.__getitem__) if slow else max(times, key=times.__getitem__)


def train_all(path: Path, networks: Mapping[str, Architecture], size: Size) -> dict[str, list[float]]:
    """Test accuracies of every network, one a seed; trainings run side by side, one core each."""
    wanted = [(name, seed) for seed in range(size.seeds) for name in networks]
    found: dict[str, list[float]] = defaultdict(list)
    with ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("spawn")) as pool:
        trained = pool.map(
            partial(tested, path, size.epochs), [networks[n].to_json() for n, _ in wanted], [s for _, s in wanted]
        )
        for (name, _), accuracy in zip(wanted, trained, strict=True):
            found[name].append(accuracy)
            print(f"{name}: {accuracy:.4f}", flush=True)
    return found


def tested(path: Path, epochs: int, document: dict[str, Any], seed: int) -> float:
    return scores_on_test(task_for(path, epochs), Architecture.from_json(document), seed)["accuracy"]


def row(network: Architecture, latency_ms: float, accuracies: Sequence[float]) -> dict[str, Any]:
    return {
        "latency_ms": latency_ms,
        "accuracy": float(np.mean(accuracies)),
        "accuracies": list(accuracies),
        "macs": network.macs,
        "params": network.params,
    }


def dominates(found: Mapping[str, Any], scaled: Mapping[str, Any]) -> bool:
    return bool(found["latency_ms"] <= scaled["latency_ms"] and found["accuracy"] > scaled["accuracy"])


def show(report: dict[str, Any]) -> None:
    search, size = report["search"], report["size"]
    print(
        f"search: {search['trials']} trials of {size['search_epochs']} epochs, {search['failed']} failed, in "
        f"{search['minutes']:.1f} minutes, after {search['profile_minutes']:.1f} in which ops were measured"
    )
    print(
        f"test accuracy in % after {size['epochs']} epochs, mean of {size['seeds']} trainings; milliseconds by "
        f"{report['device']['cpu']}, onnxruntime {report['runtime']['onnxruntime']}, one thread\n"
    )
    columns = f"{'ms':>8}{'MACs M':>9}{'accuracy':>10}"
    print(f"found:{columns}   {'MobileNetV3-Small':<20}{columns}")
    for pair in report["pairs"]:
        print(f"{'':<6}{shown(pair['found'])}   {'x ' + str(pair['width']):<20}{shown(pair['scaled'])}")
    print(f"\nno slower and more accurate in {report['dominated']} of {len(report['pairs'])} pairs")


def shown(found: Mapping[str, Any]) -> str:
    return f"{found['latency_ms']:>8.3f}{found['macs'] / 1e6:>9.2f}{100 * found['accuracy']:>10.1f}"


def draw(report: dict[str, Any], path: Path) -> None:
    """Accuracy against milliseconds of both families, and the hypervolume of the search, as SVG."""
    figure, (left, right) = panels(2)
    for name, colour, label in (
        ("scaled", SCALED, "MobileNetV3-Small, scaled"),
        ("found", FOUND, "found by the search"),
    ):
        rows = sorted((pair[name] for pair in report["pairs"]), key=lambda each: each["latency_ms"])
        left.plot(
            [each["latency_ms"] for each in rows],
            [100 * each["accuracy"] for each in rows],
            color=colour,
            marker="o",
            linewidth=1.6,
            label=label,
        )
    left.set_xlabel("milliseconds an image, measured, one thread")
    left.set_ylabel(f"test accuracy (%) after {report['size']['epochs']} epochs")
    left.set_xlim(left=0)
    left.legend(frameon=False, fontsize=8, loc="upper left")
    volumes = report["search"]["hypervolume"]
    right.plot(range(1, len(volumes) + 1), volumes, color=FOUND, linewidth=1.6)
    right.set_xlabel(f"trials of {report['size']['search_epochs']} epochs")
    right.set_ylabel("hypervolume of the search")
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(color=GRID, linewidth=0.6)
    save(figure, path)


if __name__ == "__main__":
    main()
