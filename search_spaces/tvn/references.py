"""Published networks at their published signatures: Tiny Video Networks, and the residual networks beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from ..architecture import Architecture
from .published import CLASSES, PUBLISHED
from .resnets import RESNETS

REFERENCES: Mapping[str, Callable[[], Architecture]] = {
    **{name: partial(network.architecture, CLASSES) for name, network in PUBLISHED.items()},
    **{name: network.architecture for name, network in RESNETS.items()},
}


def reference(name: str) -> Architecture:
    """A network of `REFERENCES`."""
    return REFERENCES[name]()
