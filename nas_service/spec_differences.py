"""Specs beside each other as lines, those that differ or all of them.

Paths are as they are typed (`budget.trials`), values are YAML in one line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

NULL = "null"


@dataclass(frozen=True)
class Line:
    """`values` are in the order of the specs; None where a spec has no such line."""

    path: str
    values: tuple[str | None, ...]


def lines(specs: Sequence[Mapping[str, Any]], *, every: bool = False) -> list[Line]:
    """Those that differ, or every one; part by part, in the order in which the specs have their lines.

    Where one spec has an object and another null, the lines of the object say it all.
    """
    told = [dict(_flat(spec)) for spec in specs]
    parts = list(dict.fromkeys(part for spec in specs for part in spec))
    found = dict.fromkeys(path for one in told for path in one)
    paths = sorted(found, key=lambda path: parts.index(re.split(r"[.\[]", path)[0]))
    objects = {path[: dot.start()] for path in found for dot in re.finditer(r"[.\[]", path)}
    beside = [Line(path, tuple(one.get(path) for one in told)) for path in paths]
    telling = [one for one in beside if one.path not in objects or set(one.values) - {None, NULL}]
    return [one for one in telling if every or len(set(one.values)) > 1]


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Objects by their keys, lists of objects by position; whatever else is a line. An empty object has none."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(inner, f"{path}.{key}".lstrip("."))
    elif isinstance(value, list) and any(isinstance(inner, Mapping) for inner in value):
        for position, inner in enumerate(value):
            yield from _flat(inner, f"{path}[{position}]")
    else:
        yield path, _text(value)


def _text(value: Any) -> str:
    dumped = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=float("inf"), sort_keys=False)
    return dumped.removesuffix("\n").removesuffix("\n...")
