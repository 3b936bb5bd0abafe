"""Tables of trained networks: every network of a small closed space, what it costs and what its training brought.

A table is a JSON file: first what it depends on (space, task, fidelity, seeds, data), then `networks`, one a line.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from device_agent.files import write_atomically
from search_spaces import Architecture, Genotype
from search_spaces.choice_space import ChoiceSpace

Row = dict[str, Any]
Recipe = Mapping[str, Any]


@dataclass(frozen=True)
class Network:
    """One network and a genotype that makes it; `choices` has what was chosen where there was a choice."""

    genotype: Genotype
    choices: dict[str, Any]
    architecture: Architecture

    @property
    def row(self) -> Row:
        """What is known of it before training."""
        known = self.architecture
        return {"hash": known.hash, "choices": self.choices, "params": known.params, "macs": known.macs}


def distinct(space: ChoiceSpace) -> dict[str, Network]:
    """Every network by its hash, with the first choices that make it; in an order that mixes large and small ones."""
    found: dict[str, Network] = {}
    for options in product(*(range(n) for n in space.choices)):
        genotype = {"choices": list(options)}
        architecture = space.architecture(genotype)
        found.setdefault(architecture.hash, Network(genotype, open_choices(space, genotype), architecture))
    return {key: found[key] for key in sorted(found)}


def open_choices(space: ChoiceSpace, genotype: Genotype) -> dict[str, Any]:
    """What was chosen where there was a choice, and where it mattered."""
    chosen = space.decode(genotype)
    offered = [p.name for p in space.positions if len(p.options) > 1]
    return {name: chosen[name] for name in offered if space.is_active(name, chosen)}


def read(path: Path, recipe: Recipe) -> tuple[list[Row], dict[str, Any]]:
    """The rows so far, and what else stands at the head. Raises ValueError for a table of another recipe."""
    data = json.loads(path.read_text())
    rows: list[Row] = data.pop("networks")
    if {key: data.pop(key, None) for key in recipe} != dict(recipe):
        raise ValueError(f"{path} was made with another space or training; remove it, or name another file by --table")
    return rows, data


def write(path: Path, head: Recipe, rows: Sequence[Row]) -> None:
    """One network a line; the file is whole at every moment."""
    lines = ",\n".join(json.dumps(row) for row in rows)
    opening = json.dumps({**head, "networks": []}).removesuffix("]}")
    write_atomically(path, f"{opening}\n{lines}\n]}}\n")
