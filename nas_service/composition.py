"""The strategy of a job as its spec composes it: the one that `strategy` names, and what other parts put around it."""

from __future__ import annotations

from search_spaces import BoundSpace, spaces_of
from workers.requests import Fidelity

from .early_stopping import stop_early
from .errors import InvalidSpec
from .spec import JobSpec, RefineSpec
from .strategies import Strategy, get_strategy, strategy_classes
from .strategies.control import Control
from .strategies.refinement import Refined, Refiner, fields_of_refine
from .strategies.warm_start import WarmStart


def compose(spec: JobSpec, space: BoundSpace, full: Fidelity) -> Strategy:
    """A fresh strategy, as the job starts with it. `full` is the fidelity of a whole trial.

    Raises InvalidSpec, which names the field, for parts that do not fit each other.
    """
    strategy = chosen(spec, space)
    if spec.warm_start is not None:
        if strategy.cuts_widths:
            raise InvalidSpec(
                f"strategy {strategy.name!r} cuts one network and has no use for others to begin with; leave "
                "warm_start out, and give the network as strategy.seed_network",
                "warm_start",
            )
        strategy = WarmStart(strategy, spec.warm_start.networks)
    if spec.control is not None:
        strategy = Control(strategy, spec.control.share, spec.seed)
    if spec.early_stopping is not None:
        front = spec.objective.reward == "pareto"
        strategy = stop_early(spec.early_stopping, strategy, space, full, seed=spec.seed, front=front)
    if spec.refine is not None:
        strategy = Refined(space, strategy, refiner(spec.refine, space, spec.seed), spec.refine.trials, spec.seed)
    return strategy


def chosen(spec: JobSpec, space: BoundSpace) -> Strategy:
    """The strategy that `strategy` names, alone."""
    return get_strategy(spec.strategy.name, spec.strategy.options, space, spec.seed)


def refiner(wanted: RefineSpec, space: BoundSpace, seed: int) -> Refiner:
    """The strategy that `refine` names, alone. Raises InvalidSpec that names the field below `refine`."""
    known = {name: each for name, each in strategy_classes().items() if issubclass(each, Refiner)}
    if wanted.name not in known:
        raise InvalidSpec(
            f"{wanted.name!r} cannot refine what a search has found; those that can: {', '.join(sorted(known))}",
            "refine.name",
        )
    needs = known[wanted.name].needs
    if not isinstance(space, needs):
        raise InvalidSpec(
            f"{wanted.name!r} cuts widths, and networks of this space have none that can be cut; spaces that fit: "
            f"{', '.join(spaces_of(needs))}. Leave refine out, or search one of these",
            "refine.name",
        )
    with fields_of_refine():
        strategy = get_strategy(wanted.name, wanted.options, space, seed)
    assert isinstance(strategy, Refiner)  # noqa: S101 - its class was just looked up
    return strategy


def cuts_widths(spec: JobSpec) -> bool:
    """Whether a strategy of the job proposes widths that no option of its space offers."""
    names = [spec.strategy.name, *([spec.refine.name] if spec.refine is not None else [])]
    return any(strategy_classes()[name].cuts_widths for name in names if name in strategy_classes())
