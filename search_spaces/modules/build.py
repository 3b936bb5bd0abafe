"""Torch modules for ops and for whole architectures. Attributes stand in the order of execution."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from ..architecture import INPUT, Architecture
from ..ops import Activation, Classifier, Conv, Gate, MBConv, Op, SharedWeightNetwork
from . import video
from .activation import activation
from .shared_weight import SharedWeightModule

DROPOUT = 0.2  # before the output layer (arXiv 1905.02244: keep probability 0.8)


class ConvModule(nn.Module):
    def __init__(self, op: Conv) -> None:
        super().__init__()
        self.conv = _conv(op.in_shape[0], op.out_channels, op.kernel, op.stride)
        self.bn = _norm(op.out_channels)
        self.act = activation(op.activation)
        self.shortcut = _shortcut(op.skip, op.stride)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.act(self.bn(self.conv(x)))
        return y if self.shortcut is None else y + self.shortcut(x)


class SqueezeExcite(nn.Module):
    """Channel gate: pool, reduce, relu, expand, hard sigmoid (arXiv 1905.02244) or sigmoid (arXiv 1807.11626)."""

    def __init__(self, channels: int, squeezed: int, gate: Gate) -> None:
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.reduce = nn.Conv2d(channels, squeezed, 1)
        self.act = nn.ReLU(inplace=True)
        self.expand = nn.Conv2d(squeezed, channels, 1)
        self.gate = nn.Hardsigmoid() if gate == "hard_sigmoid" else nn.Sigmoid()

    def forward(self, x: Tensor) -> Tensor:
        scale: Tensor = self.gate(self.expand(self.act(self.reduce(self.pool(x)))))
        return x * scale


class MBConvModule(nn.Module):
    def __init__(self, op: MBConv) -> None:
        super().__init__()
        cin, mid = op.in_shape[0], op.expanded_channels
        act = op.activation
        self.expansion = _conv_bn(cin, mid, 1, 1, act) if op.expands else nn.Identity()
        self.depthwise = _conv_bn(mid, mid, op.kernel, op.stride, act, groups=mid)
        self.se = SqueezeExcite(mid, op.se_channels, op.se_gate) if op.se_channels else nn.Identity()
        self.projection = _conv_bn(mid, op.out_channels, 1, 1, "none")
        self.shortcut = _shortcut(op.skip, op.stride)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.projection(self.se(self.depthwise(self.expansion(x))))
        return y if self.shortcut is None else y + self.shortcut(x)


class ClassifierModule(nn.Module):
    def __init__(self, op: Classifier) -> None:
        super().__init__()
        features = op.hidden or op.in_shape[0]
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.hidden = nn.Linear(op.in_shape[0], op.hidden) if op.hidden else nn.Identity()
        self.act = activation(op.activation) if op.hidden else nn.Identity()
        self.dropout = nn.Dropout(DROPOUT)
        self.output = nn.Linear(features, op.outputs)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.output(self.dropout(self.act(self.hidden(self.pool(x).flatten(1)))))
        return y


class Graph(nn.Module):
    """The modules of an architecture's ops, wired as it says; parameters are named `nodes.<position>.<part>`."""

    def __init__(self, architecture: Architecture, module_of: Callable[[Op], nn.Module]) -> None:
        super().__init__()
        self.nodes = nn.ModuleList(module_of(op) for op in architecture.ops)
        self.inputs = tuple(node.inputs for node in architecture.nodes)

    def forward(self, x: Tensor) -> Tensor:
        values: list[Tensor] = []
        for node, inputs in zip(self.nodes, self.inputs, strict=True):
            values.append(node(*(x if source == INPUT else values[source] for source in inputs)))
        return values[-1]


class Network(Graph):
    """An architecture as one module; clips are folded into the batch at the entry."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__(architecture, build_node)
        shape = architecture.input_shape
        self.entry = video.FoldFrames(shape) if len(shape) == 4 else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(self.entry(x))


_MODULES: dict[type[Op], Callable[[Any], nn.Module]] = {
    Conv: ConvModule,
    MBConv: MBConvModule,
    Classifier: ClassifierModule,
    SharedWeightNetwork: SharedWeightModule,
    **video.MODULES,
}


def build_op(op: Op) -> nn.Module:
    """A freshly initialised module for one op: input (batch, *in_shape), output (batch, *out_shape)."""
    module = build_node(op)
    return video.OfClips(op, module) if type(op) in video.MODULES else module


def build_node(op: Op) -> nn.Module:
    """The same as networks hold it: one for clips takes and gives (batch * frames, channels, height, width)."""
    module = _MODULES[type(op)](op)
    module.apply(video.initialise if type(op) in video.MODULES else _initialise)
    return module


def build(architecture: Architecture) -> nn.Module:
    """A freshly initialised module: input (batch, *input_shape) float32, output (batch, outputs).

    Clips may also come as a batch of frames, (batch * frames, channels, height, width), one clip after another.

    Weights come from torch's global generator: seed it first for a reproducible network.
    """
    return Network(architecture)


def _initialise(module: nn.Module) -> None:
    """Kaiming normal (fan out) for convolutions, N(0, 0.01) for linear layers, as the published networks start."""
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out")
    elif isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, 0.0, 0.01)
    if isinstance(module, (nn.Conv2d, nn.Linear)) and module.bias is not None:
        nn.init.zeros_(module.bias)


def _conv(cin: int, cout: int, kernel: int, stride: int, groups: int = 1) -> nn.Conv2d:
    return nn.Conv2d(cin, cout, kernel, stride, padding=kernel // 2, groups=groups, bias=False)


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


def _conv_bn(cin: int, cout: int, kernel: int, stride: int, act: Activation, groups: int = 1) -> nn.Sequential:
    return nn.Sequential(_conv(cin, cout, kernel, stride, groups), _norm(cout), activation(act))


def _shortcut(skip: str, stride: int) -> nn.Module | None:
    shortcuts: dict[str, Callable[[], nn.Module]] = {
        "identity": nn.Identity,
        "pool": lambda: nn.AvgPool2d(3, stride, padding=1, count_include_pad=False),
    }
    return shortcuts[skip]() if skip != "none" else None
