"""Specs as the lines in which they differ: paths as they are typed (`budget.trials`), values as YAML in one line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

NULL = "null"


@dataclass(frozen=True)
class Difference:
    """One line. `values` are in the order of the specs; None where a spec has no such line."""

    path: str
    values: tuple[str | None, ...]


def differences(specs: Sequence[Mapping[str, Any]]) -> list[Difference]:
    """Part by part, in the order in which the specs have their lines.

    Where one spec has an object and another null, the lines of the object say it all.
    """
    lines = [dict(_lines(spec)) for spec in specs]
    parts = list(dict.fromkeys(part for spec in specs for part in spec))
    every = dict.fromkeys(path for one in lines for path in one)
    paths = sorted(every, key=lambda path: parts.index(re.split(r"[.\[]", path)[0]))
    objects = {path[: dot.start()] for path in every for dot in re.finditer(r"[.\[]", path)}
    found = [Difference(path, tuple(one.get(path) for one in lines)) for path in paths]
    told = [one for one in found if one.path not in objects or set(one.values) - {None, NULL}]
    return [one for one in told if len(set(one.values)) > 1]


def _lines(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Objects by their keys, lists of objects by position; whatever else is a line. An empty object has none."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _lines(inner, f"{path}.{key}".lstrip("."))
    elif isinstance(value, list) and any(isinstance(inner, Mapping) for inner in value):
        for position, inner in enumerate(value):
            yield from _lines(inner, f"{path}[{position}]")
    else:
        yield path, _text(value)


def _text(value: Any) -> str:
    dumped = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=float("inf"), sort_keys=False)
    return dumped.removesuffix("\n").removesuffix("\n...")
