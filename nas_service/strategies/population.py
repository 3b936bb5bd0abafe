"""What strategies that breed have in common: a population that has to be full before anything is bred."""

from __future__ import annotations

from nas_service.errors import InvalidSpec

SMALLEST = 2
GENERATIONS = 6  # that a budget should have room for, the random one included


def refuse_unbred(strategy: str, population: int, trials: int) -> None:
    """Raises InvalidSpec for a budget that ends before the population is full."""
    if population > max(SMALLEST, trials):
        raise InvalidSpec(
            f"the first {population} proposals of {strategy!r} are random, so with {trials} trials nothing would be "
            f"bred; choose a population of at most {max(SMALLEST, trials // GENERATIONS)}, which leaves room for five "
            "generations, or raise budget.trials",
            "strategy.population",
        )
