"""Activations by name."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from ..ops import Activation

_ACTIVATIONS: dict[Activation, Callable[[], nn.Module]] = {
    "relu": lambda: nn.ReLU(inplace=True),
    "relu6": lambda: nn.ReLU6(inplace=True),
    "hswish": lambda: nn.Hardswish(inplace=True),
    "none": nn.Identity,
}


def activation(name: Activation) -> nn.Module:
    """A module that overwrites its input; `none` is the identity."""
    return _ACTIVATIONS[name]()
