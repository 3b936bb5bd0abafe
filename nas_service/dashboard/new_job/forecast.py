"""What a preview says, for the page: samples by cost as ECharts options, shares and times in words. Pure."""

from __future__ import annotations

import re
from typing import Any

from nas_service.api.views import EstimateView, HistogramView, LimitView, PreviewView
from nas_service.durations import spoken

from ..axes import brief, limit_mark, value_axis
from ..theme import ACCENT, BEHIND, MUTED, amount

COMMAND = re.compile(r"\bnas [a-z]+ [\w ./-]*\w")


def histogram(found: HistogramView, limit: float | None) -> dict[str, Any]:
    """Bars of the samples within the limits, and on them those beyond; the limit as a line."""
    beyond = [count - within for count, within in zip(found.counts, found.feasible, strict=True)]
    middles = [(low + high) / 2 for low, high in zip(found.edges, found.edges[1:], strict=False)]
    within = _bars("within the limits", middles, found.feasible, ACCENT)
    return {
        "animation": False,
        "grid": {"left": 48, "right": 36, "top": 52, "bottom": 44},
        "legend": {"top": 0, "right": 8, "icon": "circle", "textStyle": {"color": MUTED}},
        "xAxis": _cost_axis(found, limit),
        "yAxis": value_axis("sampled", 34) | {"minInterval": 1},
        "series": [
            within | limit_mark(found.name, limit, position="end"),
            _bars("over a limit", middles, beyond, BEHIND),
        ],
    }


def rows(found: HistogramView) -> list[dict[str, Any]]:
    """A row a bar: its range of the cost, and how many samples are in it."""
    ranges = zip(found.edges, found.edges[1:], found.counts, found.feasible, strict=False)
    return [
        {
            f"{found.name} from": low,
            f"{found.name} to": high,
            "within the limits": within,
            "over a limit": count - within,
        }
        for low, high, count, within in ranges
    ]


def _cost_axis(found: HistogramView, limit: float | None) -> dict[str, Any]:
    """Wide enough to show the limit where no sample is near it."""
    drawn = value_axis(found.name, 26, found.edges) | {"scale": True}
    if limit is not None and limit > found.edges[-1]:
        drawn["max"] = limit * 1.02
    if limit is not None and limit < found.edges[0]:
        drawn["min"] = limit * 0.98
    return drawn


def _bars(name: str, middles: list[float], counts: list[int], color: str) -> dict[str, Any]:
    data = [[brief(middle), count] for middle, count in zip(middles, counts, strict=True)]
    bars = {"type": "bar", "stack": "sampled", "barWidth": "92%", "itemStyle": {"color": color}}
    return {"name": name, "data": data, **bars}


def share_within(found: PreviewView) -> str:
    """How many of the samples meet the limits."""
    return f"{found.feasible_share:.1%} of {found.sampled:,}"


def limit_in_words(one: LimitView) -> str:
    """What a limit does to the samples."""
    lowest, median = amount(one.name, one.lowest), amount(one.name, one.median)
    return f"{one.share_over:.1%} are over {amount(one.name, one.limit)}; the lowest is {lowest}, the median {median}"


def takes(found: EstimateView) -> str:
    """How long the search takes."""
    if found.seconds_per_trial is None:
        return "unknown"
    return "never ends" if found.hours is None else spoken(found.hours * 3600)


def spends(found: EstimateView) -> str:
    """What the search costs, and on what that is based."""
    if found.seconds_per_trial is None or found.cpu_hours is None:
        return found.note.removeprefix("unknown: ")
    gpus = f" and {found.gpu_hours:.2g} GPU hours" if found.gpu_hours else ""
    each = f"{spoken(found.seconds_per_trial)} a trial, {found.at_once} at once"
    return f"{found.cpu_hours:.2g} CPU hours{gpus}; {each} ({found.note})"


def command_in(message: str) -> str:
    """The command that a message of the service advises, or nothing."""
    found = COMMAND.search(message)
    return found[0] if found else ""
