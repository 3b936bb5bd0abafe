"""What a strategy may look up, without a database: the proposals and outcomes of one search, numbered as they came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from nas_service.strategies import Outcome, Proposal
from search_spaces import BoundSpace, Genotype


class Past:
    """A `strategies.Context` over two lists. A test adds to them, and says what else it needs to be different."""

    wants_front: bool = False
    cost_name: str = "params"
    limits: ClassVar[dict[str, float]] = {}
    trials_left: int = 1_000_000
    fruitless: int = 0

    def __init__(self, space: BoundSpace) -> None:
        self.space = space
        self.asked: list[Proposal] = []
        self.told: dict[int, Outcome] = {}

    @property
    def next_number(self) -> int:
        return len(self.asked)

    def costs(self, genotype: Genotype) -> Mapping[str, float]:
        architecture = self.space.architecture(genotype)
        return {"params": architecture.params, "macs": architecture.macs}

    def feasible(self, genotype: Genotype) -> bool:
        return all(cost <= self.limits.get(name, cost) for name, cost in self.costs(genotype).items())

    def outcomes(self, numbers: Sequence[int]) -> list[Outcome]:
        return [self.told[number] for number in numbers if number in self.told]

    def awaited(self) -> dict[int, Proposal]:
        return {number: each for number, each in enumerate(self.asked) if number not in self.told}

    def best(self) -> Outcome | None:
        full = [each for each in self.told.values() if each.point is not None]
        return max(full, key=lambda each: each.reward or 0.0, default=None)

    def has_weights(self, number: int) -> bool:
        return number in self.told
