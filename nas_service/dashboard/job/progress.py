"""How a search got on as ECharts options: rewards with the best so far, and the hypervolume so far. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from nas_service.api.search_views import ArmProgress, ProgressView

from ..axes import brief, value_axis
from ..once import once
from ..theme import BEHIND, DANGER, MUTED, SERIES

Against = Literal["trials", "time"]
NAMES = ("search", "random control")  # by whether it is the control
ALONE = "results"  # where there is no control
UNCOUNTED = "not counted"
FAILED = "failed"
SYMBOLS = ("circle", "triangle")
LINES = ("solid", "dashed")
UNITS = (("d", 86400.0), ("h", 3600.0), ("min", 60.0))
REASONS = {
    "partial": "stopped early, at less than full fidelity",
    "over": "over a limit",
    "again": "the same network once more",
    "failed": "failed",
    "stopped": "stopped with the job",
}
DOT = "p => `trial ${p.value[2]}<br>reward ${p.value[1]}`"  # of numbers: it is read as HTML
LINE = "ps => ps.map(p => `${p.marker}${p.value[1]}`).join('<br>')"


class Scale(NamedTuple):
    """The horizontal axis: its name, and what a place on it is for each step."""

    name: str
    places: list[float]


def scale(found: ProgressView, against: Against) -> Scale:
    """Trials are counted for each arm apart, so that arms compare at equal numbers; time is that since the start."""
    if against == "trials":
        each = " of each" if len(found.arms) > 1 else ""
        return Scale(f"trials{each}", [float(number) for number in found.trial])
    start = min([*found.at, *([] if found.started_at is None else [found.started_at])], default=0.0)
    span = max(found.at, default=start) - start
    unit, size = next(((unit, size) for unit, size in UNITS if span >= 2 * size), ("s", 1.0))
    return Scale(f"time since the start, {unit}", [brief((at - start) / size) for at in found.at])


def told(found: ProgressView) -> bool:
    """Whether there is anything to draw: what failed alone has no reward."""
    return any(reward is not None for reward in found.reward)


@once
def rewards(found: ProgressView, against: Against) -> dict[str, Any]:
    """A dot for each result, a line for the best so far; hollow dots and crosses do not count."""
    axis = scale(found, against)
    shown = [reward for reward in found.reward if reward is not None]
    floor = min(shown, default=0.0)
    series = [_dots(found, arm, axis) for arm in found.arms]
    series += [_line(found, arm, axis, found.best) for arm in found.arms]
    series += [_uncounted(found, axis), _failed(found, axis, floor)]
    there = [one for one in series if one["data"]]
    return _chart(axis, "reward", shown, there, {"trigger": "item", ":formatter": DOT})


@once
def hypervolumes(found: ProgressView, against: Against) -> dict[str, Any]:
    """A line for each arm; of both what lies between the reference and the ideal is the whole."""
    axis = scale(found, against)
    shown = [share for share in found.hypervolume if share is not None]
    series = [_line(found, arm, axis, found.hypervolume) for arm in found.arms]
    pointer = {"trigger": "axis", ":formatter": LINE, "axisPointer": {"lineStyle": {"color": BEHIND}}}
    return _chart(axis, "hypervolume", shown, series, pointer)


def rows(found: ProgressView) -> list[dict[str, Any]]:
    """The numbers in both charts, a row a step."""
    elapsed = found.started_at if found.started_at is not None else min(found.at, default=0.0)
    columns = (found.trial, found.id, found.at, found.control, found.kind, found.reward, found.best, found.hypervolume)
    return [
        {
            "trial": trial,
            "candidate": candidate,
            "since the start (s)": round(at - elapsed, 3),
            "arm": NAMES[control],
            "counts as": kind,
            "reward": reward,
            "best reward so far": best,
            "hypervolume so far": hypervolume,
        }
        for trial, candidate, at, control, kind, reward, best, hypervolume in zip(*columns, strict=True)
    ]


def uncounted(found: ProgressView) -> str:
    """What the lines leave out, and why; empty where nothing is left out."""
    numbers = {why: sum(getattr(arm, kind) for arm in found.arms) for kind, why in REASONS.items()}
    said = [f"{number:,} {why}" for why, number in numbers.items() if number]
    return f"Not counted: {'; '.join(said)}." if said else ""


def thinning(found: ProgressView) -> str:
    """That not every step is drawn; empty where all are."""
    if len(found.id) == found.total:
        return ""
    return f"{len(found.id):,} of {found.total:,} results are drawn, all that were better than those before among them."


def _chart(
    axis: Scale, name: str, values: list[float], series: list[dict[str, Any]], tooltip: dict[str, Any]
) -> dict[str, Any]:
    return {
        "animation": False,
        "grid": {"left": 64, "right": 20, "top": 40, "bottom": 52},
        "legend": {"top": 4, "right": 8, "itemWidth": 16, "textStyle": {"color": MUTED}},
        "tooltip": tooltip,
        "xAxis": value_axis(axis.name, 30, axis.places) | {"splitLine": {"show": False}, "max": "dataMax"},
        "yAxis": value_axis(name, 46, values) | {"scale": True},
        "series": series,
    }


def _name(found: ProgressView, control: bool) -> str:
    return NAMES[control] if len(found.arms) > 1 else ALONE


def _of(found: ProgressView, arm: ArmProgress) -> Iterator[int]:
    return (i for i, control in enumerate(found.control) if bool(control) == arm.control)


def _dots(found: ProgressView, arm: ArmProgress, axis: Scale) -> dict[str, Any]:
    counted = [i for i in _of(found, arm) if found.kind[i] == "result"]
    return {
        "name": _name(found, arm.control),
        "type": "scatter",
        "symbol": SYMBOLS[arm.control],
        "symbolSize": 6,
        "itemStyle": {"color": SERIES[arm.control], "opacity": 0.35},
        "data": _points(found, axis, counted),
    }


def _line(found: ProgressView, arm: ArmProgress, axis: Scale, figures: list[float | None]) -> dict[str, Any]:
    """As steps: until the next result that is better, nothing changes."""
    return {
        "name": _name(found, arm.control),
        "type": "line",
        "step": "end",
        "silent": True,  # a click is for the dot below
        "symbol": "none",
        "itemStyle": {"color": SERIES[arm.control]},
        "lineStyle": {"color": SERIES[arm.control], "width": 2, "type": LINES[arm.control]},
        "data": [[axis.places[i], figures[i]] for i in _of(found, arm) if figures[i] is not None],
    }


def _uncounted(found: ProgressView, axis: Scale) -> dict[str, Any]:
    left_out = [i for i, kind in enumerate(found.kind) if kind != "result" and found.reward[i] is not None]
    return {
        "name": UNCOUNTED,
        "type": "scatter",
        "symbol": "emptyCircle",
        "symbolSize": 6,
        "itemStyle": {"color": MUTED, "opacity": 0.6},
        "data": _points(found, axis, left_out),
    }


def _failed(found: ProgressView, axis: Scale, floor: float) -> dict[str, Any]:
    """At the foot of the chart, for what failed has no reward."""
    failed = [i for i, kind in enumerate(found.kind) if kind == "failed"]
    return {
        "name": FAILED,
        "type": "scatter",
        "symbol": "path://M0,0 L8,8 M8,0 L0,8",
        "symbolSize": 7,
        "itemStyle": {"color": "none", "borderColor": DANGER, "borderWidth": 1.5},
        "tooltip": {":formatter": "p => `trial ${p.value[2]}`"},
        "data": [[axis.places[i], floor, found.trial[i]] for i in failed],
    }


def _points(found: ProgressView, axis: Scale, steps: list[int]) -> list[list[Any]]:
    """(place, reward, trial, position of the step)"""
    return [[axis.places[i], found.reward[i], found.trial[i], i] for i in steps]
