"""Space `mobilenetv3`: MnasNet's factorised hierarchical space with MobileNetV3's additions.

The body is a list of stages. A stage chooses its op, width, depth, squeeze-and-excitation, skip op and activation once
for all its layers (arXiv 1807.11626, section 4.1); each layer chooses its kernel and expansion (the layer-wise freedom
that MobileNetV3 gained with NetAdapt). Input resolution and the form of the last stage are choices too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Len
from pydantic import Field, PositiveInt

from ..architecture import Architecture
from ..choice_space import ChoiceSpace, Indices, Position
from ..errors import SpaceError
from ..narrowing import NarrowableSpace
from ..ops import Op, Shape, Skip
from ..space import Genotype, Kind, Options, SearchSpace, Signature
from .network import Ends, Form, last_stage, make_divisible, stem_op, stride_plan
from .references import REFERENCES, reference
from .stages import StageOp, StagePlace, Tries, add_stage
from .widths import HEAD, STEM, shared, sizes


class Stage(Options):
    """One stage of the backbone that choices are relative to."""

    width: Annotated[int, Field(ge=8, le=4096)]
    depth: Annotated[int, Field(ge=1, le=16)] = 1
    stride: Literal[1, 2] = 1


def _backbone(*stages: tuple[int, int, int]) -> tuple[Stage, ...]:
    return tuple(Stage(width=w, depth=d, stride=2 if s == 2 else 1) for w, d, s in stages)


BACKBONES: dict[str, tuple[Stage, ...]] = {
    "large": _backbone((16, 1, 1), (24, 2, 2), (40, 3, 2), (80, 4, 2), (112, 2, 1), (160, 3, 2)),
    "small": _backbone((16, 1, 2), (24, 2, 2), (40, 3, 2), (48, 2, 1), (96, 3, 2)),
}


class MobileNetV3Options(Options):
    """What a job may choose from. Every list is a set of options for the search; one entry fixes the choice."""

    backbone: Literal["large", "small"] | Annotated[tuple[Stage, ...], Len(1, 12)] = "large"
    width: Annotated[float, Field(gt=0, le=4, description="multiplier on every width of the backbone")] = 1.0
    resolution: Annotated[tuple[Annotated[int, Field(ge=8, le=1024)], ...], Len(1)] = (224,)
    ops: Annotated[tuple[StageOp, ...], Len(1)] = ("mbconv", "separable", "conv")
    width_factors: Annotated[tuple[Annotated[float, Field(gt=0, le=8)], ...], Len(1)] = (0.75, 1.0, 1.25)
    depth_offsets: Annotated[tuple[Annotated[int, Field(ge=-8, le=8)], ...], Len(1)] = (-1, 0, 1)
    se: Annotated[tuple[bool, ...], Len(1)] = (False, True)
    skip: Annotated[tuple[Skip, ...], Len(1)] = ("identity", "pool", "none")
    activation: Annotated[tuple[Literal["relu", "hswish"], ...], Len(1)] = ("relu", "hswish")
    kernel: Annotated[tuple[Literal[3, 5, 7], ...], Len(1)] = (3, 5, 7)
    expansion: Annotated[tuple[Annotated[float, Field(ge=1, le=10)], ...], Len(1)] = (3, 4, 6)
    last_stage: Annotated[tuple[Literal["efficient", "original"], ...], Len(1)] = ("efficient",)
    stem: PositiveInt = 16
    hidden: Annotated[int, Field(ge=8, le=8192, description="width of the last feature layer")] = 1280

    def stages(self) -> tuple[Stage, ...]:
        return BACKBONES[self.backbone] if isinstance(self.backbone, str) else self.backbone


class BoundMobileNetV3(ChoiceSpace, NarrowableSpace):
    def __init__(self, options: MobileNetV3Options, signature: Signature) -> None:
        self.options = options
        self.signature = signature
        self.positions = tuple(self._positions())
        starts = [at for at, position in enumerate(self.positions) if position.name.endswith(".op")]
        self._stages = [
            StagePlace.of(f"stage{number}", start, max(self._depths(stage)))
            for number, (start, stage) in enumerate(zip(starts, options.stages(), strict=True))
        ]
        self._strides = (2, *(stage.stride for stage in options.stages()))  # of the stem, of the first layer of each
        self._stem = make_divisible(options.stem * options.width)
        named = (p.name for p in self.positions if p.name.endswith((".width", ".expansion")))
        self.width_names = frozenset({STEM, HEAD, *(name.replace(".expansion", ".expanded") for name in named)})

    def _positions(self) -> Iterator[Position]:
        o = self.options
        yield Position("resolution", o.resolution)
        yield Position("last_stage", o.last_stage)
        for number, stage in enumerate(o.stages()):
            name = f"stage{number}"
            depths = self._depths(stage)
            yield Position(f"{name}.op", o.ops)
            yield Position(f"{name}.width", self._widths(stage))
            yield Position(f"{name}.depth", depths)
            yield Position(f"{name}.se", o.se)
            yield Position(f"{name}.skip", o.skip)
            yield Position(f"{name}.activation", o.activation)
            for layer in range(max(depths)):
                yield Position(f"{name}.layer{layer}.kernel", o.kernel)
                yield Position(f"{name}.layer{layer}.expansion", o.expansion)

    def _widths(self, stage: Stage) -> tuple[int, ...]:
        return _distinct(make_divisible(stage.width * self.options.width * f) for f in self.options.width_factors)

    def _depths(self, stage: Stage) -> tuple[int, ...]:
        return _distinct(max(1, stage.depth + offset) for offset in self.options.depth_offsets)

    def is_active(self, name: str, chosen: Mapping[str, Any]) -> bool:
        stage, layer, what = _placed(name)
        if not stage:
            return True
        if layer >= chosen[f"{stage}.depth"]:
            return False
        op: StageOp = chosen[f"{stage}.op"]
        return not (what == "expansion" and op != "mbconv") and not (what == "se" and op == "conv")

    def build(self, chosen: Mapping[str, Any], widths: Mapping[str, int]) -> Architecture:
        return self.build_listed(tuple(chosen[position.name] for position in self.positions), widths)

    def build_listed(self, options: tuple[Any, ...], widths: Mapping[str, int]) -> Architecture:
        resolution, form = options[:2]
        stem, strides = self._begin(resolution, widths.get(STEM))
        ops = [stem]
        for stage, stride in zip(self._stages, strides, strict=True):
            add_stage(ops, stage, stride, options, widths)
        return Architecture.chain([*ops, *self._end(ops[-1].out_shape, form, stem.out_shape[0], widths.get(HEAD))])

    def build_indexed(self, choices: Indices, widths: Mapping[str, int]) -> Architecture:
        return super().build_indexed(choices, widths) if widths else self._tries.architecture(choices)

    @cached_property
    def _tries(self) -> Tries:
        return Tries(self.positions, self._stages, self._begin, self._end)

    def _begin(self, resolution: int, width: int | None = None) -> tuple[Op, tuple[int, ...]]:
        """The stem, and the strides of the stages' first layers."""
        stride, *strides = stride_plan(resolution, self._strides)
        shape = self.signature.channels, resolution, resolution
        return stem_op(shape, width or self._stem, stride, "hswish"), tuple(strides)

    def _end(self, shape: Shape, form: Form, stem: int | None = None, head: int | None = None) -> tuple[Op, ...]:
        """The last stage of a network whose last layer leaves this shape."""
        ends = Ends(stem or self._stem, head or make_divisible(6 * shape[0]), self.options.hidden, form)
        return last_stage(shape, ends, self.signature.outputs)

    def widths(self, genotype: Genotype) -> dict[str, int]:
        """Bottlenecks, those that add to one another as one (`stem.width+stage0.width`), then expansions."""
        architecture, layers = self.architecture(genotype), self._layer_names(genotype)
        found = sizes(architecture, layers)
        bottlenecks = {"+".join(names): found[names[0]] for names in shared(architecture, layers)}
        return bottlenecks | {name: channels for name, channels in found.items() if name.endswith(".expanded")}

    def with_width(self, genotype: Genotype, name: str, channels: int) -> Genotype:
        found = sizes(self.architecture(genotype), self._layer_names(genotype))
        changed = dict.fromkeys(name.split("+"), channels)
        if unknown := changed.keys() - found:
            raise SpaceError(f"this network has no width {min(unknown)!r}; it has: {', '.join(found)}")
        return {"choices": list(genotype["choices"]), "widths": found | changed}

    def _layer_names(self, genotype: Genotype) -> list[str]:
        chosen = self.decode(genotype)
        return [name for stage in self._stages for name in stage.layers if self.is_active(f"{name}.kernel", chosen)]


@cache
def _placed(position: str) -> tuple[str, int, str]:
    """Stage, layer and what is chosen there; no stage for what is of the whole network, layer 0 for all of a stage."""
    stage, *layer, what = position.split(".") if "." in position else ("", position)
    return stage, int(layer[0].removeprefix("layer")) if layer else 0, what


def _distinct(values: Iterator[int]) -> tuple[int, ...]:
    """In first-seen order, so that the first option stays the one that was named first."""
    return tuple(dict.fromkeys(values))


class MobileNetV3(SearchSpace):
    name: ClassVar[str] = "mobilenetv3"
    version: ClassVar[int] = 1
    kinds: ClassVar[tuple[Kind, ...]] = ("image",)
    summary: ClassVar[str] = "MnasNet's factorised space with MobileNetV3's blocks, for images"
    Options: ClassVar[type[Options]] = MobileNetV3Options
    binds_to: ClassVar[type[Any]] = BoundMobileNetV3
    options: MobileNetV3Options

    def _bind(self, signature: Signature) -> BoundMobileNetV3:
        low, high = signature.sizes
        for resolution in self.options.resolution:
            if not low <= resolution <= high:
                raise SpaceError(
                    f"this task delivers images of {low} to {high} px, but a resolution of {resolution} is asked for",
                    "space.options.resolution",
                )
        return BoundMobileNetV3(self.options, signature)

    @property
    def references(self) -> tuple[str, ...]:
        return tuple(REFERENCES)

    def reference(self, name: str) -> Architecture:
        return reference(name) if name in REFERENCES else super().reference(name)
