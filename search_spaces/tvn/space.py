"""Space `tvn`: Tiny Video Networks (arXiv 1910.06961), the clip that they take included.

A network has 2 to 10 blocks (see `block`), each of them with its own choices, repeated 1 to 8 times. Side, number and
rate of the input's frames are choices too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from annotated_types import Len
from pydantic import Field

from ..architecture import Architecture
from ..choice_space import ChoiceSpace, Position
from ..errors import SpaceError
from ..ops import Head
from ..space import Kind, Options, SearchSpace, Signature
from .block import Activations, Block, Spatial, Temporal
from .fitting import Map, fitted
from .network import Clip, TinyVideoNetwork
from .references import REFERENCES, reference

Number = TypeVar("Number", int, float)
Offered = Annotated[tuple[Number, ...], Len(1)]
Kernel = Annotated[int, Field(ge=1, le=7)]
Stride = Annotated[int, Field(ge=1, le=4)]

RESOLUTION = (32, 64, 96, 128, 160, 192, 224, 256, 288, 320)
FRAMES = (1, 2, 4, 8, 16, 32, 64, 128)
FRAME_RATE = (1.0, 2.0, 4.0, 6.25, 12.5, 25.0)
_ALL = "all published ones that the task can deliver, unless given"


class TvnOptions(Options):
    """What a job may choose from. Every list is a set of options for the search; one entry fixes the choice."""

    resolution: Annotated[
        Offered[Annotated[int, Field(ge=8, le=512)]] | None, Field(description=f"pixels a side, 32 to 320: {_ALL}")
    ] = None
    frames: Annotated[
        Offered[Annotated[int, Field(ge=1, le=256)]] | None, Field(description=f"in a clip, 1 to 128: {_ALL}")
    ] = None
    frame_rate: Annotated[
        Offered[Annotated[float, Field(gt=0, le=120)]] | None, Field(description=f"frames a second, 1 to 25: {_ALL}")
    ] = None
    blocks: Offered[Annotated[int, Field(ge=1, le=12)]] = tuple(range(2, 11))
    repeats: Offered[Annotated[int, Field(ge=1, le=12)]] = tuple(range(1, 9))
    spatial: Annotated[tuple[Spatial, ...], Len(1)] = ("std", "depthwise", "maxpool", "avgpool")
    spatial_kernel: Offered[Kernel] = (1, 2, 3, 4, 5)
    spatial_stride: Offered[Stride] = (1, 2, 3, 4)
    temporal: Annotated[tuple[Temporal, ...], Len(1)] = ("1d", "maxpool", "avgpool")
    temporal_kernel: Offered[Kernel] = (1, 2, 3, 5)
    temporal_stride: Offered[Stride] = (1, 2, 3)
    filters: Offered[Annotated[int, Field(ge=4, le=2048)]] = (32, 64, 128, 256, 512, 1024)
    expansion: Offered[Annotated[int, Field(ge=1, le=8)]] = (1, 2, 3, 4, 5, 6, 8)
    inverted: Annotated[tuple[bool, ...], Len(1)] = (False, True)
    non_local: Annotated[tuple[bool, ...], Len(1)] = (False, True)
    se: Annotated[
        Offered[Annotated[float, Field(ge=0, le=1)]],
        Field(description="share of channels between the layers of squeeze-and-excitation, 0 for none"),
    ] = (0.0, 0.25, 0.5, 1.0)
    context_gate: Annotated[tuple[bool, ...], Len(1)] = (False, True)
    skip: Annotated[tuple[bool, ...], Len(1)] = (False, True)
    activation: Annotated[tuple[Literal["relu", "hswish"], ...], Len(1)] = ("relu", "hswish")
    head: Annotated[tuple[Head, ...], Len(1)] = ("pooled",)
    smallest_map: Annotated[int, Field(ge=2, le=8, description="pixels a side that strides leave at least")] = 2
    most_attended: Annotated[
        int, Field(ge=1, le=65536, description="positions that a non-local layer may have; it is left out beyond")
    ] = 2048


class BoundTvn(ChoiceSpace):
    def __init__(self, options: TvnOptions, signature: Signature) -> None:
        self.options = options
        self.signature = signature
        self.positions = (*self._clip_positions(), *self._block_positions())
        self.width_names = frozenset(p.name for p in self.positions if p.name.endswith(".filters"))

    def _clip_positions(self) -> Iterator[Position]:
        o, s = self.options, self.signature
        yield Position("resolution", _offered("resolution", "a side of {} px", o.resolution, RESOLUTION, s.sizes))
        yield Position("frames", _offered("frames", "{} frames", o.frames, FRAMES, s.frames))
        rates = _offered("frame_rate", "{} frames a second", o.frame_rate, FRAME_RATE, s.frame_rates)
        yield Position("frame_rate", rates)
        yield Position("head", o.head)
        yield Position("blocks", o.blocks)

    def _block_positions(self) -> Iterator[Position]:
        for number in range(max(self.options.blocks)):
            for name in _PARTS:
                yield Position(f"block{number}.{name}", getattr(self.options, name))

    def is_active(self, name: str, chosen: Mapping[str, Any]) -> bool:
        block, _, part = name.partition(".")
        if not part:
            return chosen["frames"] > 1 or name not in ("frame_rate", "head")
        if int(block.removeprefix("block")) >= chosen["blocks"]:
            return False
        if part in ("spatial", "spatial_stride"):
            return bool(chosen[f"{block}.spatial_kernel"] > 1)
        if part.startswith("temporal") and chosen["frames"] == 1:
            return False
        return part not in ("temporal", "temporal_stride") or bool(chosen[f"{block}.temporal_kernel"] > 1)

    def build(self, chosen: Mapping[str, Any], widths: Mapping[str, int]) -> Architecture:
        """The network; blocks that do not fit their map are repaired (see `fitting`).

        One frame has no rate, and no other head than the pooled one.
        """
        frames, side = chosen["frames"], chosen["resolution"]
        clip = Clip(frames, side, chosen["frame_rate"] if frames > 1 else None, self.signature.channels)
        blocks = tuple(self._blocks(chosen, widths, Map(frames, side)))
        head: Head = chosen["head"] if frames > 1 else "pooled"
        return TinyVideoNetwork(clip, blocks).architecture(self.signature.outputs, head)

    def _blocks(self, chosen: Mapping[str, Any], widths: Mapping[str, int], given: Map) -> Iterator[Block]:
        for number in range(chosen["blocks"]):
            name = f"block{number}"
            values = {part: chosen[f"{name}.{part}"] for part in _PARTS}
            values["filters"] = widths.get(f"{name}.filters", values["filters"])
            activation = values.pop("activation")
            wanted = Block(**values, activations=Activations(activation, activation, activation))
            block = fitted(wanted, given, self.options.smallest_map, self.options.most_attended)
            given = given.after(block)
            yield block


_PARTS = (
    "spatial",
    "spatial_kernel",
    "spatial_stride",
    "temporal",
    "temporal_kernel",
    "temporal_stride",
    "non_local",
    "inverted",
    "filters",
    "expansion",
    "se",
    "context_gate",
    "skip",
    "activation",
    "repeats",
)


def _offered(
    name: str,
    text: str,
    asked: Sequence[Number] | None,
    published: Sequence[Number],
    limits: tuple[Number, Number] | None,
) -> tuple[Number, ...]:
    """What the task can deliver of `published`, or `asked`, which it has to deliver in full.

    Where it can deliver nothing of `published`, its own largest value is taken. Raises SpaceError for `asked` beyond.
    """
    low, high = limits or (min(published), max(*published, *(asked or ())))
    if asked is None:
        return tuple(value for value in published if low <= value <= high) or (high,)
    for value in asked:
        if not low <= value <= high:
            raise SpaceError(
                f"this task delivers {text.format(f'{low} to {high}')}, but {value} is asked for",
                f"space.options.{name}",
            )
    return tuple(asked)


class Tvn(SearchSpace):
    name: ClassVar[str] = "tvn"
    version: ClassVar[int] = 1
    kinds: ClassVar[tuple[Kind, ...]] = ("clip",)
    summary: ClassVar[str] = "Tiny Video Networks, input size and frame rate included, for clips"
    Options: ClassVar[type[Options]] = TvnOptions
    binds_to: ClassVar[type[Any]] = BoundTvn
    options: TvnOptions

    def _bind(self, signature: Signature) -> BoundTvn:
        return BoundTvn(self.options, signature)

    @property
    def references(self) -> tuple[str, ...]:
        return tuple(REFERENCES)

    def reference(self, name: str) -> Architecture:
        return reference(name) if name in REFERENCES else super().reference(name)
