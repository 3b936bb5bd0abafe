"""What NetAdapt refuses when a job is submitted, for it could never bring a result."""

from __future__ import annotations

import numpy as np

from nas_service.errors import InvalidSpec
from nas_service.objective import PRICED
from search_spaces import Genotype, NarrowableSpace, SpaceError
from search_spaces.choice_space import ChoiceSpace
from workers.requests import Fidelity

from .base import Prices
from .netadapt_rules import NetAdaptOptions, cuts_of

PROBED = 50  # sampled networks, whose widths tell how many proposals an iteration has


def valid_network(space: NarrowableSpace, genotype: Genotype | None) -> Genotype | None:
    """The seed network: as given, or the space's only one, or None. Raises InvalidSpec for one of another space."""
    if genotype is None:
        single = isinstance(space, ChoiceSpace) and space.size == 1
        return {"choices": [0] * len(space.choices)} if single else None  # type: ignore[attr-defined]
    try:
        space.architecture(genotype)
    except SpaceError as error:
        raise InvalidSpec(f"this is no network of the space: {error}", "strategy.seed_network") from None
    return genotype


def check_network(
    space: NarrowableSpace,
    options: NetAdaptOptions,
    network: Genotype | None,
    trials: int,
    full: Fidelity,
    prices: Prices,
) -> None:
    """Whether a seed network can be cut to its target within the budget."""
    if network is None:
        raise InvalidSpec(
            "say which network is to be cut: a genotype of this space (every candidate of a job shows its own), or "
            "give the space one option for every choice; to search first, name another strategy here and write "
            "refine: {name: netadapt, trials: N} beside it",
            "strategy.seed_network",
        )
    _check_options(options, full, prices)
    cost = prices.costs(network)[prices.cost_name]
    if not prices.feasible(network):
        raise InvalidSpec(
            f"the seed network, with a {prices.cost_name} of {cost:.6g}, is over a limit of the job, so it would never "
            "be trained; raise or drop the limit, for the target says how far it is to be cut",
            "strategy.seed_network",
        )
    if cost <= options.cost_at(cost):
        raise InvalidSpec(
            f"the seed network has a {prices.cost_name} of {cost:.6g}, which is at the target already; lower the "
            "target or start from a larger network",
            "strategy.target",
        )
    cuts = len(cuts_of(space, network, options.gain(cost, 0), options.step, prices))
    if not cuts:
        raise InvalidSpec(
            f"no width of the seed network can be cut so that {options.delta:g} of its {prices.cost_name} is gained; "
            "take a smaller delta or step, or a larger network",
            "strategy.delta",
        )
    _check_trials(trials, 1 + cuts, "budget.trials", "the seed network, one iteration")


def check_refined(
    space: NarrowableSpace, options: NetAdaptOptions, trials: int, full: Fidelity, prices: Prices
) -> None:
    """Whether a network that is not known yet can be cut."""
    if options.seed_network is not None:
        raise InvalidSpec("a refinement starts from the best of the search; leave this out", "strategy.seed_network")
    _check_options(options, full, prices)
    limit = prices.limits.get(prices.cost_name)
    if limit is not None and options.target is not None and limit <= options.target:
        raise InvalidSpec(
            f"whatever meets the limit of {limit:g} already is at this target of {options.target:g}; lower the target, "
            "or raise objective.limits",
            "strategy.target",
        )
    rng = np.random.default_rng(0)
    cuts = min(len(space.widths(space.sample(rng))) for _ in range(PROBED))
    _check_trials(trials, cuts, "refine.trials", "one iteration")


def _check_options(options: NetAdaptOptions, full: Fidelity, prices: Prices) -> None:
    if prices.cost_name not in PRICED:
        raise InvalidSpec(
            f"'netadapt' cuts by a cost that is known before training, and {prices.cost_name} is not; take one of: "
            f"{', '.join(PRICED)}",
            "objective.cost",
        )
    if options.short_epochs >= full.epochs:
        raise InvalidSpec(
            f"the short training has to be shorter than the whole one, of {full.epochs} epochs here, for networks that "
            "start from inherited weights would count as fully trained; lower it, or raise task.epochs",
            "strategy.short_epochs",
        )


def _check_trials(trials: int, fewest: int, field: str, what: str) -> None:
    if trials <= fewest:
        raise InvalidSpec(
            f"{what} and the training of its winner from scratch take {fewest + 1} trials, and {trials} are fewer; a "
            "run to the target takes as many iterations as its gains need",
            field,
        )
