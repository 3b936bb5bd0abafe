"""Evolution by tournament and mutation, asynchronous: a slot never waits for a generation to end.

Where the oldest member makes room it is aging evolution (arXiv 1802.01548); where the worst does, it is the search of
Tiny Video Networks (arXiv 1910.06961), which keeps the best networks for as long as they are the best. A job that is
after its front ranks by non-dominated fronts, the roomiest of a front first, in tournaments as in who has to leave.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from workers.requests import Fidelity

from .base import Context, Outcome, Prices, Proposal, State, Strategy, StrategyOptions
from .population import refuse_unbred
from .ranking import best_first


class EvolutionOptions(StrategyOptions):
    """`population` members live at once; a parent is the best of `sample` of them, drawn without replacement.

    `removes` says who makes room for a new member: the `oldest`, or the `worst` and of equally bad ones the oldest.
    Where the worst does, no network lives twice: copies of the best would fill the population for good. It is
    rewritten with every result, which bounds its size. With `inherit` a child starts from the weights of its parent
    wherever their shapes fit, and a network that is proposed again is trained again.
    """

    population: Annotated[int, Field(ge=2, le=10_000)] = 24
    sample: Annotated[int, Field(ge=1, le=10_000)] = 8
    removes: Literal["oldest", "worst"] = "oldest"
    inherit: bool = False

    @model_validator(mode="after")
    def _sample_fits(self) -> EvolutionOptions:
        if self.sample > self.population:
            raise ValueError(f"sample {self.sample} cannot be larger than population {self.population}")
        return self


class Evolution(Strategy):
    """Random proposals until the population is full, then children of tournament winners, one mutation each.

    Every outcome with a reward joins the population, as a rule a reused one too; one member leaves for it.
    """

    name: ClassVar[str] = "evolution"
    summary: ClassVar[str] = "evolution: the best of a tournament is mutated, the oldest (or the worst) dies"
    Options: ClassVar[type[StrategyOptions]] = EvolutionOptions
    options: EvolutionOptions

    def __init__(self, space: Any, options: EvolutionOptions, seed: int) -> None:
        super().__init__(space, options, seed)
        self._population: list[Outcome] = []  # in the order in which they came
        self._front = False  # whether the job is after its front

    def check(self, trials: int, full: Fidelity, prices: Prices) -> None:  # noqa: ARG002
        """The population that nobody asked for is no reason to refuse a small budget."""
        if self.options.population != EvolutionOptions().population:
            refuse_unbred(self.name, self.options.population, trials)

    def ask(self, n: int, context: Context) -> list[Proposal]:
        self._front = context.wants_front
        return [self._propose() for _ in range(n)]

    def tell(self, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            if outcome.reward is not None and not self._is_copy(outcome):
                self._population.append(outcome)
                if len(self._population) > self.options.population:
                    self._remove()

    def memory(self) -> dict[str, Any]:
        return {"population": [member.number for member in self._population]}

    def remember(self, state: State, context: Context) -> None:
        self._population = context.outcomes(state.data["population"])
        self._front = context.wants_front

    def _propose(self) -> Proposal:
        if len(self._population) < self.options.population:
            return Proposal(self.space.sample(self.rng))
        places = sorted(self.rng.choice(len(self._population), self.options.sample, replace=False))
        drawn = [self._population[place] for place in places]
        parent = drawn[self._ranked(drawn)[0]]
        child = self.space.mutate(parent.genotype, self.rng)
        return Proposal(child, parents=(parent.number,), weights_of=parent.number if self.options.inherit else None)

    def _is_copy(self, outcome: Outcome) -> bool:
        """Whether the same network lives already, where that keeps it from joining."""
        if self.options.removes == "oldest" or outcome.status != "reused":
            return False
        return self._hash(outcome) in map(self._hash, self._population)

    def _hash(self, member: Outcome) -> str:
        return self.space.architecture(member.genotype).hash

    def _remove(self) -> None:
        if self.options.removes == "oldest":
            del self._population[0]
        else:
            youngest_first = self._population[::-1]  # of equally bad ones the last in rank is then the oldest
            del self._population[-1 - self._ranked(youngest_first)[-1]]

    def _ranked(self, members: Sequence[Outcome]) -> list[int]:
        return best_first(members, front=self._front)
