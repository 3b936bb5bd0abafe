"""How many weight agnostic networks a second one core evaluates in cart-pole swing-up, beside the published code's way.

An individual is a network under 6 shared weights in 3 episodes of up to 1,000 steps each. Both ways evaluate the same
networks on the same starts, in CPU seconds of one process, so that a busy machine favours neither: networks of a first
generation, networks grown to the size that published searches end with, and the published champion where it is given.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from contestants import published_loop

from search_spaces import get_space
from search_spaces.ops import SharedWeightNetwork
from search_spaces.wann.activations import CONTROL
from search_spaces.wann.expression import express
from search_spaces.wann.genome import Genome
from search_spaces.wann.innovations import Innovations
from search_spaces.wann.mutations import add_connection, add_node
from search_spaces.wann.out_file import read_out
from workers.tasks import get_task
from workers.wann.evaluator import Evaluator, Floats

BAR, AIM = 60, 200
WEIGHTS = np.array([-2, -1, -0.5, 0.5, 1, 2])
REPETITIONS = 3
NODES, CONNECTIONS = 100, 290  # about the medians of the published sample run after 1,024 generations
PUBLISHED = (12.5, 7.3)  # individuals a second on a core of such a machine, in its first and third generation
SCORES = {1.0: 701.5, -1.0: 681.5, 0.5: 521.5, -0.5: 521.5}  # of the champion, by its own environment, 40 episodes
EPISODES = 40
SIZES = {
    # networks of a kind, episodes a weight of the champion by the numpy loop, seconds that ours is timed
    "quick": (2, 4, 1.0),
    "full": (8, 40, 5.0),
}
COLD_START = """
import time
import numpy as np
from search_spaces.ops import SharedWeightNetwork
started = time.perf_counter()
from workers.tasks import get_task
evaluator = get_task("cartpole-swingup", max_steps=1).evaluator()
evaluator.shared(SharedWeightNetwork((5,), 1, (1,), (0,), (6,)), np.ones(1), 1, 0)
print(time.perf_counter() - started)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="end with one JSON object on the last line")
    parser.add_argument("--quick", action="store_true", help="fewer networks: the same keys in under 50 seconds")
    parser.add_argument("--champion", type=Path, help="the published champions/swing.out")
    asked = parser.parse_args()
    champion = express(read_out(asked.champion.read_text(), 5, 1), published_disabled=True) if asked.champion else None
    report = run("quick" if asked.quick else "full", champion.network if champion else None)
    show(report)
    if asked.json:
        print(json.dumps(report))


def run(size: str, champion: SharedWeightNetwork | None) -> dict[str, Any]:
    count, episodes, seconds = SIZES[size]
    evaluator = get_task("cartpole-swingup").evaluator()
    rng = np.random.default_rng(0)
    kinds = {"first_generation": [first_generation(rng) for _ in range(4 * count)]}
    if champion is not None:
        kinds["champion"] = [champion]
    kinds["100_nodes"] = [grown(rng) for _ in range(count)]
    rows = {kind: compared(networks, evaluator, seconds) for kind, networks in kinds.items()}
    judged = [row["ratio"] for kind, row in rows.items() if kind != "first_generation"]
    return {
        "individuals_vs_numpy_loop": min(judged),
        "bar": BAR,
        "aim": AIM,
        "kinds": rows,
        "champion_scores": scores(champion, evaluator, episodes) if champion is not None else None,
        "cold_start_seconds": cold_start(),
        "size": size,
    }


def first_generation(rng: np.random.Generator) -> SharedWeightNetwork:
    space = get_space("wann").bind(get_task("cartpole-swingup").signature)
    (network,) = space.architecture(space.sample(rng)).ops
    assert isinstance(network, SharedWeightNetwork)
    return network


def grown(rng: np.random.Generator) -> SharedWeightNetwork:
    """NODES nodes and CONNECTIONS connections by the search's own mutations, from a network with all inputs."""
    innovations = Innovations.initial(5, 1)
    genome = Genome(5, 1, (), (1,), tuple(range(6)), tuple(range(6)), (6,) * 6, (True,) * 6)
    while genome.node_count < NODES or sum(genome.enabled) < CONNECTIONS:
        missing = np.array([NODES - genome.node_count, CONNECTIONS - NODES + genome.node_count - sum(genome.enabled)])
        missing = np.maximum(missing, 0)
        if rng.random() < missing[0] / missing.sum():
            genome = add_node(genome, rng, CONTROL, innovations)
        else:
            genome = add_connection(genome, rng, innovations)
    return express(genome).network


def compared(networks: list[SharedWeightNetwork], evaluator: Evaluator, seconds: float) -> dict[str, float]:
    """Individuals a CPU second by both ways, and how far their mean rewards are apart."""
    loop_seconds, loop = timed(lambda: evaluated(networks, published_loop.rewards))
    ours_seconds, ours = min(repeated(lambda: evaluated(networks, evaluator.shared), seconds), key=lambda run: run[0])
    return {
        "nodes": float(np.mean([network.node_count for network in networks])),
        "connections": float(np.mean([network.params for network in networks])),
        "ours_per_second": len(networks) / ours_seconds,
        "numpy_loop_per_second": len(networks) / loop_seconds,
        "ratio": loop_seconds / ours_seconds,
        "ours_mean_reward": float(ours.mean()),
        "numpy_loop_mean_reward": float(loop.mean()),
    }


def evaluated(networks: list[SharedWeightNetwork], rewards: Callable[..., Floats]) -> Floats:
    return np.array([rewards(network, WEIGHTS, REPETITIONS, 0) for network in networks])


def repeated(run: Callable[[], Floats], seconds: float) -> list[tuple[float, Floats]]:
    run()  # compiles
    runs = [timed(run)]
    while sum(taken for taken, _ in runs) < seconds:
        runs.append(timed(run))
    return runs


def timed(run: Callable[[], Floats]) -> tuple[float, Floats]:
    started = time.process_time()
    result = run()
    return time.process_time() - started, result


def scores(champion: SharedWeightNetwork, evaluator: Evaluator, episodes: int) -> dict[str, dict[str, float]]:
    """The champion's mean reward under single shared weights, by both ways."""
    weights = np.array(list(SCORES))
    ours = evaluator.shared(champion, weights, EPISODES, 0).mean(axis=1)
    loop = published_loop.rewards(champion, weights, episodes, 0).mean(axis=1)
    return {
        f"{weight:g}": {"ours": float(a), "numpy_loop": float(b), "published": SCORES[weight]}
        for weight, a, b in zip(SCORES, ours, loop, strict=True)
    }


def cold_start() -> dict[str, float]:
    """Until a new process has scored its first network: on a new machine, and with the machine code kept there."""
    with TemporaryDirectory() as folder:
        environment = os.environ | {"NUMBA_CACHE_DIR": folder}
        taken = [
            float(
                subprocess.run(
                    [sys.executable, "-c", COLD_START], env=environment, capture_output=True, check=True
                ).stdout
            )
            for _ in range(2)
        ]
    return {"compiling": round(taken[0], 2), "from_cache": round(taken[1], 2)}


def show(report: dict[str, Any]) -> None:
    print("individuals a CPU second: 6 shared weights x 3 episodes of up to 1,000 steps\n")
    print(f"{'networks':<18}{'nodes':>7}{'conns':>7}{'ours':>10}{'numpy loop':>12}{'ratio':>8}{'/ bar':>7}")
    for kind, row in report["kinds"].items():
        print(
            f"{kind.replace('_', ' '):<18}{row['nodes']:>7.0f}{row['connections']:>7.0f}{row['ours_per_second']:>10.0f}"
            f"{row['numpy_loop_per_second']:>12.2f}{row['ratio']:>8.0f}{row['ratio'] / BAR:>7.1f}"
        )
    print(f"\nthe published code itself, in its first generations: {PUBLISHED[0]} falling to {PUBLISHED[1]}")
    print(f"least of champion and 100 nodes: {report['individuals_vs_numpy_loop']:.0f} times; bar {BAR}, aim {AIM}")
    started = report["cold_start_seconds"]
    print(f"a new process is ready after {started['compiling']} s, or {started['from_cache']} s with kept machine code")
    if report["champion_scores"] is None:
        print("no champion: its file was not given (--champion), so only drawn networks were evaluated")
        return
    print(f"\n{'champion, shared':<18}{'ours':>8}{'numpy loop':>12}{'published':>11}")
    for weight, found in report["champion_scores"].items():
        print(f"{weight:<18}{found['ours']:>8.1f}{found['numpy_loop']:>12.1f}{found['published']:>11.1f}")


if __name__ == "__main__":
    main()
