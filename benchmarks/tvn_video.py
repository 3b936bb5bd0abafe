"""A Tiny Video Network (arXiv 1910.06961) found on real video, beside a (2+1)D network and its own single-frame self.

The search goes through the whole service: submitted over HTTP, every candidate in the database, trained by Ray workers.
Its limits are MACs and parameters: a latency table of a space with so many inputs would take longer to measure than the
search itself (its ops are thousands). Milliseconds are measured afterwards, of the networks that are compared.

Then each network is trained afresh on each of five folds by one recipe, and its file is tested in onnxruntime on the
fold that it has not seen. The search knew folds 1 to 4 (it trained on them, and chose by videos of them) and never fold
0, whose accuracy therefore stands by itself. `--path` names an npz file with `x` (videos, 16 frames, height, width, 3),
`y` and five `fold`s; without it there is nothing to do.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import lru_cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from jobs.finished import finished, serving
from jobs.timing import measured

from device_agent.machine import Device
from device_agent.measure import Protocol, measure_network
from latency_tables.runtime import Runtime
from nas_service.api.point_views import Points
from search_spaces import Architecture, get_space
from search_spaces.architecture import INPUT
from search_spaces.choice_space import ChoiceSpace
from search_spaces.ops import ClipClassifier, ClipConv
from search_spaces.tvn.graph import Graph
from workers.clip_export import ClipExporter
from workers.requests import EvaluationRequest, Fidelity, TrialRequest
from workers.tasks import get_task
from workers.tasks.npz_clips import NpzClips

FRAME_RATE = 8.0  # nominal: what matters is which of the 16 frames a network takes
VIDEO_FRAMES = 16
SPACE: Mapping[str, Any] = {
    "resolution": [32, 48, 64],
    "frames": [1, 2, 4, 8, 16],
    "frame_rate": [1, 2, 4, 8],
    "blocks": [2, 3, 4],
    "repeats": [1, 2],
    "spatial_kernel": [3, 5],
    "spatial_stride": [2],
    "temporal_kernel": [1, 3],
    "temporal_stride": [1, 2],
    "filters": [8, 16, 32],
    "expansion": [1, 2],
    "inverted": [False],
    "non_local": [False],
    "se": [0, 0.5],
    "skip": [False, True],
}
LIMITS = {"macs": 18_000_000, "params": 91_000}  # a quarter of the (2+1)D network's MACs, and its parameters
RECIPE: Mapping[str, Any] = {"batch_size": 16, "learning_rate": 0.005, "frame_rate": FRAME_RATE}
SEARCH_FOLD = 0  # never seen by the search
SEARCH_VALIDATION = 0.3  # of the other folds: 72 videos
FINAL_VALIDATION = 0.02  # a few videos that the recipe wants; nothing is chosen by them
WIDTHS = (16, 32, 64, 64)  # of the (2+1)D network
PROCESSES = 2
UNTIMED = Protocol(visits=1, dropped=0, shortest=1, longest=1)  # exports time their file; ours are timed together


@dataclass(frozen=True)
class Size:
    """Of the search, and of the trainings after it. `hours` ends a search that is slower than thought."""

    trials: int
    hours: float
    population: int
    sample: int
    search_epochs: int
    epochs: int
    folds: tuple[int, ...]
    seeds: tuple[int, ...]
    frames: tuple[int, ...]
    rounds: int


SIZES = {
    "full": Size(120, 0.4, 20, 6, 12, 20, (0, 1, 2, 3, 4), (0,), (1, 2, 4, 8, 16), 20),
    "quick": Size(2, 0.05, 2, 2, 1, 1, (0, 1), (0,), (1, 4), 2),
}
Trained = dict[str, list[list[float]]]  # hash of a network to accuracies, by fold and seed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="end with one JSON object on the last line")
    parser.add_argument("--quick", action="store_true", help="a search that finds little: the same keys in 50 seconds")
    parser.add_argument("--path", type=Path, help="the videos, an npz file with x, y and fold")
    parser.add_argument(
        "--genotype", type=Path, help="where the search's result is kept: read if it is there, else written"
    )
    parser.add_argument("--figure", type=Path, help="draw accuracy and milliseconds against frames, as SVG")
    asked = parser.parse_args()
    if asked.path is None:
        print("nothing to do: name the videos with --path FILE.npz")
        return
    report = run(asked.path.resolve(), "quick" if asked.quick else "full", asked.genotype)
    show(report)
    if asked.figure:
        draw(report["frames"], asked.figure)
    if asked.json:
        print(json.dumps(report))


def run(path: Path, size_name: str, kept: Path | None) -> dict[str, Any]:
    size = SIZES[size_name]
    found = known_search(path, size, kept)
    space, genotype = space_for(path), found["genotype"]
    networks = {
        "found": space.architecture(genotype),
        "(2+1)D": factorised(space),
        "found, one frame": with_frames(space, genotype, 1),
    }
    by_frames = {frames: with_frames(space, genotype, frames) for frames in size.frames}
    distinct = {network.hash: network for network in (*networks.values(), *by_frames.values())}
    started = time.perf_counter()
    accuracies = train_all(path, distinct, size)
    minutes = (time.perf_counter() - started) / 60
    times = measured(distinct, size.rounds)
    rows = {name: row(network, accuracies, times) for name, network in networks.items()}
    return {
        "search": found,
        "networks": rows,
        "found_beside": {name: beside(rows["found"], other) for name, other in rows.items() if name != "found"},
        "frames": [{"frames": frames} | row(network, accuracies, times) for frames, network in by_frames.items()],
        "training_minutes": minutes,
        "search_fold": SEARCH_FOLD,
        "device": asdict(Device.here("benchmark")),
        "runtime": asdict(Runtime.here()),
        "size": asdict(size),
    }


def task_for(path: Path, fold: int, **options: Any) -> NpzClips:
    """The videos with one fold as the test part."""
    task = get_task("npz-clips", path=path, test_fold=fold, **RECIPE | options)
    if not isinstance(task, NpzClips):
        raise TypeError(f"task {task.name!r} has no folds")
    return task


def space_for(path: Path) -> ChoiceSpace:
    space = get_space("tvn", **SPACE).bind(task_for(path, SEARCH_FOLD).signature)
    if not isinstance(space, ChoiceSpace):
        raise TypeError("space 'tvn' has no positions")
    return space


def known_search(path: Path, size: Size, kept: Path | None) -> dict[str, Any]:
    """The result of an earlier search where it was kept, else of one made now."""
    if kept is not None and kept.exists():
        earlier: dict[str, Any] = json.loads(kept.read_text())
        return earlier
    found = search(path, size)
    if kept is not None:
        kept.write_text(json.dumps(found, indent=1))
    print(f"search done after {found['minutes']:.1f} minutes", flush=True)
    return found


def search(path: Path, size: Size) -> dict[str, Any]:
    """One search from its submission to its end, and the network that it calls its best.

    It minimises the loss on validation videos: of 72 the accuracy comes in steps of 1.4 %, and many networks tie.
    """
    task = {"path": str(path), "test_fold": SEARCH_FOLD, "val_share": SEARCH_VALIDATION, "epochs": size.search_epochs}
    spec = {
        "space": {"name": "tvn", "options": dict(SPACE)},
        "task": {"name": "npz-clips", "metric": "val_loss"} | dict(RECIPE) | task,
        "objective": {"reward": "metric", "cost": "macs", "limits": LIMITS},
        "strategy": {"name": "evolution", "population": size.population, "sample": size.sample, "removes": "worst"},
        "budget": {"trials": size.trials, "hours": size.hours},
        "workers": {"parallel": PROCESSES},
    }
    with serving() as here:
        found = finished(here.nas, spec)
        job, best, minutes = found.job, found.best, found.minutes
        curve = climbed(here.nas.points(job.id))
    return {
        "minutes": minutes,
        "trials": job.trials,
        "proposals": job.proposals,
        "failed": job.failed,
        "reason": job.reason,
        "limits": LIMITS,
        "best_number": best.number,
        "best_metrics": {name: best.metrics[name] for name in ("val_accuracy", "val_loss")},
        "curve": curve,
        "genotype": best.genotype,
        "chosen": in_words(space_for(path), best.genotype),
    }


def climbed(points: Points) -> list[tuple[int, float]]:
    """The results that were better than all before: (number of the proposal, validation loss)."""
    curve: list[tuple[int, float]] = []
    for candidate, reward in zip(points.id, points.reward, strict=True):
        if reward is not None and (not curve or -reward < curve[-1][1]):
            curve.append((int(candidate.rpartition(".c")[2]), -reward))
    return curve


def in_words(space: ChoiceSpace, genotype: dict[str, Any]) -> dict[str, Any]:
    """What was chosen where it matters, by name."""
    chosen = space.decode(genotype)
    open_positions = (p.name for p in space.positions if len(p.options) > 1)
    return {name: chosen[name] for name in open_positions if space.is_active(name, chosen)}


def with_frames(space: ChoiceSpace, genotype: dict[str, Any], frames: int) -> Architecture:
    """The genotype's network for another number of frames, spread over the whole video."""
    rate = FRAME_RATE * frames / VIDEO_FRAMES
    return space.build(space.decode(genotype) | {"frames": frames, "frame_rate": rate}, {})


def factorised(space: ChoiceSpace) -> Architecture:
    """A plain (2+1)D network (arXiv 1711.11248) of 90,354 parameters for all frames at 64 px.

    Each of four layers is a convolution over places, which halves the map, and one over time, which from the second
    layer on halves the frames; batch norm and ReLU after each.
    """
    graph, at = Graph((space.signature.channels, VIDEO_FRAMES, 64, 64)), INPUT
    for layer, width in enumerate(WIDTHS):
        side, step = (3, 2) if layer else (5, 1)
        for kernel, stride in (((1, side, side), (1, 2, 2)), ((3, 1, 1), (step, 1, 1))):
            at = graph.add(ClipConv(graph.shape(at), width, kernel, stride, 1, "relu", "symmetric"), at)
    graph.add(ClipClassifier(graph.shape(at), space.signature.outputs), at)
    return graph.architecture(FRAME_RATE)


def train_all(path: Path, networks: Mapping[str, Architecture], size: Size) -> Trained:
    """Test accuracies of every network on every fold; trainings run side by side, one core each."""
    wanted = [(fold, key, seed) for fold in size.folds for key in networks for seed in size.seeds]
    found: Trained = defaultdict(lambda: [[] for _ in size.folds])
    documents = [networks[key].to_json() for _, key, _ in wanted]
    train = partial(tested, path, size.epochs)
    with ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("spawn")) as pool:
        folds, seeds = [fold for fold, _, _ in wanted], [seed for _, _, seed in wanted]
        for (fold, key, _), accuracy in zip(wanted, pool.map(train, documents, folds, seeds), strict=True):
            found[key][size.folds.index(fold)].append(accuracy)
    return found


def tested(path: Path, epochs: int, document: dict[str, Any], fold: int, seed: int) -> float:
    """Train by the service's exporter; the accuracy of the ONNX file on the middle clip of each test video."""
    with TemporaryDirectory() as folder:
        trial = TrialRequest("t", document, Fidelity(epochs), seed)
        request = EvaluationRequest("r", 1, "export", {}, (trial,), Path(folder).as_uri())
        *_, last = exporter_for(path, fold, epochs).run_trial(request, trial, lambda: False)
    return last.metrics["test_accuracy"]


@lru_cache(maxsize=1)
def exporter_for(path: Path, fold: int, epochs: int) -> ClipExporter:
    task = task_for(path, fold, val_share=FINAL_VALIDATION, epochs=epochs, test_clips=1)
    return ClipExporter(task, partial(measure_network, protocol=UNTIMED))


def row(network: Architecture, accuracies: Trained, times: Mapping[str, float]) -> dict[str, Any]:
    by_fold = [float(np.mean(seeds)) for seeds in accuracies[network.hash]]
    return {
        "input_shape": list(network.input_shape),
        "frame_rate": network.frame_rate,
        "params": network.params,
        "macs": network.macs,
        "latency_ms": times[network.hash],
        "by_fold": by_fold,
        **dict(zip(("accuracy", "standard_error"), mean_of(by_fold), strict=True)),
    }


def mean_of(values: Iterable[float]) -> tuple[float, float]:
    """Mean over folds, and its standard error."""
    found = np.array(list(values))
    return float(found.mean()), float(found.std(ddof=1) / np.sqrt(len(found)))


def beside(found: dict[str, Any], other: dict[str, Any]) -> dict[str, float]:
    """The found network against another one: accuracy gained on the same folds, and how much longer the other takes."""
    gain, error = mean_of(a - b for a, b in zip(found["by_fold"], other["by_fold"], strict=True))
    return {
        "accuracy_gain": gain,
        "standard_error": error,
        "times_as_long": other["latency_ms"] / found["latency_ms"],
        "times_the_macs": other["macs"] / found["macs"],
        "times_the_params": other["params"] / found["params"],
    }


def show(report: dict[str, Any]) -> None:
    search, size, rows = report["search"], report["size"], report["networks"]
    trials, failed, minutes = search["trials"], search["failed"], search["minutes"]
    print(f"search: {trials} trials, {failed} failed, in {minutes:.1f} minutes, limits {search['limits']}")
    print(f"found: {search['chosen']}\n")
    print(f"accuracy in % after {size['epochs']} epochs, mean of {len(size['seeds'])} trainings a fold; ms by")
    print(f"{report['device']['cpu']}, onnxruntime {report['runtime']['onnxruntime']}, one thread")
    print(f"fold {report['search_fold']} is the one that the search never saw; ± is one standard error over folds\n")
    folds = "".join(f"{f'fold {fold}':>8}" for fold in size["folds"])
    print(f"{'network':<18}{'frames, side':>13}{'params':>9}{'MMACs':>8}{'ms':>8}{folds}{'mean':>14}")
    for name, found in rows.items():
        print(f"{name:<18}{shown(found)}")
    print(f"\n{'found beside':<18}{'accuracy':>17}{'ms / ours':>12}{'MACs / ours':>13}{'params / ours':>15}")
    for name, ratio in report["found_beside"].items():
        gain = f"{100 * ratio['accuracy_gain']:+.1f} ± {100 * ratio['standard_error']:.1f}"
        print(
            f"{name:<18}{gain:>17}{ratio['times_as_long']:>12.2f}{ratio['times_the_macs']:>13.2f}"
            f"{ratio['times_the_params']:>15.2f}"
        )
    print("\nthe found network with other numbers of frames, spread over the whole video")
    for found in report["frames"]:
        print(f"{found['frames']:<18}{shown(found)}")


def shown(found: dict[str, Any]) -> str:
    _, frames, side, _ = found["input_shape"]
    folds = "".join(f"{100 * value:>8.1f}" for value in found["by_fold"])
    mean = f"{100 * found['accuracy']:.1f} ± {100 * found['standard_error']:.1f}"
    return (
        f"{f'{frames} x {side}':>13}{found['params']:>9,}{found['macs'] / 1e6:>8.1f}{found['latency_ms']:>8.2f}"
        f"{folds}{mean:>14}"
    )


def draw(rows: list[dict[str, Any]], path: Path) -> None:
    """Accuracy above milliseconds, both against frames, as SVG."""
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams.update({"svg.hashsalt": "tvn", "font.size": 10, "svg.fonttype": "none"})
    from matplotlib import pyplot as plt

    frames = [found["frames"] for found in rows]
    figure, (above, below) = plt.subplots(2, 1, figsize=(6.4, 5.6), sharex=True)
    accuracies, errors = ([100 * found[key] for found in rows] for key in ("accuracy", "standard_error"))
    above.errorbar(frames, accuracies, yerr=errors, color="#0072b2", marker="o", capsize=3, linewidth=1.6)
    above.set_ylabel("test accuracy (%)\nmean ± standard error")
    below.plot(frames, [found["latency_ms"] for found in rows], color="#d55e00", marker="s", linewidth=1.6)
    below.set_ylabel("milliseconds a clip\none thread, onnxruntime")
    below.set_xlabel("frames of the clip, spread over the whole video")
    below.set_ylim(bottom=0)
    below.set_xscale("log", base=2)
    below.set_xticks(frames, [str(count) for count in frames])
    for axes in (above, below):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(color="#e4e7eb", linewidth=0.6)
    figure.align_ylabels()
    figure.tight_layout()
    figure.savefig(path, format="svg", metadata={"Date": None})
    plt.close(figure)


if __name__ == "__main__":
    main()
