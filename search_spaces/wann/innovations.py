"""The counters of a search that name new nodes and new connections, so that equal numbers mean equal origin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Self

from .genome import Genome


@dataclass
class Innovations:
    """The next node id and the next innovation number. A strategy keeps one for the whole search.

    >>> innovations = Innovations.initial(inputs=5, outputs=1)
    >>> child = space.mutate(parent, rng, innovations)
    >>> state = innovations.to_json()
    """

    next_node: int
    next_innovation: int

    @classmethod
    def initial(cls, inputs: int, outputs: int) -> Self:
        """What follows an initial population: its nodes and the grid from bias and inputs to outputs have numbers."""
        return cls(1 + inputs + outputs, (1 + inputs) * outputs)

    @classmethod
    def after(cls, genome: Genome) -> Self:
        """What follows the largest numbers of this genome."""
        last = genome.innovations[-1] if genome.innovations else 0
        hidden = genome.hidden[-1] if genome.hidden else 0
        return cls(max(genome.first_hidden, hidden + 1), max(genome.grid, last + 1))

    def skip(self, genome: Genome) -> None:
        """Go on behind the numbers of this genome too."""
        after = self.after(genome)
        self.next_node = max(self.next_node, after.next_node)
        self.next_innovation = max(self.next_innovation, after.next_innovation)

    @classmethod
    def from_json(cls, data: Mapping[str, int]) -> Self:
        return cls(data["next_node"], data["next_innovation"])

    def to_json(self) -> dict[str, int]:
        return asdict(self)

    def node(self) -> int:
        """A new node id."""
        self.next_node += 1
        return self.next_node - 1

    def connection(self) -> int:
        """A new innovation number."""
        self.next_innovation += 1
        return self.next_innovation - 1
