"""Published MobileNetV3 weights: a state dict in torchvision's key layout becomes one of ours.

| theirs | ours |
|---|---|
| `features.0.0` and `.1` (stem), the last `features.<i>` (1x1 head) | `nodes.<i>.conv`, `nodes.<i>.bn` |
| `features.<i>.block.<j>.0` and `.1` | `nodes.<i>.expansion`, if there is one, `depthwise`, `projection` |
| `features.<i>.block.<j>.fc1` and `.fc2` | `nodes.<i>.se.reduce`, `nodes.<i>.se.expand` |
| `classifier.0`, `classifier.3` | `nodes.<last>.hidden`, `nodes.<last>.output` |

Both number layers in the order of execution, so `<i>` is the same number on either side.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields

import torch
from torch import Tensor

from ..architecture import Architecture
from ..mobilenetv3.references import REFERENCES
from ..ops import Conv, MBConv, Op
from .build import build

PUBLISHED = ("mobilenetv3-large", "mobilenetv3-small", *(name for name in REFERENCES if name.endswith("-torchvision")))


class WeightsError(ValueError):
    """Weights that do not fit an architecture: says which tensor, and what would fit."""


def from_torchvision(state_dict: Mapping[str, Tensor], architecture: Architecture) -> dict[str, Tensor]:
    """The same tensors under our names, for `build(architecture).load_state_dict`.

    The architecture has the layers of a reference in `PUBLISHED`; its resolution and its outputs may be others. Raises
    WeightsError where it has not, and for tensors that are missing, left over or of another shape.

    >>> network = get_space("mobilenetv3").reference("mobilenetv3-small")
    >>> build(network).load_state_dict(from_torchvision(torch.load("mobilenet_v3_small.pth"), network))
    """
    _refuse_other_layers(architecture)
    with torch.device("meta"):
        wanted = build(architecture).state_dict()
    layers = dict(_layers(architecture))
    names = {ours: _renamed(ours, layers) for ours in wanted}
    _refuse_other_keys(state_dict.keys(), names.values())
    for ours, theirs in names.items():
        given, fitting = tuple(state_dict[theirs].shape), tuple(wanted[ours].shape)
        if given != fitting:
            raise WeightsError(
                f"{theirs} has shape {given}, and {ours} takes {fitting}: these weights are of another size, width or "
                "number of classes; choose the architecture that they were trained for"
            )
    return {ours: state_dict[theirs] for ours, theirs in names.items()}


def _renamed(ours: str, layers: Mapping[str, str]) -> str:
    """`nodes.1.depthwise.1.running_mean` is `features.1.block.0.1.running_mean`."""
    layer, _, leaf = ours.rpartition(".")
    return f"{layers[layer]}.{leaf}"


def _refuse_other_layers(architecture: Architecture) -> None:
    """Names and shapes alone would not tell another activation, skip or stride."""
    layers = _layers_of(architecture)
    if all(layers != _layers_of(REFERENCES[name]()) for name in PUBLISHED):
        raise WeightsError(
            "this architecture has other layers than torchvision's MobileNetV3, so its weights mean nothing here; "
            f"take one of the references {', '.join(PUBLISHED)}"
        )


def _layers_of(architecture: Architecture) -> list[dict[str, object]]:
    free = ("in_shape", "outputs")
    return [
        {"kind": op.kind} | {f.name: getattr(op, f.name) for f in fields(op) if f.name not in free}
        for op in architecture.ops
    ]


def _refuse_other_keys(given: Iterable[str], wanted: Iterable[str]) -> None:
    missing, left_over = sorted(set(wanted) - set(given)), sorted(set(given) - set(wanted))
    if not missing and not left_over:
        return
    counted = [
        f"{len(keys)} {what}, for example {keys[0]}"
        for keys, what in ((missing, "missing"), (left_over, "left over"))
        if keys
    ]
    raise WeightsError(
        f"these are not torchvision's weights of this architecture: {'; '.join(counted)}. "
        "Pass the state dict of mobilenet_v3_large or mobilenet_v3_small, not a checkpoint around it"
    )


def _layers(architecture: Architecture) -> Iterator[tuple[str, str]]:
    """Our name and theirs of every layer that has weights."""
    for position, op in enumerate(architecture.ops):
        for ours, theirs in _parts(op):
            yield f"nodes.{position}.{ours}", theirs.format(position)


def _parts(op: Op) -> Iterator[tuple[str, str]]:
    if isinstance(op, Conv):
        yield from (("conv", "features.{}.0"), ("bn", "features.{}.1"))
    elif isinstance(op, MBConv):
        yield from _block(op)
    else:
        yield from (("hidden", "classifier.0"), ("output", "classifier.3"))


def _block(op: MBConv) -> Iterator[tuple[str, str]]:
    parts = (("expansion", op.expands), ("depthwise", True), ("se", op.se_channels > 0), ("projection", True))
    present = [name for name, there in parts if there]
    for place, name in enumerate(present):
        inside = (("reduce", "fc1"), ("expand", "fc2")) if name == "se" else (("0", "0"), ("1", "1"))
        for ours, theirs in inside:
            yield f"{name}.{ours}", f"features.{{}}.block.{place}.{theirs}"
