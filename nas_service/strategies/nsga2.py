"""NSGA-II (doi 10.1109/4235.996017) over the two axes of the job's front, with steady state.

A child joins as soon as its outcome is there and the last in rank leaves, so that a slot never waits for a generation
to end; `population` children are as much work as one generation. Constraints are handled by constrained domination:
what meets every limit ranks before what does not, and of the latter the smaller violation ranks first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

from pydantic import Field

from search_spaces import Genotype
from search_spaces.choice_space import ChoiceSpace
from workers.requests import Fidelity

from .base import Context, Outcome, Prices, Proposal, State, Strategy, StrategyOptions
from .population import refuse_unbred
from .ranking import constrained_order

NOVELTY_ATTEMPTS = 8  # mutations of a child that equals a living member


class Nsga2Options(StrategyOptions):
    """`population` members live at once, at first random ones; 16 are bred for five generations within 100 trials.

    Each parent is the best of `tournament` members, drawn with replacement. With probability `crossover` a child takes
    every choice from one of two parents, otherwise it is a copy of one; with probability `mutation` one choice changes.
    With `inherit` it starts from the weights of its first parent wherever their shapes fit.
    """

    population: Annotated[int, Field(ge=2, le=2000)] = 16
    tournament: Annotated[int, Field(ge=1, le=2000)] = 2
    crossover: Annotated[float, Field(ge=0, le=1)] = 0.9
    mutation: Annotated[float, Field(ge=0, le=1)] = 0.5
    inherit: bool = False


class Nsga2(Strategy):
    """Random proposals until the population is full, then children of members that won tournaments.

    An architecture lives once: a child that equals a member is mutated again, and an outcome that repeats a member
    does not join. Trials that failed or were stopped teach nothing.
    """

    name: ClassVar[str] = "nsga2"
    summary: ClassVar[str] = "NSGA-II: evolves the whole front of value against cost, limits by constrained domination"
    Options: ClassVar[type[StrategyOptions]] = Nsga2Options
    needs: ClassVar[type[Any]] = ChoiceSpace
    options: Nsga2Options
    space: ChoiceSpace

    def __init__(self, space: ChoiceSpace, options: Nsga2Options, seed: int) -> None:
        super().__init__(space, options, seed)
        self._members: dict[str, Outcome] = {}  # by architecture, best first

    def check(self, trials: int, full: Fidelity, prices: Prices) -> None:  # noqa: ARG002
        refuse_unbred(self.name, self.options.population, trials)

    def ask(self, n: int, context: Context) -> list[Proposal]:  # noqa: ARG002
        return [self._propose() for _ in range(n)]

    def tell(self, outcomes: Sequence[Outcome]) -> None:
        known = len(self._members)
        for outcome in outcomes:
            if outcome.point is not None or outcome.violation:
                self._members.setdefault(self._hash(outcome.genotype), outcome)
        if len(self._members) > known:
            ranked = constrained_order(list(self._members.values()))[: self.options.population]
            living = list(self._members.items())
            self._members = dict(living[place] for place in ranked)

    def memory(self) -> dict[str, Any]:
        return {"population": [member.number for member in self._members.values()]}

    def remember(self, state: State, context: Context) -> None:
        members = context.outcomes(state.data["population"])
        self._members = {self._hash(member.genotype): member for member in members}

    def _propose(self) -> Proposal:
        if len(self._members) < self.options.population:
            return Proposal(self.space.sample(self.rng))
        genotype, parents = self._child()
        for _ in range(NOVELTY_ATTEMPTS):
            if self._hash(genotype) not in self._members:
                break
            genotype = self.space.mutate(genotype, self.rng)
        numbers = tuple(dict.fromkeys(parent.number for parent in parents))
        return Proposal(genotype, numbers, weights_of=numbers[0] if self.options.inherit else None)

    def _child(self) -> tuple[Genotype, list[Outcome]]:
        """A genotype and its parents, one or two."""
        parents = [self._tournament()]
        genotype = parents[0].genotype
        if self.rng.random() < self.options.crossover:
            parents.append(self._tournament())
            genotype = self.space.crossover(genotype, parents[1].genotype, self.rng)
        if self.rng.random() < self.options.mutation:
            genotype = self.space.mutate(genotype, self.rng)
        return genotype, parents

    def _tournament(self) -> Outcome:
        members = list(self._members.values())
        return members[min(int(self.rng.integers(len(members))) for _ in range(self.options.tournament))]

    def _hash(self, genotype: Genotype) -> str:
        return self.space.architecture(genotype).hash
