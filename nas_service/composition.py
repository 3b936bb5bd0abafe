"""The strategy of a job as its spec composes it: the one that `strategy` names, and what other parts put around it."""

from __future__ import annotations

from search_spaces import BoundSpace
from workers.requests import Fidelity

from .early_stopping import stop_early
from .spec import JobSpec
from .strategies import Strategy, get_strategy
from .strategies.control import Control
from .strategies.warm_start import WarmStart


def compose(spec: JobSpec, space: BoundSpace, full: Fidelity) -> Strategy:
    """A fresh strategy, as the job starts with it. `full` is the fidelity of a whole trial.

    Raises InvalidSpec, which names the field, for parts that do not fit each other.
    """
    strategy = chosen(spec, space)
    if spec.warm_start is not None:
        strategy = WarmStart(strategy, spec.warm_start.networks)
    if spec.control is not None:
        strategy = Control(strategy, spec.control.share, spec.seed)
    if spec.early_stopping is not None:
        front = spec.objective.reward == "pareto"
        strategy = stop_early(spec.early_stopping, strategy, space, full, seed=spec.seed, front=front)
    return strategy


def chosen(spec: JobSpec, space: BoundSpace) -> Strategy:
    """The strategy that `strategy` names, alone."""
    return get_strategy(spec.strategy.name, spec.strategy.options, space, spec.seed)
