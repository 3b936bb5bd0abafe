"""Weights of a network for the same network with fewer channels: those whose filters have the largest L2 norm stay.

What NetAdapt inherits from step to step (arXiv 1804.03230, section 3). The wider network is known by its weights alone,
for tensors of both are named alike. Channels that one op makes and others read are cut alike in all of them: filters,
norms, depthwise filters, gates and the inputs of the next layers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from ..architecture import INPUT, Architecture
from ..ops import Classifier, Conv, MBConv, Op

Layout = Mapping[str, tuple[str, ...]]

# Tensors of a module to what their axes number: channels that come in, that go out, and those in between. A norm is
# named as a whole. The first filter that has an axis in its first place makes these channels.
_CONV: Layout = {"conv.weight": ("out", "in"), "bn": ("out",)}
_MBCONV: Layout = {
    "expansion.0.weight": ("expanded", "in"),
    "expansion.1": ("expanded",),
    "depthwise.0.weight": ("expanded",),
    "depthwise.1": ("expanded",),
    "se.reduce.weight": ("squeezed", "expanded"),
    "se.reduce.bias": ("squeezed",),
    "se.expand.weight": ("expanded", "squeezed"),
    "se.expand.bias": ("expanded",),
    "projection.0.weight": ("out", "expanded"),
    "projection.1": ("out",),
}
_CLASSIFIER: Layout = {"hidden.weight": ("hidden", "in"), "hidden.bias": ("hidden",)}
_BARE_CLASSIFIER: Layout = {"output.weight": ("outputs", "in")}

_LAYOUTS: dict[type[Op], Callable[[Any], Layout]] = {
    Conv: lambda _: _CONV,
    MBConv: lambda _: _MBCONV,
    Classifier: lambda op: _CLASSIFIER if op.hidden else _BARE_CLASSIFIER,
}


@dataclass
class Channels:
    """Channels that have to be cut alike: how many stay, and the filters (before, ...) that make them."""

    count: int
    filters: list[Tensor] = field(default_factory=list)

    @property
    def before(self) -> int | None:
        """How many there were; None where that is not known, or not the same everywhere."""
        counts = {len(each) for each in self.filters}
        return counts.pop() if len(counts) == 1 else None

    @cached_property
    def kept(self) -> Tensor | None:
        """Positions of those that stay, in order, where there are too many; None where nothing can be cut."""
        if self.before is None or self.before <= self.count:
            return None
        squares = torch.stack([each.flatten(1).float().square().sum(1) for each in self.filters]).sum(0)
        return squares.argsort(descending=True, stable=True)[: self.count].sort().values


def narrowed(architecture: Architecture, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights of a network that differs from `architecture` in being wider, cut to its channels.

    Tensors that cannot be cut, because the networks differ in more than that, stay as they are.
    """
    found = dict(weights)
    for position, axes in enumerate(list(_numbered(architecture, weights))):  # all of it, for later ops add filters
        layout = _layout(architecture.ops[position])
        for name in [name for name in weights if name.startswith(f"nodes.{position}.")]:
            part = name.split(".", 2)[2]
            named = layout.get(part) or layout.get(part.rpartition(".")[0], ())
            found[name] = _cut(weights[name], [axes.get(each) for each in named])
    return found


def _cut(tensor: Tensor, axes: list[Channels | None]) -> Tensor:
    for axis, channels in enumerate(axes[: tensor.ndim]):
        kept = channels.kept if channels is not None else None
        if kept is not None and channels is not None and tensor.shape[axis] == channels.before:
            tensor = tensor.index_select(axis, kept)
    return tensor


def _numbered(architecture: Architecture, weights: Mapping[str, Tensor]) -> Iterator[dict[str, Channels]]:
    """For each node, the channels that the axes of its tensors number."""
    leaving: list[Channels | None] = []
    for position, node in enumerate(architecture.nodes):
        coming = None if len(node.inputs) != 1 or node.inputs[0] == INPUT else leaving[node.inputs[0]]
        axes = {} if coming is None else {"in": coming}
        for name, count in _counts(node.op).items():
            made = _filter(node.op, name)
            filters = [weights[key] for part in made if (key := f"nodes.{position}.{part}") in weights]
            axes[name] = _joined(node.op, name, coming, Channels(count, filters))
        leaving.append(axes.get("out"))
        yield axes


def _joined(op: Op, name: str, coming: Channels | None, own: Channels) -> Channels:
    """The op's own channels, or those that come in where both are the same: without expansion, or through a skip."""
    if coming is None:
        return own
    if isinstance(op, MBConv) and name == "expanded" and not op.expands:
        return coming
    if name == "out" and getattr(op, "skip", "none") != "none" and own.before == coming.before:
        coming.filters += own.filters
        return coming
    return own


def _counts(op: Op) -> dict[str, int]:
    """How many channels of each kind an op makes."""
    if isinstance(op, Conv):
        return {"out": op.out_channels}
    if isinstance(op, MBConv):
        return {"expanded": op.expanded_channels, "squeezed": op.se_channels, "out": op.out_channels}
    return {"hidden": op.hidden} if isinstance(op, Classifier) else {}


def _filter(op: Op, name: str) -> list[str]:
    """The tensor that makes channels of this kind, where there is one."""
    return [part for part, axes in _layout(op).items() if part.endswith("weight") and axes[0] == name][:1]


def _layout(op: Op) -> Layout:
    layout = _LAYOUTS.get(type(op))
    return {} if layout is None else layout(op)
