"""A search space of one's own: rungs of plain convolutions, each with a width and a kernel."""

from search_spaces import Architecture, ChoiceSpace, Options, Position, SearchSpace
from search_spaces.ops import Classifier, Conv


class LadderOptions(Options):
    resolution: int = 16
    rungs: int = 2
    widths: tuple[int, ...] = (8, 16, 24, 32)
    kernels: tuple[int, ...] = (3, 5)


class BoundLadder(ChoiceSpace):
    def __init__(self, options, signature):
        self.options, self.signature = options, signature
        offered = (("width", options.widths), ("kernel", options.kernels))
        self.positions = tuple(Position(f"rung{i}.{k}", v) for i in range(options.rungs) for k, v in offered)

    def is_active(self, name, chosen):
        return True

    def build(self, chosen, widths):
        side = self.options.resolution
        shape, ops = (self.signature.channels, side, side), []
        for i in range(self.options.rungs):
            ops.append(Conv(shape, chosen[f"rung{i}.width"], chosen[f"rung{i}.kernel"], 2, "hswish"))
            shape = ops[-1].out_shape
        return Architecture.chain([*ops, Classifier(shape, self.signature.outputs)])


class Ladder(SearchSpace):
    name, version, kinds, summary = "ladder", 1, ("image",), "rungs of plain convolutions"
    Options = LadderOptions

    def _bind(self, signature):
        return BoundLadder(self.options, signature)
