"""What a search has been choosing as it went on: choices by their options, and numbers where there are no choices.

The columns are stretches of the search's own trials: generations where its strategy has them, or so many trials. A
network counts once a column.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from search_spaces import BoundSpace, SpaceError
from search_spaces.choice_space import ChoiceSpace
from search_spaces.space import Genotype

from .activity import Activity
from .store.searched import Tried

Counts = NDArray[np.intp]
By = Literal["generation", "population", "trials"]
STRETCHES = 20  # of a whole budget, where a strategy knows no generations
FEWEST = 5  # trials of a stretch: shares of less say little


class Columns(NamedTuple):
    """The column of each trial, how many there are, and what they are: `size` generations, populations or trials."""

    by: By
    size: int
    of: Counts
    number: int
    generations: list[int]  # the first one of each, where the strategy has generations


@dataclass(frozen=True)
class Gene:
    """A choice: its options, and the networks of each column that have which, (columns, options)."""

    name: str
    values: tuple[Any, ...]
    counts: Counts


@dataclass(frozen=True)
class Trait:
    """A number that networks have: least, mean and most in each column, None where none has it."""

    name: str
    least: list[float | None]
    mean: list[float | None]
    most: list[float | None]


@dataclass(frozen=True)
class Choices:
    """`first` and `last` are the trials of each column, from 1, `networks` the different ones among them."""

    columns: Columns
    first: list[int]
    last: list[int]
    networks: list[int]
    fixed: int
    genes: list[Gene]
    traits: list[Trait]


@dataclass
class _Read:
    """Trials in the order of proposing: numbers of candidates, generations, indices of options, numbers by name."""

    space: BoundSpace
    candidates: list[int] = field(default_factory=list)
    generations: list[int] = field(default_factory=list)
    generational: bool = False  # whether any token names one
    blocks: list[NDArray[Any]] = field(default_factory=list)
    traits: dict[str, tuple[list[int], list[float]]] = field(default_factory=dict)

    def take(self, rows: Sequence[Tried]) -> None:
        for row in rows:
            numbers = _numbers(self.space, row.genotype)
            for name, value in numbers.items():
                places, values = self.traits.setdefault(name, ([], []))
                places.append(len(self.candidates))
                values.append(value)
            self.candidates.append(row.candidate_number)
            self._note(generation(row.token))
        if rows and isinstance(self.space, ChoiceSpace):
            self.blocks.append(_block(self.space, [row.genotype for row in rows]))

    def _note(self, own: int | None) -> None:
        """Where a part of the strategy that has no generations proposed something, the latest goes on."""
        latest = self.generations[-1] if self.generations else 0
        self.generations.append(latest if own is None else own)
        self.generational = self.generational or own is not None


def choices(
    space: BoundSpace, batches: Iterable[Sequence[Tried]], *, budget: int, population: int | None, most: int
) -> Choices:
    """In at most `most` columns, laid out for so many trials that those there are stay where they are.

    `population` is that of the strategy, if it has one; generations of its own stand in the tokens. Raises SpaceError
    for genotypes that the space does not know.
    """
    read = _Read(space)
    for rows in batches:
        read.take(rows)
    columns = _columns(read, max(budget, len(read.candidates)), population, most)
    first, last = _ends(columns)
    distinct = _distinct(columns.of, np.array(read.candidates, dtype=np.intp))
    networks = np.bincount(columns.of[distinct], minlength=columns.number).tolist()
    genes = _genes(space, read, columns, distinct) if isinstance(space, ChoiceSpace) else []
    fixed = len(space.positions) - len(genes) if isinstance(space, ChoiceSpace) else 0
    return Choices(columns, first, last, networks, fixed, genes, _traits(read, columns, distinct))


def generation(token: Any) -> int | None:
    """The generation that a strategy has noted in a proposal's token, however many others wrapped it."""
    while isinstance(token, dict):
        if isinstance(own := token.get("generation"), int):
            return own
        token = token.get("token")
    return None


def _numbers(space: BoundSpace, genotype: Genotype) -> dict[str, float]:
    return {**space.explicit_widths(genotype)} if isinstance(space, ChoiceSpace) else space.traits(genotype)


def _block(space: ChoiceSpace, genotypes: Sequence[Genotype]) -> NDArray[Any]:
    """Indices of options, (genotypes, positions), in as few bytes as they need."""
    try:
        block = np.array([genotype["choices"] for genotype in genotypes], dtype=np.int64)
        fits = block.shape == (len(genotypes), len(space.choices)) and (block >= 0).all()
        fits = fits and (block < np.array(space.choices)).all()
    except (KeyError, TypeError, ValueError):
        fits = False
    if not fits:
        for genotype in genotypes:
            space.decode(genotype)
        raise SpaceError("there are genotypes that this space does not know", "genotype.choices")
    return block.astype(np.min_scalar_type(max(space.choices, default=0)))


def _columns(read: _Read, trials: int, population: int | None, most: int) -> Columns:
    """`trials` are those of the whole search, as far as is known."""
    places = np.arange(len(read.candidates), dtype=np.intp)
    if read.generational:
        generations = np.array(read.generations, dtype=np.intp)
        size = -(-(int(generations.max()) + 1) // most)
        own, of = np.unique(generations // size, return_inverse=True)
        return Columns("generation", size, of.astype(np.intp), len(own), (own * size).tolist())
    if population is not None:
        size = -(-trials // (population * most))
        return _stretches("population", size, places // (size * population))
    size = max(FEWEST, _round(-(-trials // min(STRETCHES, most))))
    return _stretches("trials", size, places // size)


def _stretches(by: By, size: int, of: Counts) -> Columns:
    return Columns(by, size, of, int(of[-1]) + 1 if len(of) else 0, [])


def _round(number: int) -> int:
    """The next one of 1, 2, 5, 10, 20, 50, ..."""
    power = 1
    while True:
        for step in (1, 2, 5):
            if step * power >= number:
                return step * power
        power *= 10


def _ends(columns: Columns) -> tuple[list[int], list[int]]:
    places = np.arange(1, len(columns.of) + 1)
    first, last = np.full(columns.number, len(places) + 1), np.zeros(columns.number, dtype=np.intp)
    np.minimum.at(first, columns.of, places)
    np.maximum.at(last, columns.of, places)
    return first.tolist(), last.tolist()


def _distinct(columns: Counts, candidates: Counts) -> Counts:
    """Positions of the first trial of each network in each column."""
    if not len(columns):
        return columns
    _, first = np.unique(columns * (candidates.max() + 1) + candidates, return_index=True)
    return np.sort(first)


def _genes(space: ChoiceSpace, read: _Read, columns: Columns, distinct: Counts) -> list[Gene]:
    nothing = np.zeros((0, len(space.positions)), dtype=np.uint8)
    chosen = np.concatenate(read.blocks or [nothing])[distinct]
    column, activity = columns.of[distinct], Activity(space, chosen)
    genes = []
    for place, position in enumerate(space.positions):
        if (size := len(position.options)) < 2:
            continue
        counted = activity.of(place)
        counted[np.isin(distinct, read.traits.get(position.name, ([], []))[0])] = False  # a width of its own
        cells = column[counted] * size + chosen[counted, place]
        counts = np.bincount(cells, minlength=columns.number * size).reshape(columns.number, size)
        genes.append(Gene(position.name, position.options, counts))
    return genes


def _traits(read: _Read, columns: Columns, distinct: Counts) -> list[Trait]:
    wanted = np.zeros(len(columns.of), dtype=bool)
    wanted[distinct] = True
    told = read.traits.items()
    return [_trait(name, np.array(places), np.array(values), wanted, columns) for name, (places, values) in told]


def _trait(name: str, places: Counts, values: NDArray[Any], wanted: NDArray[np.bool_], columns: Columns) -> Trait:
    kept = wanted[places]
    column, value = columns.of[places[kept]], values[kept].astype(np.float64)
    number = np.bincount(column, minlength=columns.number)
    mean = np.bincount(column, value, minlength=columns.number) / np.maximum(number, 1)
    least, most = np.full(columns.number, np.inf), np.full(columns.number, -np.inf)
    np.minimum.at(least, column, value)
    np.maximum.at(most, column, value)
    told = [[one if n else None for one, n in zip(each.tolist(), number, strict=True)] for each in (least, mean, most)]
    return Trait(name, *told)
