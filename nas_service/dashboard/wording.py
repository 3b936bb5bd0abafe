"""An op in words, for pictures, charts and tables: plain text, which whoever shows it has to escape."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

FEW = 4  # values of a list that are spelled out
_IN_TITLE = ("kernel", "stride")
_IN_SHAPE = ("out_channels", "outputs")
_NAMES = {"expanded_channels": "expansion", "se_channels": "SE", "se_gate": "SE gate"}


class Described(Protocol):
    """An op as an architecture or as the key of a latency table has it. Its first map has (channels, ...)."""

    @property
    def kind(self) -> str: ...

    @property
    def in_shape(self) -> list[int]: ...

    @property
    def fields(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Keyed:
    """What a key says of an op; without a shape where it tells none."""

    kind: str
    in_shape: list[int]
    fields: dict[str, Any]


def keyed(key: str) -> Keyed:
    """The op that has this key, `mbconv(in_shape=16x112x112,out_channels=24,kernel=3)`."""
    kind, _, rest = key.removesuffix(")").partition("(")
    fields = {name: _read(text) for name, _, text in (part.partition("=") for part in rest.split(",")) if text}
    read = fields.pop("in_shape", [])
    return Keyed(kind, read if isinstance(read, list) else [read], fields)


def reads(op: Described) -> str:
    """The map that it reads; empty where it is not known."""
    return f"on {shape(op.in_shape)}" if op.in_shape else ""


def title(op: Described) -> str:
    """What it is: kind and kernel, with the stride behind a slash unless it is 1."""
    kernel, stride = op.fields.get("kernel"), op.fields.get("stride", 1)
    window = "" if kernel is None else f" {_window(kernel, op)}"
    step = "" if _is_one(stride) else f" / {value(stride)}"
    return f"{op.kind}{window}{step}"


def details(op: Described) -> str:
    """Its own properties but those of the title and those that its shape tells: `expands to 64 · SE 16 · hswish`."""
    return " · ".join(_properties(op))


def field(name: str) -> str:
    """What a property of an op is called."""
    return _NAMES.get(name, name.replace("_", " "))


def _properties(op: Described) -> list[str]:
    fields = {k: v for k, v in op.fields.items() if k not in (*_IN_TITLE, *_IN_SHAPE)}
    said = [_expansion(op, fields.pop("expanded_channels", None)), _se(fields), _groups(op, fields.pop("groups", 1))]
    bare = [str(fields.pop(name, "none")) for name in ("pool", "head", "activation")]
    skip, padding = fields.pop("skip", "none"), fields.pop("padding", "same")
    said += [one for one in bare if one != "none"]
    said += [] if skip == "none" else ["skip" if skip == "identity" else f"skip by {value(skip)}"]
    said += [] if padding == "same" else [f"{value(padding)} padding"]
    return [*filter(None, said), *(f"{field(k)} {value(v)}" for k, v in fields.items() if _says(v))]


def _expansion(op: Described, channels: int | None) -> str:
    if channels is None:
        return ""
    return "no expansion" if [channels] == op.in_shape[:1] else f"expands to {channels}"


def _se(fields: dict[str, Any]) -> str:
    """Squeeze-and-excitation, with its gate only where it has one."""
    channels, gate = fields.pop("se_channels", 0), fields.pop("se_gate", "")
    return f"SE {channels}" + (" sigmoid" if gate == "sigmoid" else "") if channels else ""


def _groups(op: Described, groups: int) -> str:
    if groups == 1:
        return ""
    return "depthwise" if [groups] == op.in_shape[:1] else f"{groups} groups"


def value(something: Any) -> str:
    """A field as people read it; of a long list only how much there is."""
    if isinstance(something, list):
        return "×".join(map(str, something)) if len(something) <= FEW else f"({len(something)} values)"
    if isinstance(something, Mapping):
        return f"({len(something)} values)"
    if isinstance(something, bool):
        return "yes" if something else "no"
    return f"{something:g}" if isinstance(something, float) else str(something)


def cut(text: str, longest: int) -> str:
    """A text with no more characters than there is room for."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def shape(dimensions: Sequence[int]) -> str:
    return "×".join(map(str, dimensions))


def _window(kernel: Any, op: Described) -> str:
    sides = [kernel] * max(1, len(op.in_shape) - 1) if isinstance(kernel, int) else kernel
    return value(sides)


def _is_one(stride: Any) -> bool:
    return stride == 1 or (isinstance(stride, list) and all(step == 1 for step in stride))


def _says(something: Any) -> bool:
    return something not in (None, False, "", 0, "none", [])


def _read(text: str) -> Any:
    """A value in a key: numbers, shapes and truths are what they were in the op."""
    if re.fullmatch(r"\d+(x\d+)+", text):
        return [int(side) for side in text.split("x")]
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    if re.fullmatch(r"-?\d+\.\d*(e-?\d+)?", text):
        return float(text)
    return {"True": True, "False": False, "None": None}.get(text, text)
