"""The demo's picture: accuracy against latency for both searches, the front, the limit, what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

INK, MUTED, OURS, CONTROL = "#1f2933", "#9aa5b1", "#0b7285", "#adb5bd"


@dataclass(frozen=True)
class FrontPoint:
    """A candidate of the front: its estimate with error bar, what was measured, and its accuracy."""

    candidate: str
    val_accuracy: float
    estimated_ms: float
    error_ms: float
    measured_ms: float


def draw(
    path: Path,
    evolution: Sequence[tuple[float, float]],
    random: Sequence[tuple[float, float]],
    front: Sequence[FrontPoint],
    limit_ms: float,
) -> None:
    """Write a PNG. Points are (latency_ms, val_accuracy)."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(8, 4.8), dpi=150)
    axes.scatter(*_columns(random), s=22, color=CONTROL, label="random search", zorder=2)
    axes.scatter(*_columns(evolution), s=22, color=OURS, alpha=0.75, label="evolution", zorder=3)
    line = [(p.estimated_ms, p.val_accuracy) for p in front]
    axes.step(*_columns(line), where="post", color=OURS, linewidth=1.2, zorder=2, label="Pareto front")
    axes.errorbar(
        *_columns(line), xerr=[p.error_ms for p in front], fmt="none", ecolor=OURS, elinewidth=0.8, capsize=2, zorder=3
    )
    measured = [(p.measured_ms, p.val_accuracy) for p in front]
    axes.scatter(*_columns(measured), marker="x", s=36, color=INK, label="front, measured", zorder=4)
    axes.axvline(limit_ms, color="#c92a2a", linewidth=1.2, linestyle="--")
    axes.annotate(
        f"limit {limit_ms:g} ms",
        (limit_ms, 0.02),
        xycoords=("data", "axes fraction"),
        color="#c92a2a",
        ha="right",
        rotation=90,
        xytext=(-4, 0),
        textcoords="offset points",
        va="bottom",
        fontsize=8,
    )
    axes.set_xlabel("latency on this machine, one thread (ms)")
    axes.set_ylabel("validation accuracy after a short training")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#e4e7eb", linewidth=0.6)
    axes.legend(frameon=False, fontsize=8, loc="lower left")
    figure.tight_layout()
    figure.savefig(path)
    plt.close(figure)


def _columns(points: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [x for x, _ in points], [y for _, y in points]
