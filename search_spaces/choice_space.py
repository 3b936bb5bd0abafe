"""Choice spaces: an architecture is one option at each of a fixed list of positions.

Sampling, mutation and crossover are written here once. A space states its `positions` and how a list of chosen options
becomes an architecture; positions that do not matter under the other choices (a layer beyond the depth) are inactive,
and mutation leaves them alone.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property, lru_cache
from itertools import groupby
from operator import getitem
from typing import Any, NamedTuple, TypeGuard

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from .architecture import Architecture
from .errors import SpaceError
from .space import BoundSpace, Genotype

WIDEST = 65_536  # channels that a genotype may ask for
RECENT = 2048  # architectures that are kept
MUTATION_ATTEMPTS = 16  # draws until the architecture differs; one in seventy changes nothing in `mobilenetv3`


Indices = bytes | tuple[int, ...]  # of chosen options; bytes where they fit, as these are quicker to look up


class Position(NamedTuple):
    """One decision: its name (`stage2.layer1.kernel`) and the options in order."""

    name: str
    options: tuple[Any, ...]


class ChoiceSpace(BoundSpace):
    """Genotypes are `{"choices": [option index, ...]}`, one index a position, and `widths` that override a choice.

    `widths` maps a width's name to channels: it lets a refiner cut a network to widths that no option offers.
    """

    positions: tuple[Position, ...]
    width_names: frozenset[str] = frozenset()

    @cached_property
    def choices(self) -> tuple[int, ...]:
        """Number of options at each position."""
        return tuple(len(position.options) for position in self.positions)

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(position.name for position in self.positions)

    @cached_property
    def _options(self) -> tuple[dict[int, Any], ...]:
        """By index, for which a negative one is no index."""
        return tuple(dict(enumerate(position.options)) for position in self.positions)

    @cached_property
    def _counts(self) -> NDArray[np.int64]:
        return np.array(self.choices, dtype=np.int64)

    @property
    def size(self) -> int:
        """Number of genotypes (an upper bound on the number of architectures)."""
        product = 1
        for n in self.choices:
            product *= n
        return product

    @abstractmethod
    def build(self, chosen: Mapping[str, Any], widths: Mapping[str, int]) -> Architecture:
        """The architecture for the chosen option of each position, by name."""

    def build_listed(self, options: tuple[Any, ...], widths: Mapping[str, int]) -> Architecture:
        """The same for the options in the order of `positions`: quicker, for a space that needs no names."""
        return self.build(dict(zip(self._names, options, strict=True)), widths)

    def build_indexed(self, choices: Indices, widths: Mapping[str, int]) -> Architecture:
        """The same for the indices of options, which are of this space.

        Quickest, for a space that keeps parts of networks by the choices that led to them.
        """
        return self.build_listed(tuple(map(getitem, self._options, choices)), widths)

    @abstractmethod
    def is_active(self, name: str, chosen: Mapping[str, Any]) -> bool:
        """Whether this position matters under the other choices."""

    def sample(self, rng: Generator) -> Genotype:
        return {"choices": rng.integers(self._counts).tolist()}

    def samples(self, rng: Generator, n: int) -> list[Genotype]:
        """By one call of the generator, which gives the same numbers and leaves it as it would be."""
        if type(self).sample is not ChoiceSpace.sample:
            return super().samples(rng, n)
        return [{"choices": choices} for choices in rng.integers(self._counts, size=(n, len(self._counts))).tolist()]

    def mutate(self, genotype: Genotype, rng: Generator) -> Genotype:
        """One active position takes another option, so that the architecture is another.

        Explicit widths of the same stage fall away with it. Where no option makes a difference, neither does the child.
        """
        before = self.architecture(genotype)
        child = genotype
        for _ in range(MUTATION_ATTEMPTS):
            child = self._change_one(genotype, rng)
            if self.architecture(child) != before:
                break
        return child

    def _change_one(self, genotype: Genotype, rng: Generator) -> Genotype:
        active = self._mutable(tuple(genotype["choices"]))
        if not active:
            return genotype
        at = active[int(rng.integers(len(active)))]
        choices = list(genotype["choices"])
        step = 1 + int(rng.integers(self.choices[at] - 1))
        choices[at] = (choices[at] + step) % self.choices[at]
        stage = self.positions[at].name.split(".")[0]
        return _genotype(choices, {k: v for k, v in genotype.get("widths", {}).items() if k.split(".")[0] != stage})

    def crossover(self, a: Genotype, b: Genotype, rng: Generator) -> Genotype:
        """Uniform crossover of the choices; explicit widths are not inherited."""
        coins = rng.integers(2, size=len(self.choices)).tolist()
        return _genotype([pair[coin] for *pair, coin in zip(a["choices"], b["choices"], coins, strict=True)], {})

    def architecture(self, genotype: Genotype) -> Architecture:
        """What the genotype means here. Raises SpaceError for choices or widths that this space does not have."""
        choices = genotype.get("choices")
        if not _are_indices(choices):  # True and 1.0 would find what was built for 1
            raise self._no_genotype(choices)
        widths = self.explicit_widths(genotype)
        return self._built(self._indices(choices), tuple(sorted(widths.items())) if widths else ())

    @cached_property
    def _built(self) -> Callable[[Indices, tuple[tuple[str, int], ...]], Architecture]:
        """Builds, and keeps what was built last: a mutation compares parent and child, which are then described."""

        @lru_cache(maxsize=RECENT)
        def built(choices: Indices, widths: tuple[tuple[str, int], ...]) -> Architecture:
            return self.build_indexed(choices, dict(widths))

        return built

    @cached_property
    def _mutable(self) -> Callable[[tuple[int, ...]], list[int]]:
        """The active positions with other options, kept for choices asked of last: a parent has many children."""

        @lru_cache(maxsize=RECENT)
        def mutable(choices: tuple[int, ...]) -> list[int]:
            chosen = dict(zip(self._names, self._options_at(choices), strict=True))
            return [i for i, p in enumerate(self.positions) if len(p.options) > 1 and self.is_active(p.name, chosen)]

        return mutable

    def explicit_widths(self, genotype: Genotype) -> dict[str, int]:
        """The widths that the genotype states. Raises SpaceError for what is no width of this space."""
        widths = genotype.get("widths", {})
        if not isinstance(widths, dict):
            raise SpaceError(f"widths are channels by name, not {widths!r}", "genotype.widths")
        for name, channels in widths.items():
            if name not in self.width_names or type(channels) is not int or not 1 <= channels <= WIDEST:
                raise SpaceError(f"{name!r}: {channels!r} is no width of this space in channels", "genotype.widths")
        return widths

    def decode(self, genotype: Genotype) -> dict[str, Any]:
        """Position name to chosen option. Raises SpaceError where the genotype is not of this space."""
        choices = genotype.get("choices")
        if not _are_indices(choices):
            raise self._no_genotype(choices)
        return dict(zip(self._names, self._options_at(choices), strict=True))

    def _indices(self, choices: list[int]) -> Indices:
        """The choices, if there are options for all of them."""
        if self._offered is None:
            self._options_at(choices)
            return tuple(choices)
        with suppress(ValueError):  # for what is no byte
            if self._offered(indices := bytes(choices)):
                return indices
        raise self._no_genotype(choices)

    @cached_property
    def _offered(self) -> Callable[[bytes], object] | None:
        """Tells indices of options from others, all at once; None where a byte cannot name all options."""
        if max(self.choices, default=1) > 256:
            return None
        runs = (b"[\\x00-\\x%02x]{%d}" % (n - 1, len(list(alike))) for n, alike in groupby(self.choices))
        return re.compile(b"".join(runs)).fullmatch

    def _options_at(self, choices: Sequence[int]) -> tuple[Any, ...]:
        if len(choices) == len(self._names):
            with suppress(KeyError):
                return tuple(map(getitem, self._options, choices))
        raise self._no_genotype(list(choices))

    def _no_genotype(self, choices: object) -> SpaceError:
        """What is wrong with these choices."""
        if not isinstance(choices, list) or len(choices) != len(self.positions):
            given = len(choices) if isinstance(choices, list) else repr(choices)
            return SpaceError(f"a genotype here has {len(self.positions)} choices, not {given}", "genotype.choices")
        index, (name, options) = next(
            (index, position)
            for index, position in zip(choices, self.positions, strict=True)
            if type(index) is not int or not 0 <= index < len(position.options)
        )
        return SpaceError(f"{name} has options 0 to {len(options) - 1}, not {index!r}", "genotype.choices")

    def rewritten(self, genotype: Genotype, source: BoundSpace) -> Genotype:
        """By what was chosen, for an index means another option there; 0 for what is not offered or not there."""
        chosen = source.decode(genotype) if isinstance(source, ChoiceSpace) else {}
        shared = {p.name for p in self.positions if p.name in chosen and chosen[p.name] in p.options}
        choices = [p.options.index(chosen[p.name]) if p.name in shared else 0 for p in self.positions]
        return _genotype(choices, genotype.get("widths", {}))

    def encode(self, chosen: Mapping[str, Any]) -> Genotype:
        """The genotype that `decode` turns into `chosen`. Raises SpaceError for a value that is no option."""
        for position in self.positions:
            if chosen[position.name] not in position.options:
                raise SpaceError(f"{position.name} offers {list(position.options)}, not {chosen[position.name]!r}")
        return _genotype([p.options.index(chosen[p.name]) for p in self.positions], {})


def _are_indices(choices: object) -> TypeGuard[list[int]]:
    return isinstance(choices, list) and {int}.issuperset(map(type, choices))


def _genotype(choices: list[int], widths: dict[str, int]) -> Genotype:
    return {"choices": choices, "widths": widths} if widths else {"choices": choices}
