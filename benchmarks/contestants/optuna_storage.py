"""Optuna's RDB storage under a study of instant trials."""

from __future__ import annotations

import time
from collections.abc import Sequence

import optuna

POPULATION = 50  # Optuna's default
SAMPLERS = ("random", "nsga2")


class GrowingStudy:
    """A study with one categorical parameter for each position that has so many options."""

    def __init__(self, url: str, sampler: str, choices: Sequence[int]) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        made = {
            "random": optuna.samplers.RandomSampler(seed=0),
            "nsga2": optuna.samplers.NSGAIISampler(seed=0, population_size=POPULATION),
        }
        storage = optuna.storages.RDBStorage(url)
        self._study = optuna.create_study(storage=storage, sampler=made[sampler], direction="maximize")
        self._choices = choices

    def seconds_of(self, trials: int) -> float:
        """What so many more take: `ask`, suggestions, `tell`."""
        start = time.perf_counter()
        for _ in range(trials):
            trial = self._study.ask()
            chosen = [trial.suggest_int(f"p{i}", 0, n - 1) for i, n in enumerate(self._choices)]
            self._study.tell(trial, sum(chosen) / sum(self._choices))
        return time.perf_counter() - start
