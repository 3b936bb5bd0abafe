"""From layer specifications to an architecture: the one way in which a MobileNetV3-type network is put together.

Sampled genotypes and published references both end here, so that counts that hold for the references hold for samples.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Literal, NamedTuple

from ..architecture import Architecture
from ..ops import Activation, Classifier, Conv, Gate, MBConv, Op, Shape, Skip, strided
from ..space import Signature

SMALLEST_MAP = 4  # pixels a side that the last feature map keeps on small inputs


class Layer(NamedTuple):
    """One layer of the body. `expanded` is None for a plain convolution, the input width for a separable one."""

    kernel: int
    expanded: int | None
    out: int
    stride: int = 1
    se: int = 0
    activation: Activation = "relu"
    skip: Skip = "identity"
    gate: Gate = "hard_sigmoid"


Form = Literal["efficient", "features", "original"]


class Ends(NamedTuple):
    """The stem and the last stage, whose `form` says where the feature layer of width `hidden` stands.

    `efficient`: 1x1 to `head`, pool, linear to `hidden` (arXiv 1905.02244, section 5.1). `features`: 1x1 to `hidden`,
    pool, as MnasNet and MobileNetV2 end. `original`: a bottleneck that expands to `head` goes before the features.
    """

    stem: int = 16
    head: int = 960
    hidden: int = 1280
    form: Form = "efficient"
    activation: Activation = "hswish"


def make_divisible(channels: float, divisor: int = 8) -> int:
    """The nearest multiple of `divisor`, never more than 10 % below `channels` (the MobileNet rule)."""
    rounded = max(divisor, int(channels + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * channels else rounded


def se_width(expanded: int) -> int:
    """Squeeze-and-excitation bottleneck: a quarter of the expansion (arXiv 1905.02244, section 5.3)."""
    return make_divisible(expanded / 4)


@lru_cache(maxsize=1024)
def stride_plan(resolution: int, strides: tuple[int, ...]) -> tuple[int, ...]:
    """`strides` with the earliest ones set to 1 until the last map of a `resolution` input is 4x4 or more.

    At 224 px a factor of 32 stays as published; at 32 px three of five halvings remain, the last three.
    """
    kept = list(strides)
    for i in range(len(kept)):
        shape: Shape = (0, resolution, resolution)
        for stride in kept:
            shape = (0, *strided(shape, stride))
        if shape[1] >= SMALLEST_MAP:
            break
        kept[i] = 1
    return tuple(kept)


def assemble(signature: Signature, resolution: int, layers: Sequence[Layer], ends: Ends) -> Architecture:
    """Stem, body and last stage at one input resolution, with the stride plan for that resolution."""
    stem_stride, *strides = stride_plan(resolution, (2, *[layer.stride for layer in layers]))
    ops = [stem_op((signature.channels, resolution, resolution), ends.stem, stem_stride, ends.activation)]
    for layer, stride in zip(layers, strides, strict=True):
        ops.append(layer_op(ops[-1].out_shape, layer, stride))
    return Architecture.chain([*ops, *last_stage(ops[-1].out_shape, ends, signature.outputs)])


@cache
def stem_op(shape: Shape, out: int, stride: int, activation: Activation) -> Op:
    return Conv(shape, out, 3, stride, activation)


def layer_op(shape: Shape, layer: Layer, stride: int) -> Op:
    """The layer at the stride that is planned for it, with its skip where the shapes of both ends allow one."""
    skip = layer.skip if shape[0] == layer.out and (stride == 1 or layer.skip == "pool") else "none"
    if layer.expanded is None:
        return Conv(shape, layer.out, layer.kernel, stride, layer.activation, skip)
    return MBConv(shape, layer.out, layer.kernel, stride, layer.expanded, layer.se, layer.activation, skip, layer.gate)


@cache
def last_stage(shape: Shape, ends: Ends, outputs: int) -> tuple[Op, ...]:
    if ends.form == "efficient":
        head = Conv(shape, ends.head, 1, 1, ends.activation)
        return head, Classifier(head.out_shape, outputs, ends.hidden, ends.activation)
    last = [MBConv(shape, 2 * shape[0], 3, 1, ends.head, 0, ends.activation)] if ends.form == "original" else []
    features = Conv(last[-1].out_shape if last else shape, ends.hidden, 1, 1, ends.activation)
    return *last, features, Classifier(features.out_shape, outputs)
