"""Curves of searches against trials: means over seeds with their intervals, as numbers and as an SVG."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

INK, GRID, MARK = "#1f2933", "#e4e7eb", "#9aa5b1"
Look = tuple[str, Any, str]  # colour, line style, label


def intervals(values: NDArray[np.float64]) -> list[list[float]]:
    """[mean, low, high] of each column of (seeds, trials): 95 % intervals of the mean (Student's t)."""
    mean, error = values.mean(0), stats.sem(values, axis=0)
    reach = error * stats.t.ppf(0.975, len(values) - 1)
    return np.round(np.stack([mean, mean - reach, mean + reach], axis=1), 4).tolist()


def panels(count: int) -> tuple[Any, list[Any]]:
    """A figure and its axes side by side."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    plt.rcParams |= {"svg.hashsalt": "searches", "svg.fonttype": "none", "font.size": 9, "text.color": INK}
    figure, axes = plt.subplots(1, count, figsize=(4.8 * count, 3.6), squeeze=False)
    return figure, list(axes[0])


def band(axes: Any, trials: Sequence[int], curve: list[list[float]], look: Look) -> None:
    """The mean as a line, its interval as a band."""
    colour, style, label = look
    mean, low, high = np.array(curve).T
    axes.fill_between(trials, low, high, color=colour, alpha=0.16, linewidth=0)
    axes.plot(trials, mean, color=colour, linestyle=style, linewidth=1.6, label=label)


def finish(axes: Any, title: str, value: str, legend: str | None = "lower right") -> None:
    """Titles, labels and the grid; `value` is what stands on the y axis, `legend` where the legend does."""
    axes.set_title(title, fontsize=9)
    axes.set_xlabel("trials")
    axes.set_ylabel(value)
    axes.set_xlim(left=1)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color=GRID, linewidth=0.6)
    if legend is not None:
        axes.legend(frameon=False, fontsize=8, loc=legend)


def save(figure: Any, path: Path) -> None:
    from matplotlib import pyplot as plt

    figure.tight_layout()
    figure.savefig(path, format="svg", metadata={"Date": None})
    plt.close(figure)
