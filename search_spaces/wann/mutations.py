"""How genomes change: the four published mutations, and a crossover (arXiv 1906.04358; its crossover rate is 0).

Each mutation returns another genome, or the same one where it finds nothing to change, as the published code does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from numpy.random import Generator

from .genome import Genome
from .innovations import Innovations

T = TypeVar("T")
Mutation = Callable[[Genome, Generator, Sequence[int], Innovations], Genome]


def change_activation(genome: Genome, rng: Generator, offered: Sequence[int]) -> Genome:
    """A random hidden node gets another of the offered activations; outputs keep theirs."""
    if not genome.hidden:
        return genome
    at = genome.outputs + int(rng.integers(len(genome.hidden)))
    others = [number for number in offered if number != genome.activations[at]]
    if not others:
        return genome
    return replace(genome, activations=_with(genome.activations, at, _pick(others, rng)))


def add_node(genome: Genome, rng: Generator, offered: Sequence[int], innovations: Innovations) -> Genome:
    """A random enabled connection is disabled, and a new node with a random activation takes its place."""
    enabled = [gene for gene, flag in enumerate(genome.enabled) if flag]
    if not enabled:
        return genome
    split, node = _pick(enabled, rng), genome.node_count
    return replace(
        genome,
        hidden=(*genome.hidden, innovations.node()),
        activations=(*genome.activations, _pick(offered, rng)),
        innovations=(*genome.innovations, innovations.connection(), innovations.connection()),
        sources=(*genome.sources, genome.sources[split], node),
        targets=(*genome.targets, node, genome.targets[split]),
        enabled=(*_with(genome.enabled, split, value=False), True, True),
    )


def add_connection(genome: Genome, rng: Generator, innovations: Innovations) -> Genome:
    """A connection to a later layer that has no gene yet, not even a disabled one.

    Sources are tried in random order; the first with such a target gets one of them at random.
    """
    layers = genome.layers()
    for source in rng.permutation(genome.node_count).tolist():
        taken = {t for s, t in zip(genome.sources, genome.targets, strict=True) if s == source}
        later = [
            node
            for node in range(genome.first_output, genome.node_count)
            if layers[node] > layers[source] and node not in taken
        ]
        if later:
            return _connected(genome, source, _pick(later, rng), innovations)
    return genome


def enable(genome: Genome, rng: Generator) -> Genome:
    """A random disabled connection is enabled."""
    disabled = [gene for gene, flag in enumerate(genome.enabled) if not flag]
    if not disabled:
        return genome
    return replace(genome, enabled=_with(genome.enabled, _pick(disabled, rng), value=True))


MUTATIONS: dict[str, Mutation] = {
    "activation": lambda genome, rng, offered, _: change_activation(genome, rng, offered),
    "add_node": add_node,
    "add_connection": lambda genome, rng, _, innovations: add_connection(genome, rng, innovations),
    "enable": lambda genome, rng, _, __: enable(genome, rng),
}


def crossover(first: Genome, second: Genome, rng: Generator) -> Genome:
    """The structure of the first parent; what both have takes its flag or activation from either at random."""
    flags = dict(zip(second.innovations, second.enabled, strict=True))
    numbers = dict(zip(second.hidden, second.activations[second.outputs :], strict=True))
    coins = rng.integers(2, size=len(first.innovations) + len(first.hidden)).tolist()
    enabled = [
        flags.get(innovation, own) if coin else own
        for innovation, own, coin in zip(first.innovations, first.enabled, coins, strict=False)
    ]
    hidden = [
        numbers.get(node, own) if coin else own
        for node, own, coin in zip(first.hidden, first.activations[first.outputs :], coins[len(enabled) :], strict=True)
    ]
    activations = (*first.activations[: first.outputs], *hidden)
    return replace(first, enabled=tuple(enabled), activations=activations)


def _connected(genome: Genome, source: int, target: int, innovations: Innovations) -> Genome:
    return replace(
        genome,
        innovations=(*genome.innovations, innovations.connection()),
        sources=(*genome.sources, source),
        targets=(*genome.targets, target),
        enabled=(*genome.enabled, True),
    )


def _pick(options: Sequence[T], rng: Generator) -> T:
    return options[int(rng.integers(len(options)))]


def _with(values: tuple[T, ...], at: int, value: T) -> tuple[T, ...]:
    return (*values[:at], value, *values[at + 1 :])
