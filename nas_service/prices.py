"""What a search can say of a genotype before anything is trained (`strategies.Prices`)."""

from __future__ import annotations

from collections.abc import Mapping

from search_spaces import Genotype

from .search import Search


class Prices:
    """Costs and limits by genotype."""

    def __init__(self, search: Search) -> None:
        self.search = search

    @property
    def cost_name(self) -> str:
        return self.search.objective.spec.cost

    @property
    def limits(self) -> Mapping[str, float]:
        return self.search.objective.spec.limits

    def costs(self, genotype: Genotype) -> Mapping[str, float]:
        return self.search.costs(self.search.bound.architecture(genotype))

    def feasible(self, genotype: Genotype) -> bool:
        return self.search.objective.violation(self.costs(genotype)) is None
