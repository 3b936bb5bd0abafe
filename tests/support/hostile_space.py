"""A search space whose names and options a browser would take for HTML, or a formatter for its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

from search_spaces import Architecture, ChoiceSpace, Position, SearchSpace, registry
from search_spaces.ops import Classifier, Conv
from search_spaces.space import BoundSpace, Kind, Signature

KERNEL = "<img src=x onerror=alert(1)>.kernel"
WIDTH = "{b}<script>alert(2)</script>" + "w" * 300
KERNELS = {"<b>three</b>": 3, "{c}${alert(3)}": 5, "'\"></option>seven": 7}
WIDTHS = (8, 16)
PARTS: dict[str, Any] = {"space": {"name": "hostile"}, "objective": {"reward": "metric", "cost": "params"}}


class BoundHostile(ChoiceSpace):
    positions = (Position(KERNEL, tuple(KERNELS)), Position(WIDTH, WIDTHS), Position("depth", (1, 2, 3)))

    def __init__(self, signature: Signature) -> None:
        self.signature = signature

    def is_active(self, name: str, chosen: Mapping[str, Any]) -> bool:  # noqa: ARG002 - all of them matter
        return True

    def build(self, chosen: Mapping[str, Any], widths: Mapping[str, int]) -> Architecture:  # noqa: ARG002
        ops: list[Any] = []
        shape = (self.signature.channels, 16, 16)
        for _ in range(chosen["depth"]):
            ops.append(Conv(shape, chosen[WIDTH], KERNELS[chosen[KERNEL]], 2, "relu"))
            shape = ops[-1].out_shape
        return Architecture.chain([*ops, Classifier(shape, self.signature.outputs)])


class Hostile(SearchSpace):
    name: ClassVar[str] = "hostile"
    version: ClassVar[int] = 1
    kinds: ClassVar[tuple[Kind, ...]] = ("image",)
    summary: ClassVar[str] = "names that have to be shown as they are"

    def _bind(self, signature: Signature) -> BoundSpace:
        return BoundHostile(signature)


@contextmanager
def registered() -> Iterator[None]:
    """Known to the service of this process for as long as it lasts."""
    registry.SPACES[Hostile.name] = Hostile
    registry.space_classes.cache_clear()
    try:
        yield
    finally:
        registry.SPACES.pop(Hostile.name, None)
        registry.space_classes.cache_clear()
