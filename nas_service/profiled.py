"""Whose ops are measured for a latency table: those of a job's spec, or of a whole space at one resolution.

Where a job's strategies cut widths, its networks can have any; those of some networks at random widths are measured,
and what lies between them is interpolated.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml
from numpy.random import Generator

from latency_tables import Coverage, cover
from search_spaces import BoundSpace, NarrowableSpace, Signature, SpaceError, get_space
from search_spaces.narrowing import STEP, Narrowed

from .composition import chosen, cuts_widths, refiner
from .spec import JobSpec

CUT_NETWORKS = 40
SIZES = (8, 4096)  # pixels a side that a whole space may ask for


def cut_space(spec: JobSpec, space: BoundSpace) -> BoundSpace | None:
    """The networks of a job that cuts widths: its seed, or any of the space, at random widths. None for other jobs.

    Raises InvalidSpec where the options of the strategy that cuts are none.
    """
    if not (cuts_widths(spec) and isinstance(space, NarrowableSpace)):
        return None
    cutting = chosen(spec, space) if spec.refine is None else refiner(spec.refine, space, spec.seed)
    options = cutting.options
    return Narrowed(space, getattr(options, "seed_network", None), getattr(options, "step", STEP))


def covered(space: BoundSpace, cuts: BoundSpace | None, rng: Generator, networks: int | None = None) -> Coverage:
    """The ops to measure: all that the space has, then those of so many (`CUT_NETWORKS`) networks at random widths."""
    whole = cover(space, rng)
    if cuts is None:
        return whole
    found = dict.fromkeys((*whole.ops, *cover(cuts, rng, most=networks or CUT_NETWORKS).ops))
    return Coverage(tuple(found), whole.samples, whole.exhausted)


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
