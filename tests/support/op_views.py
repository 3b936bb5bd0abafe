"""Architectures as pages get them, of every kind that is drawn."""

from __future__ import annotations

from typing import Any

import numpy as np

from nas_service.api import architectures
from nas_service.api.views import ArchitectureView, OpView
from search_spaces import Architecture, get_space
from search_spaces.space import Signature

SIGNATURES = {
    "mobilenetv3": Signature("image", 3, 10, (32, 32)),
    "tvn": Signature("clip", 3, 7, (64, 64), (8, 8)),
}
OPTIONS: dict[str, dict[str, Any]] = {
    "mobilenetv3": {"backbone": "small", "resolution": [32]},
    "tvn": {"blocks": [3], "repeats": [2], "skip": [True], "temporal_kernel": [3], "temporal_stride": [1]},
}


def sampled(space: str, seed: int = 0) -> ArchitectureView:
    """A random network of a space."""
    bound = get_space(space, **OPTIONS[space]).bind(SIGNATURES[space])
    return architectures.view(bound.architecture(bound.sample(np.random.default_rng(seed))), None)


def published(name: str) -> ArchitectureView:
    reference: Architecture = get_space("mobilenetv3").reference(name)
    return architectures.view(reference, None)


def op(kind: str = "conv", **fields: Any) -> OpView:
    """An op on maps of 16 channels that keeps their size."""
    shape = fields.pop("shape", [16, 8, 8])
    given: dict[str, Any] = {"inputs": [-1], "in_shape": [16, 8, 8], "params": 10, "macs": 640, "latency_ms": None}
    given["latency_error_ms"] = None
    costs = {name: fields.pop(name) for name in list(given) if name in fields}
    return OpView(kind=kind, out_shape=shape, fields=fields, **(given | costs))
