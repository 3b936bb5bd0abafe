"""Genomes as JSON, small, for a search stores hundreds of thousands of them.

```
{"inputs": 5, "outputs": 1, "nodes": "1 1 4", "activations": "1a3b", "grid": "101-11",
 "innovations": "1 1 38", "sources": "2 7 0", "targets": "7 6 8", "enabled": "110"}
```

Columns are texts. `nodes` are ids and `innovations` numbers, each as the distance to the one before it (the first to
the last output's id and the last number of the grid); `sources` and `targets` are node indices. `activations` has one
hexadecimal digit for each output and hidden node. `grid` has one sign for each gene from bias and inputs to the outputs
with its own reserved innovation number, output by output: 1 enabled, 0 disabled, - not there.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from functools import cache, lru_cache
from itertools import accumulate, pairwise
from typing import Any

from ..errors import SpaceError
from ..space import Genotype
from .genome import Genome

COLUMNS = ("nodes", "activations", "grid", "innovations", "sources", "targets", "enabled")
LARGEST = 100_000  # inputs times outputs: what is larger is no network but a mistake
KEPT = 512  # genomes, more than a generation's: a parent is read once for all its children
HEX = "0123456789abcdef"
_SIGNS = {"1": True, "0": False}


def to_json(genome: Genome) -> Genotype:
    """The genotype that `from_json` reads."""
    own = bisect_left(genome.innovations, genome.grid)
    return {
        "inputs": genome.inputs,
        "outputs": genome.outputs,
        "nodes": _steps((genome.first_hidden - 1, *genome.hidden)),
        "activations": "".join([HEX[number] for number in genome.activations]),
        "grid": _grid_text(genome, own),
        "innovations": _steps((genome.grid - 1, *genome.innovations[own:])),
        "sources": " ".join(map(str, genome.sources[own:])),
        "targets": " ".join(map(str, genome.targets[own:])),
        "enabled": _flags_text(genome.enabled[own:]),
    }


def from_json(genotype: Mapping[str, Any]) -> Genome:
    """Raises SpaceError that names the column and what is wrong with it."""
    texts = [_text(genotype, name) for name in COLUMNS]
    return _read(_size(genotype, "inputs"), _size(genotype, "outputs"), *texts)


@lru_cache(KEPT)
def _read(inputs: int, outputs: int, *texts: str) -> Genome:
    if inputs * outputs > LARGEST:
        raise SpaceError(f"{inputs} inputs and {outputs} outputs are too many", "genotype.inputs")
    text = dict(zip(COLUMNS, texts, strict=True))
    numbers, grid_sources, grid_targets, grid_enabled = _grid(text["grid"], inputs, outputs)
    first = (1 + inputs) * outputs - 1
    genome = Genome(
        inputs,
        outputs,
        tuple(accumulate(_integers(text, "nodes"), initial=inputs + outputs))[1:],
        _activations(text["activations"]),
        numbers + tuple(accumulate(_integers(text, "innovations"), initial=first))[1:],
        grid_sources + _integers(text, "sources"),
        grid_targets + _integers(text, "targets"),
        grid_enabled + _flags(text["enabled"], "enabled"),
    )
    genome.check()
    return genome


@cache
def full_grid(inputs: int, outputs: int) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Innovation numbers, sources and targets of all genes from bias and inputs to the outputs."""
    count = (1 + inputs) * outputs
    sources = tuple(number % (1 + inputs) for number in range(count))
    targets = tuple(1 + inputs + number // (1 + inputs) for number in range(count))
    return tuple(range(count)), sources, targets


def _grid(
    text: str, inputs: int, outputs: int
) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], tuple[bool, ...]]:
    numbers, sources, targets = full_grid(inputs, outputs)
    if len(text) != len(numbers):
        raise SpaceError(
            f"{inputs} inputs and {outputs} outputs make a grid of {len(numbers)} signs, not {len(text)}: "
            "an output or an input is missing or too many",
            "genotype.grid",
        )
    if "-" not in text:
        return numbers, sources, targets, _flags(text, "grid")
    there = [number for number in numbers if text[number] != "-"]
    return (
        tuple(there),
        tuple(sources[number] for number in there),
        tuple(targets[number] for number in there),
        _flags(text.replace("-", ""), "grid"),
    )


def _grid_text(genome: Genome, own: int) -> str:
    enabled = _flags_text(genome.enabled[:own])
    if own == genome.grid:
        return enabled
    signs = dict(zip(genome.innovations, enabled, strict=False))
    return "".join(signs.get(number, "-") for number in range(genome.grid))


def _steps(numbers: tuple[int, ...]) -> str:
    return " ".join([str(b - a) for a, b in pairwise(numbers)])


def _flags_text(flags: tuple[bool, ...]) -> str:
    return "".join(["1" if flag else "0" for flag in flags])


def _flags(text: str, name: str) -> tuple[bool, ...]:
    try:
        return tuple([_SIGNS[sign] for sign in text])
    except KeyError as error:
        raise SpaceError(f"{name} says 1 or 0 for each gene, not {error.args[0]!r}", f"genotype.{name}") from None


def _activations(text: str) -> tuple[int, ...]:
    if wrong := set(text) - set(HEX):
        raise SpaceError(f"there is no activation {min(wrong)!r}", "genotype.activations")
    return tuple([HEX.index(digit) for digit in text])


def _integers(text: Mapping[str, str], name: str) -> tuple[int, ...]:
    try:
        return tuple(map(int, text[name].split()))
    except ValueError:
        wrong = next(part for part in text[name].split() if not _is_integer(part))
        raise SpaceError(f"{name} are whole numbers, not {wrong[:20]!r}", f"genotype.{name}") from None


def _is_integer(part: str) -> bool:
    try:
        int(part)
    except ValueError:
        return False
    return True


def _text(genotype: Mapping[str, Any], name: str) -> str:
    value = genotype.get(name)
    if not isinstance(value, str):
        raise SpaceError(
            f"{name} is a text, not {value!r}; a genotype here has inputs, outputs, {', '.join(COLUMNS)}",
            f"genotype.{name}",
        )
    return value


def _size(genotype: Mapping[str, Any], name: str) -> int:
    value = genotype.get(name)
    if type(value) is not int or value < 1:
        raise SpaceError(f"{name} is a whole number from 1, not {value!r}", f"genotype.{name}")
    return value
