"""The stages of a `mobilenetv3` network: their places among the choices, their layers, and tries of layers met before.

Hardly one network comes twice in a search, though its layers do. So layers are kept as segments behind what they
follow, under the indices of their own choices: a network is put together by a look-up for each layer, without reading
an option or making an op.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import repeat
from operator import itemgetter
from typing import Any, Literal, NamedTuple

from ..architecture import Architecture, Segment
from ..choice_space import Indices, Position
from ..ops import Activation, Op, Shape, Skip, strided
from .network import Layer, layer_op, make_divisible, se_width

StageOp = Literal["conv", "separable", "mbconv"]
Beginning = tuple[Shape, int, int, StageOp, bool, Skip, Activation]  # what is fed, width, stride, and what all share
Strides = tuple[int, ...]  # of the first layers of stages

MOST = 250_000  # entries in the tries of a space, before they are begun anew


class StagePlace(NamedTuple):
    """Where a stage's choices stand among the positions, its kernels and expansions by layer, and its widths' names."""

    shared: slice  # op, width, depth, squeeze-and-excitation, skip and activation, as `_positions` has them
    kernels: slice
    expansions: slice
    width: str
    layers: tuple[str, ...]
    expanded: tuple[str, ...]

    @classmethod
    def of(cls, name: str, start: int, deepest: int) -> StagePlace:
        own, end = start + 6, start + 6 + 2 * deepest
        layers = tuple(f"{name}.layer{layer}" for layer in range(deepest))
        expanded = tuple(f"{layer}.expanded" for layer in layers)
        return cls(slice(start, own), slice(own, end, 2), slice(own + 1, end, 2), f"{name}.width", layers, expanded)


def add_stage(
    ops: list[Op], stage: StagePlace, stride: int, options: tuple[Any, ...], widths: Mapping[str, int]
) -> None:
    """The layers of a stage after the `ops` so far, by the chosen options; `widths` go before what was chosen."""
    op, out, depth, se, skip, activation = options[stage.shared]
    kernels, factors = options[stage.kernels][:depth], options[stage.expansions] if op == "mbconv" else repeat(1)
    shape, out = ops[-1].out_shape, widths.get(stage.width, out)
    for kernel, factor, expanded in zip(kernels, factors, map(widths.get, stage.expanded), strict=False):
        ops.append(_layer_op((shape, out, stride, op, se, skip, activation), kernel, factor, expanded))
        shape, stride = ops[-1].out_shape, 1


Begin = Callable[[Any], tuple[Op, Strides]]  # resolution: the stem, and the strides of the stages
End = Callable[[Shape, Any], tuple[Op, ...]]  # shape and form: the last stage


class Tries:
    """The layers of a space's networks, as far as they were met, by the choices that led to them.

    `positions` are those of the space: resolution, form of the last stage, then the `stages`.
    """

    def __init__(self, positions: Sequence[Position], stages: Sequence[StagePlace], begin: Begin, end: End) -> None:
        self.options = [position.options for position in positions]
        self.stages = stages
        self.size = 0  # entries of all starts and layers
        self._begin, self._end = begin, end
        self._parts = itemgetter(slice(0, 1), slice(1, 2), *(stage.shared for stage in stages))
        self._forget()

    def _forget(self) -> None:
        self.size = 0
        self._begun: dict[Indices, tuple[Segment, Starts]] = {}
        self._ended: dict[tuple[Shape, Indices], Segment] = {}
        self._starts: dict[tuple[Shape, Strides], Starts] = {}
        self._layers: dict[tuple[Beginning, Strides], Layers] = {}

    def architecture(self, choices: Indices) -> Architecture:
        """The network that these choices mean, which the space has."""
        if self.size > MOST:
            self._forget()
        resolution, form, *stages = self._parts(choices)
        stem, starts = self._begun.get(resolution) or self._first(resolution)
        segments = [stem]
        for shared in stages:
            first, others, layers = starts[shared]
            segments.append(layers[choices[first]])
            layers = layers.following
            segments += [layers[choices[own]] for own in others]
            starts = layers.leaving
        segments.append(self._ended.get((starts.shape, form)) or self._last(starts.shape, form))
        return Architecture.joined(segments)

    def _first(self, resolution: Indices) -> tuple[Segment, Starts]:
        stem, strides = self._begin(self.options[0][resolution[0]])
        self._begun[resolution] = Segment([stem]), self.starts(stem.out_shape, strides)
        return self._begun[resolution]

    def _last(self, shape: Shape, form: Indices) -> Segment:
        self._ended[shape, form] = Segment(self._end(shape, self.options[1][form[0]]))
        return self._ended[shape, form]

    def starts(self, shape: Shape, strides: Strides) -> Starts:
        """How the stages that are left, one a stride, may begin on a map of this shape."""
        if (shape, strides) not in self._starts:
            self._starts[shape, strides] = Starts(self, shape, strides)
        return self._starts[shape, strides]

    def layers(self, beginning: Beginning, strides: Strides) -> Layers:
        """The layers that may stand at this beginning, with `strides` of the stages after theirs."""
        if (beginning, strides) not in self._layers:
            self._layers[beginning, strides] = Layers(self, beginning, strides)
        return self._layers[beginning, strides]


class Starts(dict[Indices, tuple[slice, tuple[slice, ...], "Layers"]]):
    """What may come first in a stage, by what its layers share.

    With that: where the choices of its first layer stand, those of each layer after it, and the layers themselves.
    """

    def __init__(self, tries: Tries, shape: Shape, strides: Strides) -> None:
        self.shape = shape
        self._tries, self._strides = tries, strides

    def __missing__(self, shared: Indices) -> tuple[slice, tuple[slice, ...], Layers]:
        stride, *strides = self._strides
        place = self._tries.stages[-len(self._strides)]
        chosen = zip(self._tries.options[place.shared], shared, strict=True)
        op, out, depth, se, skip, activation = (options[index] for options, index in chosen)
        layers = self._tries.layers((self.shape, out, stride, op, se, skip, activation), tuple(strides))
        start, end = place.kernels.start, place.kernels.start + 2 * depth
        width = 2 if op == "mbconv" else 1  # others have no expansion to choose
        first, *others = (slice(at, at + width) for at in range(start, end, 2))
        self[shared] = found = first, tuple(others), layers
        self._tries.size += 1
        return found


class Layers(dict[Indices, Segment]):
    """The layers that may come next in a stage, by kernel and expansion."""

    def __init__(self, tries: Tries, beginning: Beginning, strides: Strides) -> None:
        self._tries, self._beginning, self._strides = tries, beginning, strides

    def __missing__(self, chosen: Indices) -> Segment:
        place = self._tries.stages[-len(self._strides) - 1]
        kernels, factors = self._tries.options[place.kernels][0], self._tries.options[place.expansions][0]
        factor = factors[chosen[1]] if len(chosen) > 1 else 1
        self[chosen] = found = Segment([_layer_op(self._beginning, kernels[chosen[0]], factor, None)])
        self._tries.size += 1
        return found

    @cached_property
    def following(self) -> Layers:
        """Those that may come after one of these in the same stage."""
        _, out, _, *shared = self._beginning
        beginning: Any = (self.leaving.shape, out, 1, *shared)
        return self._tries.layers(beginning, self._strides)

    @cached_property
    def leaving(self) -> Starts:
        """How the next stage may begin where one of these is the last of its own."""
        shape, out, stride, *_ = self._beginning
        return self._tries.starts((out, *strided(shape, stride)), self._strides)


@lru_cache(maxsize=1 << 16)
def _layer_op(beginning: Beginning, kernel: int, factor: float, given: int | None) -> Op:
    """The chosen layer; `given` is the width of its expansion where the genotype states it."""
    shape, out, stride, op, se, allowed, activation = beginning
    skip = allowed if shape[0] == out else "none"
    if op == "conv":
        return layer_op(shape, Layer(kernel, None, out, stride, 0, activation, skip), stride)
    widened = make_divisible(shape[0] * factor) if op == "mbconv" and factor != 1 else shape[0]
    expanded = widened if given is None else given
    squeezed = se_width(expanded) if se else 0
    return layer_op(shape, Layer(kernel, expanded, out, stride, squeezed, activation, skip), stride)
