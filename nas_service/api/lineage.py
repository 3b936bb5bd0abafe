"""What changed along the line of a candidate's first parents, in the words of its search space."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection

from nas_service.store import Candidate, jobs
from search_spaces import Architecture, BoundSpace
from search_spaces.choice_space import ChoiceSpace
from search_spaces.narrowing import NarrowableSpace
from search_spaces.ops import SharedWeightNetwork
from search_spaces.space import Genotype
from search_spaces.wann.activations import NAMES

from . import architectures, readings
from .lineage_views import ChangeView, StepView


def steps(conn: Connection, candidate: Candidate) -> list[StepView]:
    """Oldest first, the last one leads to the candidate. Raises Conflict where the space is no longer what it was."""
    line = [*readings.lineage(conn, candidate), candidate]
    space = architectures.bound_space(jobs.get(conn, candidate.job_id))
    return [
        StepView(parent_id=a.id, candidate_id=b.id, changes=changes(space, a.genotype, b.genotype))
        for a, b in pairwise(line)
    ]


def changes(space: BoundSpace, before: Genotype, after: Genotype) -> list[ChangeView]:
    """Between two genotypes of one space; choices that do not matter are left out."""
    cut = bool(before.get("widths") or after.get("widths"))
    old, new = _traits(space, before, cut), _traits(space, after, cut)
    return [
        ChangeView(name=name, before=old.get(name), after=new.get(name))
        for name in (old | new)
        if old.get(name) != new.get(name)
    ]


def _traits(space: BoundSpace, genotype: Genotype, cut: bool) -> dict[str, Any]:
    """The active choices, and with `cut` the widths in channels; counts for what is not made of choices."""
    if not isinstance(space, ChoiceSpace):
        return _counts(space.architecture(genotype))
    chosen = space.decode(genotype)
    active = {name: value for name, value in chosen.items() if space.is_active(name, chosen)}
    if cut and isinstance(space, NarrowableSpace):
        return {name: value for name, value in active.items() if name not in space.width_names} | space.widths(genotype)
    return active | space.explicit_widths(genotype)


def _counts(architecture: Architecture) -> dict[str, Any]:
    first = architecture.ops[0]
    if not isinstance(first, SharedWeightNetwork):
        return {"ops": len(architecture.ops), "params": architecture.params, "macs": architecture.macs}
    activations = Counter(NAMES[number] for number in first.activations)
    return {"connections": first.params, "hidden": first.hidden_count} | {
        f"{name} nodes": count for name, count in sorted(activations.items())
    }
