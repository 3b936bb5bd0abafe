"""What an export found out about a network, beside its files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .curves import WeightCurve
from .figures import Figures


@dataclass(frozen=True)
class Findings:
    """`ensemble` are the weights that vote; `voted` is their test accuracy where the task is a classification.

    `files` holds, by the name of the metric, what was measured of the ONNX files. `generations` of tuning were run.
    """

    figures: Figures
    curve: WeightCurve
    ensemble: tuple[float, ...]
    voted: float | None
    generations: int
    files: dict[str, float]

    @property
    def metrics(self) -> dict[str, float]:
        """Everything that is a number, by name: of a figure its mean, and its standard deviation as `NAME_std`."""
        named = self.figures.named
        means = {name: figure.mean for name, figure in named.items()}
        spreads = {f"{name}_std": figure.std for name, figure in named.items()}
        voted = {} if self.voted is None else {"ensemble": self.voted}
        return {"best_weight": self.figures.weight} | means | voted | spreads | self.files

    def to_json(self) -> dict[str, Any]:
        ensemble = {"weights": list(self.ensemble), "score": self.files["onnx_ensemble"]}
        return self.figures.to_json() | {
            "ensemble": ensemble,
            "generations": self.generations,
            "curve": self.curve.to_json(),
            "files": self.files,
        }
