"""A warm start: a search begins with networks from elsewhere, those of earlier jobs say, and learns from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nas_service.errors import InvalidSpec
from search_spaces import Genotype

from .base import Context, Proposal, State, Strategy
from .composite import Composite, marked


class WarmStart(Composite):
    """First the given networks, in their order; from then on the search, to which they are its own proposals."""

    def __init__(self, search: Strategy, genotypes: Sequence[Genotype]) -> None:
        super().__init__(search.space, {"search": search}, seed=0)
        self._genotypes = list(genotypes)
        self._begun = 0  # so many of them were proposed

    def check_budget(self, trials: int) -> None:
        given, most = len(self._genotypes), min(trials, self.main.room or trials)
        if given > most:
            why = f"has {trials} trials" if most == trials else f"can begin with {most}, the population of its strategy"
            raise InvalidSpec(
                f"these are {given} networks to begin with, and the search {why}; lower warm_start.top, give fewer "
                f"warm_start.genotypes, or raise {'budget.trials' if most == trials else 'strategy.population'}",
                "warm_start",
            )
        super().check_budget(trials)

    def ask(self, n: int, context: Context) -> list[Proposal]:
        given = self._genotypes[self._begun : self._begun + n]
        if not given:
            return self.ask_part("search", n, context)
        self._begun += len(given)
        return marked("search", self.main.begin_with(given, self.view("search", context)))

    def memory(self) -> dict[str, Any]:
        return {"begun": self._begun}

    def remember(self, state: State, context: Context) -> None:  # noqa: ARG002
        self._begun = state.data["begun"]
