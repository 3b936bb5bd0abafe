"""Strategies by name: ours, then those that installed packages offer as `nas.strategies`."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import ValidationError

from nas_service.errors import InvalidSpec
from search_spaces import BoundSpace, spaces_of
from search_spaces.plugins import Plugins, load_plugins

from .base import Context, Outcome, Proposal, State, Strategy, StrategyOptions
from .evolution import Evolution
from .netadapt import NetAdapt
from .nsga2 import Nsga2
from .optuna_sampler import OptunaSampler, Tpe
from .ppo import Ppo
from .random_search import RandomSearch
from .reinforce import Reinforce
from .wann import WannEvolution

__all__ = [
    "Context",
    "Outcome",
    "Proposal",
    "State",
    "Strategy",
    "StrategyOptions",
    "get_strategy",
    "strategy_classes",
    "strategy_plugins",
]

STRATEGIES: dict[str, type[Strategy]] = {
    "evolution": Evolution,
    "netadapt": NetAdapt,
    "nsga2": Nsga2,
    "optuna": OptunaSampler,
    "ppo": Ppo,
    "random": RandomSearch,
    "reinforce": Reinforce,
    "tpe": Tpe,
    "wann": WannEvolution,
}


@cache
def strategy_classes() -> dict[str, type[Strategy]]:
    """Every known strategy by name; ours win over a plug-in of the same name."""
    return strategy_plugins().classes | STRATEGIES


@cache
def strategy_plugins() -> Plugins:
    """What installed packages offer, what cannot be used included."""
    return load_plugins("nas.strategies", Strategy, STRATEGIES)


def get_strategy(name: str, options: dict[str, Any], space: BoundSpace, seed: int) -> Strategy:
    """A fresh strategy for this space.

    Raises InvalidSpec for an unknown name, a bad option, or a space that lacks what the strategy needs.
    """
    known = strategy_classes()
    if name not in known:
        raise InvalidSpec(
            f"there is no strategy {name!r}; there are: {', '.join(sorted(known))}{strategy_plugins().why_not(name)}",
            "strategy.name",
        )
    chosen = known[name]
    if not isinstance(space, chosen.needs):
        fitting = sorted(n for n, c in known.items() if isinstance(space, c.needs))
        raise InvalidSpec(
            f"strategy {name!r} needs a {chosen.needs.__name__}, which this space is not; "
            f"spaces that fit it: {', '.join(spaces_of(chosen.needs))}; those that fit: {', '.join(fitting)}",
            "strategy.name",
        )
    try:
        return chosen(space, chosen.Options(**options), seed)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(["strategy", *map(str, first["loc"])])
        raise InvalidSpec(
            f"{first['msg']}; options: {', '.join(chosen.Options.model_fields) or 'none'}", where
        ) from None
