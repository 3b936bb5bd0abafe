"""Several copies of one op side by side: the micro network from which a latency table reads what the op costs."""

from __future__ import annotations

from itertools import accumulate

from torch import Tensor, nn

from ..ops import Op, Shape
from .build import build_node
from .video import FoldFrames

_FEATURE_CHANNELS = 8  # with fewer channels a map is taken for a network's own input, which arrives as it is
_PREFIX_CHANNELS = 4


class ParallelCopies(nn.Module):
    """A 1x1 convolution, `copies` of the op with weights of their own on what it gives, and the sum of their outputs.

    The prefix hands the map over in the runtime's own layout, as a preceding op would; an op on a network's input
    (fewer than 8 channels, or no image) reads the input itself. `input_shape` is what the whole takes.

    Ops on clips have parts without weights (a pool, a transposition), which a runtime computes once for all copies if
    they read one map. So there are as many prefixes as there are copies at `most`, each map is the sum of those before
    it, and fewer copies read the last ones. Of an op without weights that keeps its shape, copies stand one after
    another instead: the sum of their outputs would cost as much as they do.
    """

    def __init__(self, op: Op, copies: int, most: int | None = None) -> None:
        super().__init__()
        on_clips = len(op.in_shape) == 4
        maps = (most or copies) if on_clips else 1
        self.prefixes = nn.ModuleList(_prefix(op.in_shape) for _ in range(maps))
        self.copies = nn.ModuleList(build_node(op) for _ in range(copies))
        prefixed = isinstance(self.prefixes[0], nn.Conv2d)
        self.input_shape: Shape = (_PREFIX_CHANNELS, *op.in_shape[1:]) if prefixed else op.in_shape
        self.entry = FoldFrames(self.input_shape) if on_clips else nn.Identity()
        self.chained = on_clips and op.params == 0 and op.in_shape == op.out_shape
        self.further = op.arity - 1

    def forward(self, x: Tensor) -> Tensor:
        x = self.entry(x)
        y: Tensor
        maps = list(accumulate(prefix(x) for prefix in self.prefixes))
        further = [maps[0]] * self.further
        if self.chained:
            y = maps[-1]
            for copy in self.copies:
                y = copy(y, *further)
            return y
        y, *others = (copy(maps[-1 - i % len(maps)], *further) for i, copy in enumerate(self.copies))
        for output in others:
            y = y + output
        return y


def _prefix(in_shape: Shape) -> nn.Module:
    if len(in_shape) not in (3, 4) or in_shape[0] < _FEATURE_CHANNELS:
        return nn.Identity()
    return nn.Conv2d(_PREFIX_CHANNELS, in_shape[0], 1)
