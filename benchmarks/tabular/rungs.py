"""Early stopping on a table that has the accuracy after every epoch of each training."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from nas_service.strategies import Proposal

from .world import ACCURACY, Metrics, World


@dataclass
class RungWorld(World):
    """A job whose trials may be beginnings of a whole training; one that goes on costs the epochs that it adds.

    `curves` has the accuracies after each epoch by hash. A search ends after `epochs` of them in all.
    """

    curves: Mapping[str, Sequence[float]] = field(default_factory=dict)
    epochs: int = 0

    @property
    def goes_on(self) -> bool:
        return super().goes_on and self.spent < self.epochs

    def trial(self, proposal: Proposal) -> tuple[str, int]:
        key = self.hash(proposal.genotype)
        return key, proposal.fidelity.epochs if proposal.fidelity else len(self.curves[key])

    def result(self, trial: tuple[str, int]) -> Metrics:
        key, epochs = trial
        return {**self.metrics[key], ACCURACY: self.curves[key][epochs - 1]}

    @property
    def spent(self) -> int:
        reached: dict[str, int] = defaultdict(int)
        for key, epochs in self.trained:
            reached[key] = max(reached[key], epochs)
        return sum(reached.values())

    @property
    def whole(self) -> list[tuple[int, str]]:
        """The networks that were trained to the end, in this order, each with the epochs spent by then on all."""
        spent, reached, found = 0, defaultdict(int), []
        for key, epochs in self.trained:
            spent += epochs - reached[key]
            reached[key] = epochs
            if epochs == len(self.curves[key]):
                found.append((spent, key))
        return found
