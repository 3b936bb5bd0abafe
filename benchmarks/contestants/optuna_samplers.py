"""Optuna's own samplers on a table, asked and told as its documentation does it, with Optuna's defaults.

Contestants for `benchmarks/strategies.py`. The search space is the space's positions as categorical parameters, the two
values are accuracy and latency. What was trained before is answered from the table and is no trial, as with ours.
"""

from __future__ import annotations

import optuna
from tabular.world import World

from nas_service.strategies import Proposal

POPULATION = 16  # as that of `nsga2`: Optuna's own 50 would leave no room for five generations in 100 trials
SAMPLERS = {
    "optuna-nsga2": lambda seed: optuna.samplers.NSGAIISampler(population_size=POPULATION, seed=seed),
    "optuna-tpe": lambda seed: optuna.samplers.TPESampler(seed=seed),
}


def search(world: World, name: str, seed: int, trials: int) -> None:
    """So many trials of a sampler by its name here."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(directions=["maximize", "minimize"], sampler=SAMPLERS[name](seed))
    offered = {p.name: optuna.distributions.CategoricalDistribution(p.options) for p in world.space.positions}
    world.budget = trials
    while world.goes_on:
        trial = study.ask(offered)
        outcome = world.outcome(Proposal(world.space.encode(trial.params)))
        study.tell(trial, outcome.point)
