"""Ops: the nodes of an architecture, at the grain at which a runtime fuses work.

An op is a frozen description, never a module. Two equal ops are one object, so what is derived from an op is derived
once a process. MACs count convolutions and linear layers only (MobileNetV3's MAdds).
"""

from __future__ import annotations

import re
from ast import literal_eval
from collections.abc import Mapping
from typing import Any

from .base import Op, Shape
from .image import Activation, Classifier, Conv, Gate, MBConv, Skip, area, strided
from .shared_weight import SharedWeightNetwork
from .video import POINT, ClipAdd, ClipClassifier, ClipConv, ClipGate, ClipPool, Head, NonLocal, Padding, Pool, Triple

__all__ = [
    "OPS",
    "POINT",
    "Activation",
    "Classifier",
    "ClipAdd",
    "ClipClassifier",
    "ClipConv",
    "ClipGate",
    "ClipPool",
    "Conv",
    "Gate",
    "Head",
    "MBConv",
    "NonLocal",
    "Op",
    "Padding",
    "Pool",
    "Shape",
    "SharedWeightNetwork",
    "Skip",
    "Triple",
    "area",
    "op_from_json",
    "op_from_key",
    "strided",
]

OPS: dict[str, type[Op]] = {
    "conv": Conv,
    "mbconv": MBConv,
    "classifier": Classifier,
    "shared_weight_network": SharedWeightNetwork,
    "clip_conv": ClipConv,
    "clip_pool": ClipPool,
    "clip_gate": ClipGate,
    "non_local": NonLocal,
    "clip_add": ClipAdd,
    "clip_classifier": ClipClassifier,
}


def op_from_json(data: Mapping[str, Any]) -> Op:
    """The op that `to_json` described. Raises KeyError for an unknown kind, TypeError for unknown fields."""
    values = {k: tuple(v) if isinstance(v, list) else v for k, v in data.items() if k != "kind"}
    return OPS[data["kind"]](**values)


def op_from_key(key: str) -> Op | None:
    """The op of an `Op.key`; None for an op whose key does not spell out every field."""
    kind, _, rest = key.partition("(")
    if kind not in OPS or not rest.endswith(")"):
        return None
    values = dict(part.partition("=")[::2] for part in rest[:-1].split(","))
    try:
        op = OPS[kind](**{name: _value(name, text) for name, text in values.items()})
    except (TypeError, ValueError):
        return None
    return op if op.key == key else None


def _value(name: str, text: str) -> Any:
    if name == "in_shape" or re.fullmatch(r"\d+(x\d+)+", text):
        return tuple(map(int, text.split("x")))
    if text.isascii() and text.isdecimal():  # nearly always; the rest costs ten times as much
        return int(text)
    try:
        return literal_eval(text)
    except (SyntaxError, ValueError):
        return text
