"""What a chart in a browser has to change: the points that came and went, and such other series as are different."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..once import once

# Keeps the zoom at its values, for in ECharts one made by hand is a share of the axes, which may have become longer.
# A chart that is not there yet, or has not what the page believes it has, asks for everything.
APPLY = """(element, change) => {
    const chart = element.chart, known = chart?.getOption(), candidates = known?.series?.[0];
    const gone = new Set(change.gone);
    const left = candidates?.data?.filter(point => !gone.has(point[2])).concat(change.come);
    if (left?.length !== change.count) return element.$emit('behind');
    const zoomed = known.dataZoom.filter(zoom => zoom.start > 0 || zoom.end < 100);
    chart.setOption({
        ...change.around,
        series: [{id: candidates.id, data: left}, ...change.series],
        dataZoom: zoomed.map(({id, startValue, endValue}) => ({id, startValue, endValue})),
    });
}"""


@once
def change(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any] | None:
    """From one picture's options to another's; None where nothing is different."""
    candidates, *rest = after["series"]
    had, *others = before["series"]
    old, new = ({point[2]: point for point in one["data"]} for one in (had, candidates))
    changed = [one for one, other in zip(rest, others, strict=True) if one != other]
    around = {name: after[name] for name in ("legend", "xAxis", "yAxis") if after[name] != before[name]}
    gone = [name for name, point in old.items() if new.get(name) != point]
    come = [point for name, point in new.items() if old.get(name) != point]
    if not (changed or around or gone or come):
        return None
    told = [{name: one[name] for name in ("id", "data", "markArea", "markLine") if name in one} for one in changed]
    return {"gone": gone, "come": come, "count": len(new), "around": around, "series": told}
