"""Spaces whose networks can be cut to widths that no option offers, which is what NetAdapt does (arXiv 1804.03230).

A cut changes one width and nothing else: every other width stays, no layer goes, no skip connection comes or goes. So
the trained weights of a network are those of its cut, less some channels.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator

from numpy.random import Generator

from .architecture import Architecture
from .space import BoundSpace, Genotype

STEP = 8  # channels; runtimes work on blocks of so many, and 7 may take longer than 8
KEPT = 0.5  # share of the widths that `Narrowed` leaves as they are

Cost = Callable[[Genotype], float]


class NarrowableSpace(BoundSpace):
    """A space that names the widths of its networks and can change one of them.

    >>> for name, cut in space.narrowings(genotype, cost=lambda g: space.architecture(g).macs, min_gain=1e6): ...
    """

    @abstractmethod
    def widths(self, genotype: Genotype) -> dict[str, int]:
        """The widths of this network that can be cut, by name, in channels.

        What adds to one another through skip connections is one width.
        """

    @abstractmethod
    def with_width(self, genotype: Genotype, name: str, channels: int) -> Genotype:
        """The network with another number of channels for one of its `widths`; all others keep theirs."""

    def narrowings(
        self, genotype: Genotype, cost: Cost, min_gain: float, step: int = STEP
    ) -> Iterator[tuple[str, Genotype]]:
        """For every width the widest cut that lowers the cost by `min_gain` or more: the width's name, and the network.

        Cut widths are multiples of `step` channels. A width of which no cut gains so much is left out.
        """
        most, before = cost(genotype) - min_gain, families(self.architecture(genotype))
        for name, channels in self.widths(genotype).items():
            for fewer in narrower(channels, step):
                cut = self.with_width(genotype, name, fewer)
                if cost(cut) <= most and families(self.architecture(cut)) == before:
                    yield name, cut
                    break


class Narrowed(BoundSpace):
    """Samples of a space, or copies of one network, at random widths: what a latency table has to know to price cuts.

    Children are those of the space itself.
    """

    def __init__(self, space: NarrowableSpace, genotype: Genotype | None = None, step: int = STEP) -> None:
        self.signature = space.signature
        self._space = space
        self._genotype = genotype
        self._step = step

    def sample(self, rng: Generator) -> Genotype:
        genotype = self._space.sample(rng) if self._genotype is None else self._genotype
        before = families(self.architecture(genotype))
        for name, channels in self._space.widths(genotype).items():
            fewer = list(narrower(channels, self._step))
            if fewer and rng.random() >= KEPT:
                cut = self._space.with_width(genotype, name, fewer[int(rng.integers(len(fewer)))])
                genotype = cut if families(self.architecture(cut)) == before else genotype
        return genotype

    def mutate(self, genotype: Genotype, rng: Generator) -> Genotype:
        return self._space.mutate(genotype, rng)

    def crossover(self, a: Genotype, b: Genotype, rng: Generator) -> Genotype:
        return self._space.crossover(a, b, rng)

    def architecture(self, genotype: Genotype) -> Architecture:
        return self._space.architecture(genotype)


def families(architecture: Architecture) -> list[str]:
    """What a network is but for its widths."""
    return [op.family for op in architecture.ops]


def narrower(channels: int, step: int) -> range:
    """Multiples of `step` below `channels`, the widest first."""
    return range((channels - 1) // step * step, 0, -step)
