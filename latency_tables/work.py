"""What an op does, in units that each cost about the same wherever they occur: multiply-adds, values, calls.

The parts of a block are counted apart, for a runtime computes them by kernels of their own (nn-Meter, MobiSys 2021): a
multiply-add of a depthwise convolution costs many times one of a 1x1. Runtimes work on whole blocks of channels, so
that cost climbs in steps; `block` says how many channels are computed at once.
"""

from __future__ import annotations

from dataclasses import replace
from math import log, prod
from typing import Any

import numpy as np

from search_spaces import Op
from search_spaces.ops import Classifier, Conv, MBConv

KERNELS = (1, 3, 5, 7)
MILLION = 1e6
ROUGH = np.array([0.002, 0.025, 0.1, 0.2])  # milliseconds of a call, and of a million of each kind of coarse work

Floats = np.ndarray[Any, np.dtype[np.float64]]


def rough_ms(op: Op) -> float:
    """What an op might cost on a small server's core: right enough to tell which ops matter most."""
    return float(coarse_work(op, 1) @ ROUGH)


def coarse_work(op: Op, block: int) -> Floats:
    """Four kinds of work, for where little was measured: a call, multiply-adds, weights and values to read."""
    wide, values = in_blocks(op, block), prod(op.in_shape) + prod(op.out_shape)
    if isinstance(op, MBConv):
        values += op.expanded_channels * (prod(op.in_shape[1:]) + prod(op.out_shape[1:]))
    return np.array([1.0, wide.macs / MILLION, op.params / MILLION, values / MILLION])


def work(op: Op, block: int) -> Floats:
    """As many kinds of work as are known of this kind of op."""
    if isinstance(op, MBConv):
        return _of_bottleneck(op, block)
    if isinstance(op, Conv):
        return _of_convolution(op, block)
    if isinstance(op, Classifier):
        return _of_classifier(op)
    return coarse_work(op, block)


def place(op: Op) -> Floats:
    """Logarithms of the channels that come in, that go out, of those in between, and of the positions of the map.

    A side that is twice as long is as far as channels that are four times as many.
    """
    between: tuple[int, ...] = ()
    if isinstance(op, MBConv):
        between = (op.expanded_channels,)
    elif isinstance(op, Classifier):
        between = (op.hidden or 1,)
    found: Floats = np.array([*map(log, (op.in_shape[0], op.out_shape[0], *between)), log(prod(op.in_shape[1:]))])
    return found


def in_blocks(op: Op, block: int) -> Op:
    """The op with its channels rounded up to whole blocks, as the runtime computes them."""
    if block == 1 or not isinstance(op, Conv | MBConv | Classifier):
        return op
    fed = (_up(op.in_shape[0], block), *op.in_shape[1:])
    if isinstance(op, Classifier):
        return replace(op, in_shape=fed, hidden=_up(op.hidden, block))
    if isinstance(op, Conv):
        return replace(op, in_shape=fed, out_channels=_up(op.out_channels, block))
    expanded = _up(op.expanded_channels, block) if op.expands else fed[0]
    return replace(op, in_shape=fed, out_channels=_up(op.out_channels, block), expanded_channels=expanded)


def _of_bottleneck(op: MBConv, block: int) -> Floats:
    fed, middle, out = (_up(width, block) for width in (op.in_shape[0], op.expanded_channels, op.out_channels))
    before, after = prod(op.in_shape[1:]), prod(op.out_shape[1:])
    expanded = middle * before if op.expands else 0
    depthwise = op.kernel**2 * middle * after
    bent = expanded + middle * after if op.activation == "hswish" else 0
    gated, skipped = bool(op.se_channels), op.skip != "none"
    return _scaled(
        calls=[1, op.expands, gated, skipped],
        values=[
            fed * expanded,
            middle * out * after,
            *_by(op.kernel, depthwise if op.stride == 1 else 0),
            *_by(op.kernel, depthwise if op.stride > 1 else 0),
            expanded,
            middle * after,
            fed * before,
            out * after,
            bent,
            gated * middle * after,
            2 * middle * op.se_channels,
            skipped * out * after,
            (op.skip == "pool") * out * after,
            op.params,
        ],
    )


def _of_convolution(op: Conv, block: int) -> Floats:
    fed, out = _up(op.in_shape[0], block), _up(op.out_channels, block)
    before, after = prod(op.in_shape[1:]), prod(op.out_shape[1:])
    skipped = op.skip != "none"
    return _scaled(
        calls=[1, skipped],
        values=[
            *_by(op.kernel, op.kernel**2 * fed * out * after),
            fed * before,
            out * after,
            (op.activation == "hswish") * out * after,
            skipped * out * after,
            (op.skip == "pool") * out * after,
            op.params,
        ],
    )


def _of_classifier(op: Classifier) -> Floats:
    """Its time is that of reading its weights, and the map that it pools."""
    return _scaled(calls=[1, op.hidden > 0], values=[prod(op.in_shape), op.params])


def _scaled(calls: list[float], values: list[float]) -> Floats:
    return np.array([*calls, *(value / MILLION for value in values)], dtype=float)


def _by(kernel: int, amount: float) -> list[float]:
    """The amount at the kernel's place, and zeros at those of the others."""
    return [amount if kernel == size else 0.0 for size in KERNELS]


def _up(channels: int, block: int) -> int:
    return -(-channels // block) * block
