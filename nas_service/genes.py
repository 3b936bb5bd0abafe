"""What a search has been choosing as it went on: choices by their options, and numbers where there are no choices.

The columns are stretches of the search's own trials: generations where its strategy has them, or so many trials. A
network counts once a column.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from search_spaces import BoundSpace, SpaceError
from search_spaces.choice_space import ChoiceSpace
from search_spaces.space import Genotype

from .activity import Activity
from .store import searched
from .store.searched import Tried

Counts = NDArray[np.intp]
By = Literal["generation", "population", "trials"]
STRETCHES = 16  # columns at most, where a strategy knows no generations
NONE: Final[Mapping[str, float]] = MappingProxyType({})
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


class Tries:
    """Trials of a search in the order of proposing, as far as they were read."""

    def __init__(self, space: BoundSpace) -> None:
        self.space = space
        self.traits: dict[str, tuple[array[int], array[float]]] = {}  # by name: which trials have it, and what it is
        self.generational = False  # whether any token names a generation
        self._next = 0  # proposal
        self._candidates, self._generations = array("q"), array("q")
        self._blocks: list[NDArray[Any]] = []  # of indices of options, (trials, positions)

    def __len__(self) -> int:
        return len(self._candidates)

    @property
    def candidates(self) -> Counts:
        """The number of the candidate of each."""
        return np.array(self._candidates, dtype=np.intp)

    @property
    def generations(self) -> Counts:
        """That of each; where a part of the strategy that has none proposed something, the latest goes on."""
        return np.array(self._generations, dtype=np.intp)

    @property
    def chosen(self) -> NDArray[Any]:
        """Indices of options, (trials, positions), of a space of choices."""
        if len(self._blocks) != 1:
            positions = len(self.space.positions) if isinstance(self.space, ChoiceSpace) else 0
            self._blocks = [np.concatenate([np.zeros((0, positions), dtype=np.uint8), *self._blocks])]
        return self._blocks[0]

    def look(self, conn: Connection, job_id: str) -> None:
        """Take in what is new. Raises SpaceError for genotypes that the space does not know; then begin anew."""
        tokens = self.generational or (not len(self) and generation(searched.first_token(conn, job_id)) is not None)
        for rows in searched.tried(conn, job_id, self._next, tokens=tokens):
            self.take(rows)

    def take(self, rows: Sequence[Tried]) -> None:
        if not rows:
            return
        space = self.space
        if isinstance(space, ChoiceSpace):
            self._blocks.append(_block(space, [row.genotype for row in rows]))
            numbers: Callable[[Genotype], Mapping[str, float]] = partial(_widths, space)
        else:
            numbers = space.traits
        for place, row in enumerate(rows, len(self)):
            for name, value in numbers(row.genotype).items():
                places, values = self.traits.setdefault(name, (array("q"), array("d")))
                places.append(place)
                values.append(value)
        latest = self._generations[-1] if self._generations else 0
        for row in rows:
            if (own := generation(row.token)) is not None:
                self.generational, latest = True, own
            self._generations.append(latest)
        self._candidates.extend(row.candidate_number for row in rows)
        self._next = rows[-1].number + 1


def choices(tries: Tries, *, population: int | None, most: int) -> Choices:
    """In at most `most` columns. There is room for all trials so far: where it is used up, two columns become one.

    `population` is that of the strategy, if it has one; generations of its own stand in the tokens.
    """
    space = tries.space
    columns = _columns(tries, population, most)
    first, last = _ends(columns)
    distinct = _distinct(columns.of, tries.candidates)
    networks = np.bincount(columns.of[distinct], minlength=columns.number).tolist()
    genes = _genes(space, tries, columns, distinct) if isinstance(space, ChoiceSpace) else []
    fixed = len(space.positions) - len(genes) if isinstance(space, ChoiceSpace) else 0
    return Choices(columns, first, last, networks, fixed, genes, _traits(tries, columns, distinct))


def generation(token: Any) -> int | None:
    """The generation that a strategy has noted in a proposal's token, however many others wrapped it."""
    while isinstance(token, dict):
        if isinstance(own := token.get("generation"), int):
            return own
        token = token.get("token")
    return None


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


def _widths(space: ChoiceSpace, genotype: Genotype) -> Mapping[str, float]:
    return space.explicit_widths(genotype) if "widths" in genotype else NONE


def _columns(tries: Tries, population: int | None, most: int) -> Columns:
    places = np.arange(len(tries), dtype=np.intp)
    if tries.generational:
        generations = tries.generations
        size = _doubled(1, int(generations.max()) + 1, most)
        own, of = np.unique(generations // size, return_inverse=True)
        return Columns("generation", size, of.astype(np.intp), len(own), (own * size).tolist())
    if population is not None:
        size = _doubled(1, -(-len(places) // population), most)
        return _stretches("population", size, places // (size * population))
    size = _doubled(FEWEST, len(places), min(STRETCHES, most))
    return _stretches("trials", size, places // size)


def _stretches(by: By, size: int, of: Counts) -> Columns:
    return Columns(by, size, of, int(of[-1]) + 1 if len(of) else 0, [])


def _doubled(size: int, things: int, most: int) -> int:
    """A size, doubled until so many columns at most hold all things."""
    while size * most < things:
        size *= 2
    return size


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


def _genes(space: ChoiceSpace, tries: Tries, columns: Columns, distinct: Counts) -> list[Gene]:
    chosen = tries.chosen[distinct]
    column, activity = columns.of[distinct], Activity(space, chosen)
    genes = []
    for place, position in enumerate(space.positions):
        if (size := len(position.options)) < 2:
            continue
        counted = activity.of(place)
        if position.name in tries.traits:  # a width of its own
            counted[np.isin(distinct, np.array(tries.traits[position.name][0]))] = False
        cells = column[counted] * size + chosen[counted, place]
        counts = np.bincount(cells, minlength=columns.number * size).reshape(columns.number, size)
        genes.append(Gene(position.name, position.options, counts))
    return genes


def _traits(tries: Tries, columns: Columns, distinct: Counts) -> list[Trait]:
    wanted = np.zeros(len(columns.of), dtype=bool)
    wanted[distinct] = True
    told = tries.traits.items()
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
