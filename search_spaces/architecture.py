"""An architecture: a graph of ops with shapes, the one description that everything else reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from hashlib import blake2b
from itertools import chain
from typing import Any, NamedTuple

from .ops import Op, Shape, op_from_json

INPUT = -1  # index that stands for the network's input among a node's inputs

Inputs = tuple[tuple[int, ...], ...]


class Node(NamedTuple):
    """An op and the nodes that it reads, by position; `INPUT` is the network's own input."""

    op: Op
    inputs: tuple[int, ...]


class Segment:
    """Ops one after another that many networks have: checked, named and summed up once. Equal only to itself.

    Raises ValueError where shapes do not meet.
    """

    __slots__ = ("in_shape", "keys", "macs", "ops", "out_shape", "params")

    def __init__(self, ops: Iterable[Op]) -> None:
        chained = Architecture.chain(ops)
        self.ops, self.in_shape, self.out_shape = chained.ops, chained.input_shape, chained.output_shape
        self.keys = tuple([op.key for op in self.ops])
        self.params, self.macs = chained.params, chained.macs


@dataclass(frozen=True, init=False, eq=False)
class Architecture:
    """Nodes in topological order; the last one is the output. Raises ValueError where shapes do not meet.

    `frame_rate` is that of an input clip, in frames a second: the same ops on slower frames are another network. Nodes
    are kept as `ops`, and as `inputs`, what each of them reads. What was put together from `segments` has them too; it
    equals the same network put together from ops.
    """

    input_shape: Shape
    frame_rate: float | None
    segments: tuple[Segment, ...] = field(repr=False)

    def __init__(
        self, input_shape: Shape, nodes: Iterable[tuple[Op, tuple[int, ...]]], frame_rate: float | None = None
    ) -> None:
        ops, inputs = zip(*nodes, strict=True)
        _set_checked(self, input_shape, ops, inputs, frame_rate)

    @classmethod
    def chain(cls, ops: Iterable[Op]) -> Architecture:
        """Ops one after another."""
        listed = tuple(ops)
        chained = cls.__new__(cls)
        _set_checked(chained, listed[0].in_shape, listed, _one_after_another(len(listed)), None)
        return chained

    @classmethod
    def joined(cls, segments: Iterable[Segment]) -> Architecture:
        """Segments one after another: the same as the chain of their ops, and quicker."""
        listed = tuple(segments)
        left = [segment.out_shape for segment in listed]
        left.pop()
        if left != [segment.in_shape for segment in listed[1:]]:
            return cls.chain([op for segment in listed for op in segment.ops])  # which says what is wrong
        made = cls.__new__(cls)
        vars(made).update(input_shape=listed[0].in_shape, frame_rate=None, segments=listed)
        return made

    @cached_property
    def ops(self) -> tuple[Op, ...]:
        return tuple([op for segment in self.segments for op in segment.ops])

    @cached_property
    def inputs(self) -> Inputs:
        return _one_after_another(len(self.ops))

    def __eq__(self, other: object) -> bool:
        return self._told == other._told if isinstance(other, Architecture) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._told)

    @property
    def _told(self) -> tuple[Shape, tuple[Op, ...], Inputs, float | None]:
        return self.input_shape, self.ops, self.inputs, self.frame_rate

    def __getstate__(self) -> dict[str, Any]:
        """Without segments, which are worth something only where they are shared."""
        ops, inputs = self.ops, self.inputs
        return vars(self) | {"ops": ops, "inputs": inputs, "segments": ()}

    @property
    def nodes(self) -> tuple[Node, ...]:
        return tuple(map(Node, self.ops, self.inputs))

    @property
    def output_shape(self) -> Shape:
        return (self.segments or self.ops)[-1].out_shape

    @cached_property
    def params(self) -> int:
        return sum([part.params for part in self.segments or self.ops])

    @cached_property
    def macs(self) -> int:
        return sum([part.macs for part in self.segments or self.ops])

    @cached_property
    def hash(self) -> str:
        """32 hex digits over op keys and edges: equal for equal networks, whatever genotype made them."""
        if self.segments:
            keys = tuple(chain.from_iterable([segment.keys for segment in self.segments]))
            text = _template(self.input_shape, None, _one_after_another(len(keys))) % keys
        else:
            text = _template(self.input_shape, self.frame_rate, self.inputs) % tuple([op.key for op in self.ops])
        return blake2b(text.encode(), digest_size=16).hexdigest()

    def to_json(self) -> dict[str, Any]:
        nodes = [node.op.to_json() | {"inputs": list(node.inputs)} for node in self.nodes]
        rate = {} if self.frame_rate is None else {"frame_rate": self.frame_rate}
        return {"input_shape": list(self.input_shape), **rate, "nodes": nodes}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Architecture:
        nodes = (
            Node(op_from_json({k: v for k, v in node.items() if k != "inputs"}), tuple(node["inputs"]))
            for node in data["nodes"]
        )
        return cls(tuple(data["input_shape"]), tuple(nodes), data.get("frame_rate"))


def _set_checked(
    made: Architecture, input_shape: Shape, ops: tuple[Op, ...], inputs: Inputs, frame_rate: float | None
) -> None:
    if not _is_chain_that_fits(input_shape, ops, inputs):
        _refuse_misfits(input_shape, ops, inputs)
    vars(made).update(input_shape=input_shape, ops=ops, inputs=inputs, frame_rate=frame_rate, segments=())


def _is_chain_that_fits(input_shape: Shape, ops: tuple[Op, ...], inputs: Inputs) -> bool:
    """The common case, told apart at once: a search builds thousands of networks a second."""
    if inputs != _one_after_another(len(ops)):
        return False
    fed = [input_shape, *[op.out_shape for op in ops[:-1]]]
    return fed == [op.in_shape for op in ops]


def _refuse_misfits(input_shape: Shape, ops: tuple[Op, ...], inputs: Inputs) -> None:
    given = [input_shape]  # by whatever may be read so far: the input, then nodes
    for position, (op, sources) in enumerate(zip(ops, inputs, strict=True)):
        for source in sources:
            if not INPUT <= source < position:
                raise ValueError(f"node {position} reads node {source}: nodes must stand in topological order")
            shape = given[source - INPUT]
            if shape != op.in_shape:
                raise ValueError(f"node {position} ({op.kind}) takes {op.in_shape}, but is fed {shape}")
        given.append(op.out_shape)


@lru_cache
def _one_after_another(nodes: int) -> Inputs:
    return tuple((position - 1,) for position in range(nodes))


@lru_cache(maxsize=1024, typed=True)  # a rate of 5 is written otherwise than one of 5.0
def _template(input_shape: Shape, frame_rate: float | None, inputs: Inputs) -> str:
    """What is hashed, with a place for the key of each op."""
    rate = "" if frame_rate is None else f"@{frame_rate}"
    return f"{input_shape}{rate}" + ";".join(f"%s<{read}" for read in inputs)
