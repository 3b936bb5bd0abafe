"""Which choices matter in which networks of a choice space, for very many networks at once.

A space says so of one network at a time. Here it is asked once for each combination of the choices that it reads for
its answer: of 200,000 networks there are some dozens of these.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search_spaces.choice_space import ChoiceSpace, Position

Indices = NDArray[np.integer[Any]]
Flags = NDArray[np.bool_]
TABLE = 1 << 16  # combinations up to which a table is quicker than sorting


class Activity:
    """Over the choices of many networks, (networks, positions), as indices of options."""

    def __init__(self, space: ChoiceSpace, choices: Indices) -> None:
        self._space = space
        self._choices = choices
        self._places = {position.name: place for place, position in enumerate(space.positions)}

    def of(self, place: int) -> Flags:
        """Whether the choice at a position matters, for each network."""
        read: list[int] = []
        while True:
            group, representatives = self._alike(read)
            verdicts, more = self._asked(place, representatives)
            unknown = sorted(more - set(read))
            if not unknown:
                return verdicts[group]
            read += unknown

    def _asked(self, place: int, networks: Sequence[int]) -> tuple[Flags, set[int]]:
        """What the space says of some networks, and the positions that it has read for that."""
        name = self._space.positions[place].name
        read: set[int] = set()
        verdicts = []
        for network in networks:
            chosen = _Chosen(self._space.positions, self._places, self._choices[network], read)
            verdicts.append(self._space.is_active(name, chosen))
        return np.array(verdicts, dtype=bool), read

    def _alike(self, read: Sequence[int]) -> tuple[Indices, list[int]]:
        """Groups of networks that have the same choices at these positions: the group of each, and one of each."""
        sizes = [len(self._space.positions[place].options) for place in read]
        if math.prod(sizes) > TABLE:
            _, first, group = np.unique(self._choices[:, read], axis=0, return_index=True, return_inverse=True)
            return group.reshape(-1), first.tolist()
        codes = np.zeros(len(self._choices), dtype=np.intp)
        for place, size in zip(read, sizes, strict=True):
            codes = codes * size + self._choices[:, place]
        example = np.full(math.prod(sizes), -1, dtype=np.intp)
        example[codes] = np.arange(len(codes))
        there = np.flatnonzero(example >= 0)
        numbers = np.empty_like(example)
        numbers[there] = np.arange(len(there))
        return numbers[codes], example[there].tolist()


class _Chosen(Mapping[str, Any]):
    """The chosen options of a network by name, which notes which of them are looked at."""

    def __init__(
        self, positions: Sequence[Position], places: Mapping[str, int], network: Indices, read: set[int]
    ) -> None:
        self._positions = positions
        self._places = places
        self._network = network
        self._read = read

    def __getitem__(self, name: str) -> Any:
        place = self._places[name]
        self._read.add(place)
        return self._positions[place].options[self._network[place]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)
