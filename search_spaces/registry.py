"""Which search spaces there are: ours, then those that installed packages offer as `nas.search_spaces`."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import ValidationError

from .errors import SpaceError
from .mobilenetv3 import MobileNetV3
from .plugins import Plugins, load_plugins
from .space import SearchSpace
from .tvn import Tvn
from .wann.space import Wann

SPACES: dict[str, type[SearchSpace]] = {
    "mobilenetv3": MobileNetV3,
    "tvn": Tvn,
    "wann": Wann,
}


@cache
def space_classes() -> dict[str, type[SearchSpace]]:
    """Every known space by name; ours win over a plug-in of the same name."""
    return space_plugins().classes | SPACES


@cache
def space_plugins() -> Plugins:
    """What installed packages offer, what cannot be used included."""
    return load_plugins("nas.search_spaces", SearchSpace, SPACES)


def spaces_of(kind: type[Any]) -> list[str]:
    """The names of the spaces whose bound form is of this kind."""
    return sorted(name for name, known in space_classes().items() if issubclass(known.binds_to, kind))


def get_space(name: str, **options: Any) -> SearchSpace:
    """The space of this name with these options. Raises SpaceError that names the field for either."""
    known = space_classes()
    if name not in known:
        raise SpaceError(
            f"there is no search space {name!r}; there are: {', '.join(sorted(known))}{space_plugins().why_not(name)}",
            "space.name",
        )
    try:
        return known[name](**options)
    except ValidationError as error:
        first = max(error.errors(), key=lambda e: len(e["loc"]))  # in a union, what came closest to fitting
        where = ".".join(str(part) for part in first["loc"] if isinstance(part, int) or part.isidentifier())
        names = ", ".join(known[name].Options.model_fields)
        offered = f"; options: {names}" if first["type"] == "extra_forbidden" else ""
        raise SpaceError(f"{first['msg']}{offered}", f"space.options.{where}") from None
