"""Optuna's RDB storage under a study of instant trials."""

from __future__ import annotations

import time
from collections.abc import Sequence

import optuna

POPULATION = 50  # Optuna's default
SAMPLERS = ("random", "nsga2")


def trials_a_second(url: str, sampler: str, choices: Sequence[int], trials: int) -> float:
    """With one categorical parameter for each position that has so many options: `ask`, suggestions, `tell`."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    made = {
        "random": optuna.samplers.RandomSampler(seed=0),
        "nsga2": optuna.samplers.NSGAIISampler(seed=0, population_size=POPULATION),
    }
    storage = optuna.storages.RDBStorage(url)
    study = optuna.create_study(storage=storage, sampler=made[sampler], direction="maximize")
    start = time.perf_counter()
    for _ in range(trials):
        trial = study.ask()
        chosen = [trial.suggest_int(f"p{i}", 0, n - 1) for i, n in enumerate(choices)]
        study.tell(trial, sum(chosen) / sum(choices))
    return trials / (time.perf_counter() - start)
