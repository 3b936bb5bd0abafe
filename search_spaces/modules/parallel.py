"""Several copies of one op side by side: the micro network from which a latency table reads what the op costs."""

from __future__ import annotations

from itertools import accumulate

from torch import Tensor, nn

from ..ops import Op, Shape
from .build import build_node
from .video import FoldFrames

_FEATURE_CHANNELS = 8  # with fewer channels a map is taken for a network's own input, which arrives as it is
_PREFIX_CHANNELS = 4
_LOOK_CHANNELS = 8


class ParallelCopies(nn.Module):
    """A 1x1 convolution, `copies` of the op with weights of their own on what it gives, and the sum of their outputs.

    The prefix hands the map over in the runtime's own layout, as a preceding op would; an op on a network's input
    (fewer than 8 channels, or no image) reads the input itself. `input_shape` is what the whole takes.

    Ops on clips have parts without weights (a pool, a transposition), which a runtime computes once for all copies if
    they read one map. So there are as many prefixes as there are copies at `most`, each map is the sum of those before
    it, and fewer copies read the last ones. Of an output only one cell a frame is looked at, by a convolution that
    wants it in the runtime's layout again: a sum of whole maps would cost as much as many of these ops do.
    """

    def __init__(self, op: Op, copies: int, most: int | None = None) -> None:
        super().__init__()
        on_clips = len(op.in_shape) == 4
        self.prefixes = nn.ModuleList(_prefix(op.in_shape) for _ in range((most or copies) if on_clips else 1))
        self.copies = nn.ModuleList(build_node(op) for _ in range(copies))
        self.looks = nn.ModuleList(_look(op.out_shape) for _ in range(copies))
        prefixed = isinstance(self.prefixes[0], nn.Conv2d)
        self.input_shape: Shape = (_PREFIX_CHANNELS, *op.in_shape[1:]) if prefixed else op.in_shape
        self.entry = FoldFrames(self.input_shape) if on_clips else nn.Identity()
        self.further = op.arity - 1

    def forward(self, x: Tensor) -> Tensor:
        x = self.entry(x)
        maps = list(accumulate(prefix(x) for prefix in self.prefixes))
        first, *others = (
            look(copy(maps[-1 - place % len(maps)], *[maps[0]] * self.further))
            for place, (copy, look) in enumerate(zip(self.copies, self.looks, strict=True))
        )
        total: Tensor = first
        for output in others:
            total = total + output
        return total


def _prefix(in_shape: Shape) -> nn.Module:
    if len(in_shape) not in (3, 4) or in_shape[0] < _FEATURE_CHANNELS:
        return nn.Identity()
    return nn.Conv2d(_PREFIX_CHANNELS, in_shape[0], 1)


def _look(out_shape: Shape) -> nn.Module:
    if len(out_shape) != 4:
        return nn.Identity()
    return nn.Conv2d(out_shape[0], _LOOK_CHANNELS, 1, max(out_shape[2:]))
