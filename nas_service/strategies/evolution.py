"""Aging evolution (arXiv 1802.01548), asynchronous: a slot never waits for a generation to end."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

from pydantic import Field, model_validator

from .base import Context, Outcome, Proposal, State, Strategy, StrategyOptions


class EvolutionOptions(StrategyOptions):
    """`population` members live at once, the oldest dies; a parent is the best of `sample`, drawn without replacement.

    The population is rewritten with every result, which bounds its size.
    """

    population: Annotated[int, Field(ge=2, le=10_000)] = 24
    sample: Annotated[int, Field(ge=1, le=10_000)] = 8

    @model_validator(mode="after")
    def _sample_fits(self) -> EvolutionOptions:
        if self.sample > self.population:
            raise ValueError(f"sample {self.sample} cannot be larger than population {self.population}")
        return self


class Evolution(Strategy):
    """Random proposals until the population is full, then children of tournament winners, one mutation each.

    Every outcome with a reward joins the population, a reused one too; the oldest member leaves.
    """

    name: ClassVar[str] = "evolution"
    summary: ClassVar[str] = "aging evolution: the best of a tournament is mutated, the oldest dies"
    Options: ClassVar[type[StrategyOptions]] = EvolutionOptions
    options: EvolutionOptions

    def __init__(self, space: Any, options: EvolutionOptions, seed: int) -> None:
        super().__init__(space, options, seed)
        self._population: deque[Outcome] = deque(maxlen=options.population)

    def ask(self, n: int, context: Context) -> list[Proposal]:  # noqa: ARG002
        return [self._propose() for _ in range(n)]

    def tell(self, outcomes: Sequence[Outcome]) -> None:
        self._population.extend(outcome for outcome in outcomes if outcome.reward is not None)

    def memory(self) -> dict[str, Any]:
        return {"population": [member.number for member in self._population]}

    def remember(self, state: State, context: Context) -> None:
        self._population.clear()
        self._population.extend(context.outcomes(state.data["population"]))

    def _propose(self) -> Proposal:
        if len(self._population) < self.options.population:
            return Proposal(self.space.sample(self.rng))
        drawn = self.rng.choice(len(self._population), self.options.sample, replace=False)
        parent = max((self._population[i] for i in sorted(drawn)), key=_fitness)
        return Proposal(self.space.mutate(parent.genotype, self.rng), parents=(parent.number,))


def _fitness(member: Outcome) -> float:
    return member.reward if member.reward is not None else float("-inf")
