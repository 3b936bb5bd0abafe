"""What a search space is: options first, then bound to a task's signature, then a source of architectures."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from numpy.random import Generator
from pydantic import BaseModel, ConfigDict

from .architecture import Architecture
from .errors import SpaceError

Genotype = dict[str, Any]
Kind = Literal["image", "clip", "vector"]


@dataclass(frozen=True)
class Signature:
    """What a task needs of an architecture: input kind, input channels, outputs, and the input sizes it can serve.

    `sizes` is the smallest and the largest side in pixels (images, clips) that the task can deliver; `frames` and
    `frame_rates` (frames a second) are the like for clips, None where the task sets no limit.
    """

    kind: Kind
    channels: int
    outputs: int
    sizes: tuple[int, int]
    frames: tuple[int, int] | None = None
    frame_rates: tuple[float, float] | None = None


class Options(BaseModel):
    """Base of every space's options: unknown keys are refused, so that a typing error is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class BoundSpace(ABC):
    """A search space for one signature. All draws come from the generator that is passed in.

    >>> space = get_space("mobilenetv3").bind(Signature("image", 3, 1000, (32, 512)))
    >>> genotype = space.sample(np.random.default_rng(0))
    >>> space.architecture(space.mutate(genotype, rng)).macs
    """

    signature: Signature

    @abstractmethod
    def sample(self, rng: Generator) -> Genotype:
        """A random genotype."""

    def samples(self, rng: Generator, n: int) -> list[Genotype]:
        """What `n` calls of `sample` would give; a space may draw them together, if that is quicker."""
        return [self.sample(rng) for _ in range(n)]

    @abstractmethod
    def mutate(self, genotype: Genotype, rng: Generator) -> Genotype:
        """A copy with one active part changed."""

    @abstractmethod
    def crossover(self, a: Genotype, b: Genotype, rng: Generator) -> Genotype:
        """A child that takes each part from one of its parents."""

    @abstractmethod
    def architecture(self, genotype: Genotype) -> Architecture:
        """What the genotype means here. Raises SpaceError for a genotype of another space."""

    def traits(self, genotype: Genotype) -> dict[str, float]:  # noqa: ARG002 - the contract
        """Numbers by which genotypes of this space differ, where it is no space of choices; read from them at once.

        The page of a job shows how they change as a search goes on. None, as here, is fine.
        """
        return {}

    def adopt(self, genotype: Genotype, source: BoundSpace) -> Genotype:
        """How a network of `source`, the same space with other options, is written here.

        Raises SpaceError where this space does not offer the network.
        """
        adopted = self.rewritten(genotype, source)
        if self.architecture(adopted).hash != source.architecture(genotype).hash:
            raise SpaceError("this space, with its options, does not offer the network", "genotype")
        return adopted

    def rewritten(self, genotype: Genotype, source: BoundSpace) -> Genotype:  # noqa: ARG002 - the contract
        """What `adopt` tries: the genotype as it is. A space whose options decide what genotypes mean translates it."""
        return genotype


class SearchSpace(ABC):
    """A named, versioned space with options, not yet bound to a task.

    `version` rises with every change that gives an old genotype another meaning; it is part of a trial's reuse key.
    """

    name: ClassVar[str]
    version: ClassVar[int]
    kinds: ClassVar[tuple[Kind, ...]]
    summary: ClassVar[str]
    Options: ClassVar[type[Options]] = Options
    binds_to: ClassVar[type[Any]] = BoundSpace  # of which class `bind` gives one, for strategies that need more

    def __init__(self, **options: Any) -> None:
        self.options = self.Options(**options)

    def bind(self, signature: Signature) -> BoundSpace:
        """Bind the space to one task. Raises SpaceError where the task's kind or sizes do not fit."""
        if signature.kind not in self.kinds:
            raise SpaceError(
                f"space {self.name!r} builds networks for {' and '.join(self.kinds)} tasks, "
                f"but this task is of kind {signature.kind!r}; choose another space or task",
                "space.name",
            )
        return self._bind(signature)

    @abstractmethod
    def _bind(self, signature: Signature) -> BoundSpace: ...

    @property
    def references(self) -> tuple[str, ...]:
        """Names of the published networks that this space knows."""
        return ()

    def reference(self, name: str) -> Architecture:
        """A published network at its published signature. Raises SpaceError for a name not in `references`."""
        raise SpaceError(
            f"space {self.name!r} knows no network {name!r}; it has: {', '.join(self.references) or 'none'}"
        )
