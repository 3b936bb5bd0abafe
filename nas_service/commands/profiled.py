"""Whose ops `nas device` measures: those of a job's spec, or of a whole space at one resolution."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from search_spaces import BoundSpace, Signature, SpaceError, get_space
from workers.tasks import get_task, variant

from ..admission import parse
from ..spec import JobSpec, read_spec

SIZES = (8, 4096)  # pixels a side that a whole space may ask for


def of_spec(spec_file: Path) -> tuple[JobSpec, BoundSpace]:
    """The spec in a file, and the space it means for its task."""
    spec = parse(read_spec(spec_file))
    space = get_space(spec.space.name, **spec.space.options)
    task = get_task(variant(spec.task.name, space.kinds), **spec.task.options)
    return spec, space.bind(task.signature)


def whole_space(
    name: str, resolution: int | None, written: Sequence[str], *, channels: int, classes: int
) -> BoundSpace:
    """A space with its default options but for `resolution` and those `written` as `key=value`, the value in YAML.

    Raises SpaceError that names the option at fault.
    """
    options = dict(_option(text) for text in written)
    if resolution is not None:
        options["resolution"] = [resolution]
    space = get_space(name, **options)
    return space.bind(Signature(space.kinds[0], channels, classes, SIZES))


def _option(text: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise SpaceError(f"{text!r} is no option; write key=value, for example kernel=[3,5]", "--option")
    try:
        return key, yaml.safe_load(value)
    except yaml.YAMLError:
        raise SpaceError(
            f"{value!r} is no value; write it as in a spec, for example kernel=[3,5]", "--option"
        ) from None
