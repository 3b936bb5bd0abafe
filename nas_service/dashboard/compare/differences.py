"""Two architectures beside each other, op by op: which ops correspond, and in what they differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from nas_service.api.views import OpView

from ..wording import field, shape, value


@dataclass(frozen=True)
class Pair:
    """An op of the one network and what stands in its place in the other; None where nothing does."""

    left: OpView | None
    right: OpView | None

    @property
    def differences(self) -> tuple[str, ...]:
        """Each as `kernel 3 → 5`, from left to right. The size of a map is none: it follows from input and strides."""
        if self.left is None or self.right is None:
            return ("missing",) if self.right is None else ("added",)
        return tuple(_differences(self.left, self.right))


def paired(left: Sequence[OpView], right: Sequence[OpView]) -> list[Pair]:
    """The longest common parts stand beside each other; what lies between is paired in its order, kind by kind."""
    matcher = SequenceMatcher(None, [_likeness(op) for op in left], [_likeness(op) for op in right], autojunk=False)
    return [
        pair
        for tag, a, b, c, d in matcher.get_opcodes()
        for pair in (_exact(left[a:b], right[c:d]) if tag == "equal" else _loose(left[a:b], right[c:d]))
    ]


def _exact(left: Sequence[OpView], right: Sequence[OpView]) -> Iterator[Pair]:
    return map(Pair, left, right)


def _loose(left: Sequence[OpView], right: Sequence[OpView]) -> Iterator[Pair]:
    """Ops of one kind correspond; any other is alone."""
    matcher = SequenceMatcher(None, [op.kind for op in left], [op.kind for op in right], autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            yield from _exact(left[a:b], right[c:d])
        else:
            yield from (Pair(op, None) for op in left[a:b])
            yield from (Pair(None, op) for op in right[c:d])


def _likeness(op: OpView) -> str:
    """Equal for ops that differ in nothing but the size of their maps."""
    return f"{op.kind} {sorted(op.fields.items())}"


def _differences(left: OpView, right: OpView) -> Iterator[str]:
    if len(left.out_shape) != len(right.out_shape):
        yield f"out {shape(left.out_shape)} → {shape(right.out_shape)}"
    elif left.out_shape[:1] != right.out_shape[:1]:
        yield f"out channels {left.out_shape[0]} → {right.out_shape[0]}"
    for name in left.fields | right.fields:
        before, after = left.fields.get(name), right.fields.get(name)
        if before != after and name not in ("out_channels", "outputs"):
            yield f"{field(name)} {_told(before)} → {_told(after)}"


def _told(something: object) -> str:
    return "–" if something is None else value(something)
