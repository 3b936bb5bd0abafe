"""Random search: the control that every other strategy has to beat at equal cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from .base import Context, Outcome, Proposal, Strategy


class RandomSearch(Strategy):
    """Independent samples of the space; learns nothing."""

    name: ClassVar[str] = "random"
    summary: ClassVar[str] = "independent samples; the control for every other strategy"

    def ask(self, n: int, context: Context) -> list[Proposal]:  # noqa: ARG002
        return [Proposal(genotype) for genotype in self.space.samples(self.rng, n)]

    def tell(self, outcomes: Sequence[Outcome]) -> None:
        """Nothing to learn."""
