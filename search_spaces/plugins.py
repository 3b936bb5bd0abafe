"""Plug-ins: what installed packages offer under an entry-point group, and what of it cannot be used, and why.

A package of the user's own names its classes in its `pyproject.toml`; nothing of ours has to change:

    [project.entry-points."nas.search_spaces"]
    ladder = "my_package.ladder:Ladder"

The groups are `nas.search_spaces`, `nas.strategies` and `nas.tasks`; workers read the first and the last of them too.
"""

from __future__ import annotations

import inspect
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any


@dataclass(frozen=True)
class Plugin:
    """One entry point of an installed package. `problem` says why it cannot be used, or is empty."""

    group: str
    name: str
    package: str
    version: str
    problem: str = ""


@dataclass(frozen=True)
class Plugins:
    """The plug-ins of one group: all of them, and the classes of those that can be used, by name."""

    listed: tuple[Plugin, ...]
    classes: dict[str, Any]

    def why_not(self, name: str) -> str:
        """A clause for the refusal of `name`: which plug-in would bring it, and what is wrong; empty if none would."""
        found = next((p for p in self.listed if p.name == name and p.problem), None)
        return f"; {described(found)}" if found else ""


def described(plugin: Plugin) -> str:
    """A broken plug-in in a sentence."""
    where = f"{plugin.package} {plugin.version}".strip()
    return f"plug-in {plugin.name!r} ({plugin.group}) of {where} cannot be used: {plugin.problem}"


def load_plugins(group: str, base: type[Any], ours: Collection[str]) -> Plugins:
    """Every plug-in of the group. One that fails to import, or that is no such class, is listed with its problem.

    `ours` are names that no plug-in can take.
    """
    classes: dict[str, Any] = {}
    listed = []
    for point in sorted(entry_points(group=group), key=lambda p: (p.name, p.dist.name if p.dist else "")):
        found, problem = _loaded(point, base)
        if point.name in ours or point.name in classes:
            problem = "the name is taken; give the entry point and the class another"
        if not problem:
            classes[point.name] = found
        package, version = (point.dist.name, point.dist.version) if point.dist else ("an unknown package", "")
        listed.append(Plugin(group, point.name, package, version, problem))
    return Plugins(tuple(listed), classes)


def _loaded(point: EntryPoint, base: type[Any]) -> tuple[Any, str]:
    """The class and an empty string, or None and what is wrong."""
    try:
        found = point.load()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a plug-in may raise anything, and the others go on
        text = (str(error).splitlines() or [""])[0][:300]
        return None, f"importing {point.value} failed with {type(error).__name__}: {text}"
    problem = "; ".join(_flaws(found, point, base))
    return (None, problem) if problem else (found, "")


def _flaws(found: Any, point: EntryPoint, base: type[Any]) -> Iterator[str]:
    if not (isinstance(found, type) and issubclass(found, base)):
        yield f"{point.value} is no {base.__name__}; derive it from {base.__module__}.{base.__qualname__}"
        return
    if missing := sorted(getattr(found, "__abstractmethods__", ())):
        yield f"{point.value} lacks {', '.join(missing)}"
    stated = [n for n, kind in inspect.get_annotations(base).items() if str(kind).startswith("ClassVar")]
    if unstated := [n for n in stated if not hasattr(found, n)]:
        yield f"{point.value} does not state {', '.join(unstated)}"
    elif (name := getattr(found, "name")) != point.name:  # noqa: B009 - stated by the base, as was just checked
        yield f"{point.value} calls itself {name!r}; the entry point has to have the same name"
