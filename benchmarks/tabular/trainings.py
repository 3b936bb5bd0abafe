"""Trainings as they end, kept in a file, so that a run that was killed goes on where it was."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from device_agent.files import write_atomically


@dataclass(frozen=True)
class Training:
    """Validation accuracy after every epoch of one network from one seed, and the seconds of one core that it took."""

    hash: str
    seed: int
    curve: list[float]
    seconds: float


class Trainings:
    """By hash and seed; the file has the recipe and then a line for each.

    What follows a line that was cut off is dropped. Raises ValueError for a file of another recipe.
    """

    def __init__(self, path: Path, recipe: Mapping[str, Any]) -> None:
        self.ended: dict[tuple[str, int], Training] = {}
        self._path = path
        header = json.dumps(recipe)
        first, *lines = path.read_text().splitlines() if path.exists() else [header]
        if first != header:
            raise ValueError(f"{path} was made with another space or training; remove it to begin anew")
        for line in lines:
            try:
                training = Training(**json.loads(line))
            except (TypeError, ValueError):
                break
            self.ended[training.hash, training.seed] = training
        write_atomically(path, "".join(f"{line}\n" for line in [header, *map(_line, self.ended.values())]))

    def add(self, training: Training) -> None:
        self.ended[training.hash, training.seed] = training
        with self._path.open("a") as file:
            file.write(_line(training) + "\n")


def _line(training: Training) -> str:
    return json.dumps(asdict(training))
