"""Several copies of one op side by side: the micro network from which a latency table reads what the op costs."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from ..ops import ClipAdd, Op, Shape
from .build import build_node
from .video import FoldFrames

_FEATURE_CHANNELS = 8  # with fewer channels a map is taken for a network's own input, which arrives as it is
_PREFIX_CHANNELS = 4
_LOOK_CHANNELS = 8


class ParallelCopies(nn.Module):
    """A 1x1 convolution, `copies` of the op with weights of their own on what it gives, and the sum of their outputs.

    The prefix hands the map over in the runtime's own layout, as a preceding op would; an op on a network's input
    (fewer than 8 channels, or no image) reads the input itself. `input_shape` is what the whole takes.
    """

    def __init__(self, op: Op, copies: int) -> None:
        super().__init__()
        self.prefix = _prefix(op.in_shape)
        self.copies = nn.ModuleList(build_node(op) for _ in range(copies))
        self.input_shape = _input_shape(op, self.prefix)

    def forward(self, x: Tensor) -> Tensor:
        shared = self.prefix(x)
        return _total([copy(shared) for copy in self.copies])


class ParallelClipCopies(nn.Module):
    """The same for an op on clips, `copies` of it on maps of their own, of which there are always `maps`.

    These ops have parts without weights (a pool, a transposition), which a runtime computes once for all copies that
    read one map. Of an output, and of a map that no copy reads, only one cell a frame is looked at: a sum of whole maps
    would cost as much as many of these ops do. Maps do not depend on each other, so that each has just been computed
    when it is read, as in a network. A sum reads two maps, and is looked at twice; it finds before it what a block ends
    with, for a runtime may do the sum in there.
    """

    def __init__(self, op: Op, copies: int, maps: int) -> None:
        super().__init__()
        self.prefixes = nn.ModuleList(_prefix(op.in_shape) for _ in range(maps * op.arity))
        self.input_shape = _input_shape(op, self.prefixes[0])
        self.entry = FoldFrames(self.input_shape)
        self.copies = nn.ModuleList(build_node(op) for _ in range(copies))
        read = copies * op.arity
        self.looks = nn.ModuleList(_look(op.out_shape if i < read else op.in_shape) for i in range(maps * op.arity))
        self.maps, self.arity = maps, op.arity
        self.gated = isinstance(op, ClipAdd) and op.gated

    def forward(self, x: Tensor) -> Tensor:
        x = self.entry(x)
        outputs = []
        for number in range(self.maps):
            places = range(number * self.arity, (number + 1) * self.arity)
            seen = [self._map(place, x) for place in places]
            if number < len(self.copies):
                seen = [self.copies[number](*seen)] * self.arity
            outputs += [self.looks[place](value) for place, value in zip(places, seen, strict=True)]
        return _total(outputs)

    def _map(self, place: int, x: Tensor) -> Tensor:
        """Of the two maps of a gated sum the first is gated."""
        prefix = self.prefixes[place]
        own: Tensor = prefix(x) if isinstance(prefix, nn.Conv2d) else x * (1 + place)
        return own * own[:, :, :1, :1] if self.gated and place % self.arity == 0 else own


def parallel_copies(op: Op, copies: int, most: int) -> ParallelCopies | ParallelClipCopies:
    """The micro network of `copies` of the op, comparable to those of up to `most` copies."""
    return ParallelClipCopies(op, copies, most) if len(op.in_shape) == 4 else ParallelCopies(op, copies)


def _prefix(in_shape: Shape) -> nn.Module:
    if len(in_shape) not in (3, 4) or in_shape[0] < _FEATURE_CHANNELS:
        return nn.Identity()
    return nn.Conv2d(_PREFIX_CHANNELS, in_shape[0], 1)


def _input_shape(op: Op, prefix: nn.Module) -> Shape:
    return (_PREFIX_CHANNELS, *op.in_shape[1:]) if isinstance(prefix, nn.Conv2d) else op.in_shape


def _look(shape: Shape) -> nn.Module:
    """One cell of every frame, averaged over frames: (batch, 8)."""
    return _Look(shape) if len(shape) == 4 else nn.Linear(shape[0], _LOOK_CHANNELS)


class _Look(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.conv = nn.Conv2d(shape[0], _LOOK_CHANNELS, 1, max(shape[2:]))
        self.frames = shape[1]

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv(x).reshape(-1, self.frames, _LOOK_CHANNELS).mean(1)
        return y


def _total(outputs: Sequence[Tensor]) -> Tensor:
    total, *others = outputs
    for output in others:
        total = total + output
    return total
