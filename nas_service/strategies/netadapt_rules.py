"""What NetAdapt decides by: how much a cut has to gain, which cut wins, and which winners are trained in the end."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from nas_service.errors import InvalidSpec
from search_spaces import Genotype, NarrowableSpace
from search_spaces.narrowing import STEP
from workers.requests import Fidelity

from .base import Outcome, Prices, Proposal, StrategyOptions

Share = Annotated[float, Field(gt=0, lt=1)]
Rule = Literal["ratio", "accuracy"]
Phase = Literal["training", "adapting", "settling", "final", "short", "over"]
TARGET_SHARE = 0.6


class NetAdaptOptions(StrategyOptions):
    """From `seed_network` (a genotype; without, the space's only network) to `target`, in the unit of the job's cost.

    Without a target it is `target_share` of the seed's cost. An iteration gains at least `delta` of the seed's cost,
    times `decay` for each iteration before; cut widths are multiples of `step` channels. Proposals are trained for
    `short_epochs`. `rule`: the best `ratio` of the change in accuracy to the gain, as MobileNetV3, or the highest
    `accuracy`, as the first NetAdapt. In the end the last winner is trained from scratch, and so are winners of other
    iterations, evenly spaced in cost, until there are `family`.
    """

    seed_network: dict[str, Any] | None = None
    target: Annotated[float | None, Field(gt=0, allow_inf_nan=False)] = None
    target_share: Share | None = None
    delta: Share = 0.01
    decay: Annotated[float, Field(gt=0, le=1)] = 1.0
    rule: Rule = "ratio"
    step: Annotated[int, Field(ge=1, le=256)] = STEP
    short_epochs: Annotated[int, Field(ge=1, le=10_000)] = 1
    family: Annotated[int, Field(ge=1, le=100)] = 1

    @model_validator(mode="before")
    @classmethod
    def _one_target(cls, given: Any) -> Any:
        stated = [name for name in ("target", "target_share") if given.get(name) is not None]
        if len(stated) == 2:
            raise ValueError("give either target or target_share, and null for the other one")
        return given if stated else {**given, "target_share": TARGET_SHARE}

    def cost_at(self, seed_cost: float) -> float:
        """The cost at which the iterations end."""
        return self.target if self.target is not None else (self.target_share or TARGET_SHARE) * seed_cost

    def gain(self, seed_cost: float, iteration: int) -> float:
        """By how much every proposal of this iteration, counted from 0, has to be cheaper than the present network.

        MobileNetV3's is constant; the published code of NetAdapt has a decay of 0.96.
        """
        return self.delta * seed_cost * self.decay**iteration


def cuts_of(
    space: NarrowableSpace, genotype: Genotype, gain: float, step: int, prices: Prices
) -> list[tuple[str, Genotype]]:
    """For every width the widest cut that gains enough. What the latency table cannot price counts as too dear."""

    def cost(network: Genotype) -> float:
        try:
            return prices.costs(network)[prices.cost_name]
        except InvalidSpec:
            return math.inf

    return list(space.narrowings(genotype, cost, gain, step))


def cut(genotype: Genotype, present: Outcome, token: Any, options: NetAdaptOptions) -> Proposal:
    """A cut of the present network, to be trained for a short time from its weights."""
    numbers = (present.number,)
    return Proposal(genotype, numbers, token, Fidelity(options.short_epochs), weights_of=present.number)


def winner(rule: Rule, present: Outcome, cuts: Sequence[Outcome]) -> Outcome | None:
    """The cut with the best ratio of change in accuracy to gain (arXiv 1905.02244, 4.2), or of the highest accuracy.

    Equal ones are ranked by cost, the cheapest first. None where none completed within the limits.
    """

    def rank(each: tuple[float, float]) -> tuple[float, float]:
        value, cost = each
        if rule == "accuracy" or present.point is None:
            return value, -cost
        return (value - present.point[0]) / (present.point[1] - cost), -cost

    dearest = math.inf if present.point is None else present.point[1]
    tried = [(each.point, each) for each in cuts if each.point is not None and each.point[1] < dearest]
    return max(tried, key=lambda pair: rank(pair[0]))[1] if tried else None


def family(winners: Sequence[Outcome], seed_cost: float, size: int) -> list[Outcome]:
    """Up to `size` of the winners, evenly spaced in cost between the seed's and the last one's, the last included."""
    if not winners:
        return []
    costs = [each.point[1] if each.point is not None else math.inf for each in winners]
    wanted = [seed_cost + (costs[-1] - seed_cost) * part / size for part in range(1, size)]
    nearest = {min(range(len(costs)), key=lambda i: abs(costs[i] - cost)) for cost in wanted}
    return [winners[i] for i in sorted(nearest | {len(winners) - 1})]
