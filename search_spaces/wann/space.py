"""Space `wann`: networks that grow, node by node, and whose connections share one weight (arXiv 1906.04358)."""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache
from itertools import accumulate
from typing import Annotated, Any, ClassVar

from annotated_types import Len
from numpy.random import Generator
from pydantic import Field, field_validator

from ..architecture import Architecture
from ..errors import SpaceError
from ..space import BoundSpace, Genotype, Kind, Options, SearchSpace, Signature
from . import mutations
from .activations import CONTROL, IDS, LINEAR, NAMES
from .expression import express
from .genome import Genome
from .genotype import HEX, KEPT, from_json, full_grid, to_json
from .innovations import Innovations

Probability = Annotated[float, Field(ge=0, le=1)]


class MutationRates(Options):
    """How often each mutation is drawn, relative to the others."""

    activation: Probability = 0.5
    add_node: Probability = 0.25
    add_connection: Probability = 0.2
    enable: Probability = 0.05


class WannOptions(Options):
    """The published settings, from which a job may differ."""

    activations: Annotated[
        tuple[str, ...], Len(1), Field(description="what hidden nodes draw from; images were searched without step")
    ] = tuple(NAMES[number] for number in CONTROL)
    init_enabled: Annotated[
        Probability, Field(description="how many of the first connections, from inputs to outputs, are enabled")
    ] = 0.5
    mutations: MutationRates = MutationRates()
    published_disabled: Annotated[
        bool, Field(description="disabled connections between hidden nodes stay active, as in the published code")
    ] = False

    @field_validator("activations")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := [name for name in names if name not in IDS]:
            raise ValueError(f"there is no activation {unknown[0]!r}; there are: {', '.join(IDS)}")
        if len(set(names)) < len(names):
            raise ValueError("an activation is listed twice")
        return names

    @field_validator("mutations")
    @classmethod
    def _some(cls, rates: MutationRates) -> MutationRates:
        if not any(rates.model_dump().values()):
            raise ValueError("every mutation has rate 0; give one of them more")
        return rates


class BoundWann(BoundSpace):
    """Genotypes are those of `genotype`; the networks read `signature.channels` inputs beside the bias."""

    def __init__(self, options: WannOptions, signature: Signature) -> None:
        self.options = options
        self.signature = signature
        self.offered = tuple(IDS[name] for name in options.activations)
        self._counted = sorted({LINEAR, *self.offered})
        rates = {name: rate for name, rate in options.mutations.model_dump().items() if rate}
        self.mutations = [mutations.MUTATIONS[name] for name in rates]
        self.bounds = list(accumulate(rates.values()))

    def sample(self, rng: Generator) -> Genotype:
        """One of the initial population: no hidden node, each connection enabled with `init_enabled`."""
        inputs, outputs = self.signature.channels, self.signature.outputs
        innovations, sources, targets = full_grid(inputs, outputs)
        enabled = tuple((rng.random(len(innovations)) < self.options.init_enabled).tolist())
        linear = (LINEAR,) * outputs
        return to_json(Genome(inputs, outputs, (), linear, innovations, sources, targets, enabled))

    def mutate(self, genotype: Genotype, rng: Generator, innovations: Innovations | None = None) -> Genotype:
        """A copy after one mutation, which may find nothing to change.

        New nodes and connections take their numbers from `innovations`, or follow the genotype's own without.
        """
        genome = self.genome(genotype)
        draw = bisect_right(self.bounds, rng.random() * self.bounds[-1])
        mutation = self.mutations[min(draw, len(self.mutations) - 1)]
        return to_json(mutation(genome, rng, self.offered, innovations or Innovations.after(genome)))

    def crossover(self, a: Genotype, b: Genotype, rng: Generator) -> Genotype:
        """The structure of `a`, the fitter one; activations and flags that both have come from either."""
        return to_json(mutations.crossover(self.genome(a), self.genome(b), rng))

    def architecture(self, genotype: Genotype) -> Architecture:
        """The network as a single op. Raises SpaceError for a genotype that is none, or of another task."""
        return _architecture(self.genome(genotype), self.options.published_disabled)

    def traits(self, genotype: Genotype) -> dict[str, float]:
        """Hidden nodes, enabled connections, and nodes by their activation, outputs included."""
        return {
            "hidden nodes": len(genotype["nodes"].split()),
            "connections": genotype["grid"].count("1") + genotype["enabled"].count("1"),
            **{f"{NAMES[number]} nodes": genotype["activations"].count(HEX[number]) for number in self._counted},
        }

    def genome(self, genotype: dict[str, Any]) -> Genome:
        """Raises SpaceError that names what is wrong with the genotype."""
        genome = from_json(genotype)
        given, wanted = (genome.inputs, genome.outputs), (self.signature.channels, self.signature.outputs)
        if given != wanted:
            raise SpaceError(
                f"the genotype has {given[0]} inputs and {given[1]} outputs, but this task has {wanted[0]} inputs and "
                f"{wanted[1]} outputs",
                "genotype.inputs" if given[0] != wanted[0] else "genotype.outputs",
            )
        return genome


@lru_cache(KEPT)
def _architecture(genome: Genome, published_disabled: bool) -> Architecture:
    """A search asks for a network several times: to price it, to tell it from others, to send it."""
    return Architecture.chain([express(genome, published_disabled).network])


class Wann(SearchSpace):
    name: ClassVar[str] = "wann"
    version: ClassVar[int] = 1
    kinds: ClassVar[tuple[Kind, ...]] = ("vector",)
    summary: ClassVar[str] = "Weight agnostic networks: topologies that grow and work under one shared weight"
    Options: ClassVar[type[Options]] = WannOptions
    binds_to: ClassVar[type[Any]] = BoundWann
    options: WannOptions

    def _bind(self, signature: Signature) -> BoundWann:
        return BoundWann(self.options, signature)
