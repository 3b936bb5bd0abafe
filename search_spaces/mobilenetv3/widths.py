"""The widths of a network of space `mobilenetv3`, read from its ops: what NetAdapt cuts (arXiv 1905.02244, 4.2).

Expansion widths, and bottleneck widths, each in all blocks that share it; the stem counts as a bottleneck, the first
layer of the last stage as an expansion, which is what it was before it was moved behind the bottlenecks.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..architecture import Architecture
from ..ops import MBConv

STEM, HEAD = "stem.width", "last_stage.expanded"


def sizes(architecture: Architecture, layers: Sequence[str]) -> dict[str, int]:
    """Channels by the name that a genotype has for them; `layers` names those of the body (`stage2.layer0`), in order.

    A layer without expansion has no width of its own: it is as wide as its input.
    """
    stem, *ops = architecture.ops
    found = {STEM: stem.out_shape[0]}
    for name, op in zip(layers, ops, strict=False):
        found[_stage_width(name)] = op.out_shape[0]
        if isinstance(op, MBConv) and op.expands:
            found[f"{name}.expanded"] = op.expanded_channels
    last = ops[len(layers)]
    return found | {HEAD: last.expanded_channels if isinstance(last, MBConv) else last.out_shape[0]}


def shared(architecture: Architecture, layers: Sequence[str]) -> list[list[str]]:
    """Stem and stages, in order; those that a skip connection joins, and that must stay equally wide, together."""
    groups = [[STEM]]
    for name, op in zip(layers, architecture.ops[1:], strict=False):
        width = _stage_width(name)
        if width == groups[-1][-1]:
            continue
        if getattr(op, "skip", "none") == "none":
            groups.append([width])
        else:
            groups[-1].append(width)
    return groups


def _stage_width(layer: str) -> str:
    return f"{layer.partition('.')[0]}.width"
