"""Several copies of one op side by side: the micro network from which a latency table reads what the op costs."""

from __future__ import annotations

from torch import Tensor, nn

from ..ops import Op, Shape
from .build import build_op

_FEATURE_CHANNELS = 8  # with fewer channels a map is taken for a network's own input, which arrives as it is
_PREFIX_CHANNELS = 4


class ParallelCopies(nn.Module):
    """A 1x1 convolution, `copies` of the op with weights of their own on what it gives, and the sum of their outputs.

    The prefix hands the map over in the runtime's own layout, as a preceding op would; an op on a network's input
    (fewer than 8 channels, or no image) reads the input itself. `input_shape` is what the whole takes.
    """

    def __init__(self, op: Op, copies: int) -> None:
        super().__init__()
        self.prefix = _prefix(op.in_shape)
        self.copies = nn.ModuleList(build_op(op) for _ in range(copies))
        prefixed = isinstance(self.prefix, nn.Conv2d)
        self.input_shape: Shape = (_PREFIX_CHANNELS, *op.in_shape[1:]) if prefixed else op.in_shape

    def forward(self, x: Tensor) -> Tensor:
        shared = self.prefix(x)
        first, *others = self.copies
        total: Tensor = first(shared)
        for copy in others:
            total = total + copy(shared)
        return total


def _prefix(in_shape: Shape) -> nn.Module:
    if len(in_shape) != 3 or in_shape[0] < _FEATURE_CHANNELS:
        return nn.Identity()
    return nn.Conv2d(_PREFIX_CHANNELS, in_shape[0], 1)
