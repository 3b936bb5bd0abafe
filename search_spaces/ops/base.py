"""What every op states: shapes, parameters, MACs and the key under which a latency table files what it costs."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, ClassVar

Shape = tuple[int, ...]


class _Interned(ABCMeta):
    """Makes equal ops identical, so that `key`, `params` and `macs` are computed once."""

    interned: bool

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        op = super().__call__(*args, **kwargs)
        return _POOL.setdefault(op, op) if cls.interned else op


_POOL: dict[Any, Any] = {}


@dataclass(frozen=True)
class Op(metaclass=_Interned):
    """One node of an architecture. Subclasses add their own fields; every field is part of `key`.

    A class whose ops hardly ever come twice is not `interned`, for the pool of interned ops is never emptied. An op
    reads `arity` maps, all of `in_shape`.
    """

    kind: ClassVar[str]
    arity: ClassVar[int] = 1
    interned: ClassVar[bool] = True
    in_shape: Shape

    @property
    @abstractmethod
    def out_shape(self) -> Shape:
        """Shape of one output sample, without the batch."""

    @property
    @abstractmethod
    def params(self) -> int:
        """Trainable parameters, batch norm's scale and shift included."""

    @property
    @abstractmethod
    def macs(self) -> int:
        """Multiply-accumulates of convolutions and linear layers for one sample."""

    @cached_property
    def key(self) -> str:
        """Stable, readable name: `mbconv(in_shape=16x112x112,out_channels=24,...)`."""
        shown = (f"{f.name}={_text(getattr(self, f.name))}" for f in fields(self))
        return f"{self.kind}({','.join(shown)})"

    @property
    def family(self) -> str:
        """The key with every width left out: ops of one family differ in nothing but numbers of channels.

        An op of a class that says nothing of its widths is alone in its family.
        """
        return self.key

    @property
    def kin(self) -> str:
        """The family with the size of the map left out too: what latency is interpolated between."""
        return self.family

    def to_json(self) -> dict[str, Any]:
        return dict(self._json)

    @cached_property
    def _json(self) -> dict[str, Any]:
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {"kind": self.kind} | {k: list(v) if isinstance(v, tuple) else v for k, v in values.items()}


def _text(value: Any) -> str:
    return "x".join(map(str, value)) if isinstance(value, tuple) else str(value)
