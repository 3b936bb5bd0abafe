"""What a search has been choosing as ECharts options: a heat map of all genes, and the shares of one gene. Pure.

Names and options come from spaces of anybody. They stand only where ECharts draws text; tooltips, which are read as
HTML, have numbers alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nas_service.api.search_views import ChoicesView, GeneView, TraitView
from nas_service.palette import BLACK, OTHER_SERIES, RAMP, WHITE

from ..axes import value_axis
from ..once import once
from ..theme import BEHIND, HEAT, INK, LINE, MUTED, SERIES, SHEET
from ..wording import cut, value

NAME = 26  # characters of a gene
OPTION = 18  # and of an option
FEW = 16  # columns in which a cell has room for what it says
SHORT = 7  # characters for which it has
ROW = 20  # pixels
AROUND = 76  # pixels above and below the rows
DARK = 0.55  # share from which a cell's text is white
NARROW = 520  # pixels of a chart that is on a phone
SHARE = "p => `${Math.round(p.value[2] * 100)} % of ${p.value[4]} networks<br>option ${p.value[3]}`"
AMOUNT = "p => `mean ${p.value[3]}<br>${p.value[4]} to ${p.value[5]}`"
SHARES = """ps => ps.filter(p => p.value[2]).reverse()
    .map(p => `${p.marker}${Math.round(p.value[1] * 100)} % (${p.value[2]})`).join('<br>')"""
AMOUNTS = "ps => ps.map(p => `${p.marker}${p.value[1]}`).join('<br>')"
WRITTEN = "p => p.value[5]"
NAMED = "p => p.value[1] >= 0.12 ? p.seriesName : ''"


@once
def heat(found: ChoicesView) -> dict[str, Any]:
    """A row a gene, a column a stretch of the search; the darker, the more networks have the same option."""
    cells = [_cell(found, row, column) for row in range(len(found.genes)) for column in range(len(found.first))]
    written = _has_room(found) and all(len(value(v)) <= SHORT for gene in found.genes for v in gene.values)
    data = [_written(cell, found.genes[cell[1]]) if written else cell for cell in cells if cell]
    return _map(found, [gene.name for gene in found.genes], data, SHARE) | {
        "visualMap": _shades(["all chose the same", "none"])
    }


@once
def amounts(found: ChoicesView) -> dict[str, Any]:
    """The same of numbers: the darker, the higher the mean, from the lowest of its row to the highest."""
    data = []
    for row, trait in enumerate(found.traits):
        means = [mean for mean in trait.mean if mean is not None]
        low, span = min(means, default=0.0), max(means, default=0.0) - min(means, default=0.0)
        for column, figures in enumerate(zip(trait.mean, trait.least, trait.most, strict=True)):
            if figures[0] is not None:
                data.append([column, row, round((figures[0] - low) / span, 3) if span else 0.5, *figures])
    return _map(found, [trait.name for trait in found.traits], data, AMOUNT) | {
        "visualMap": _shades(["highest of its row", "lowest"])
    }


def height(rows: int) -> int:
    """Of a heat map, in pixels."""
    return ROW * rows + AROUND


@once
def shares(found: ChoicesView, gene: GeneView) -> dict[str, Any]:
    """Bars of a height, a part for each option."""
    names, colours = _names(gene), _colours(gene)
    written = _has_room(found) and all(len(name) <= SHORT for name in names)
    series = [
        {
            "name": name,
            "type": "bar",
            "stack": "all",
            "barCategoryGap": "6%",
            "itemStyle": {"color": colour},
            "label": {"show": written, "color": _on(colour), "fontSize": 11, ":formatter": NAMED},
            "data": [_part(counts, option, column) for column, counts in enumerate(gene.counts)],
        }
        for option, (name, colour) in enumerate(zip(names, colours, strict=True))
    ]
    axis = {":formatter": "value => `${Math.round(value * 100)} %`", "color": MUTED}
    return _over(found, series, SHARES) | {
        "yAxis": value_axis("share of networks", 46) | {"max": 1, "axisLabel": axis},
    }


@once
def course(found: ChoicesView, trait: TraitView) -> dict[str, Any]:
    """The mean of a number as a line, between its least and its most."""
    series = [
        _course("most", trait.most, BEHIND, 1.5),
        _course("mean", trait.mean, SERIES[0], 2.5),
        _course("least", trait.least, BEHIND, 1.5),
    ]
    shown = [one for one in trait.most if one is not None]
    return _over(found, series, AMOUNTS) | {
        "yAxis": value_axis(cut(trait.name, NAME), 46, shown) | {"scale": True},
    }


def most_changed(found: ChoicesView) -> str | None:
    """The gene whose shares differ most between the first and the last column that have it, else the first trait."""
    if found.genes:
        return max(found.genes, key=_change).name
    return found.traits[0].name if found.traits else None


def heat_rows(found: ChoicesView) -> list[dict[str, Any]]:
    """The numbers in the heat map, a row a cell."""
    return [
        _stretch(found, column)
        | {"choice": found.genes[row].name, "most chosen": value(found.genes[row].values[option - 1])}
        | {"share": share, "networks with this choice": networks}
        for row in range(len(found.genes))
        for column in range(len(found.first))
        if (cell := _cell(found, row, column))
        for share, option, networks in [cell[2:]]
    ]


def amount_rows(found: ChoicesView, *traits: TraitView) -> list[dict[str, Any]]:
    """The numbers of these traits, or of all, a row a column of the heat map."""
    return [
        _stretch(found, column)
        | {"trait": one.name, "least": one.least[column], "mean": one.mean[column], "most": one.most[column]}
        for one in traits or found.traits
        for column in range(len(found.first))
    ]


def share_rows(found: ChoicesView, gene: GeneView) -> list[dict[str, Any]]:
    """The numbers in the bars, a row a part."""
    return [
        _stretch(found, column) | {"choice": gene.name, "option": value(option), "networks": number}
        for column, counts in enumerate(gene.counts)
        for option, number in zip(gene.values, counts, strict=True)
    ]


def column_words(found: ChoicesView) -> str:
    """What a column is, for the name of the axis."""
    if found.by == "trials":
        return "trial of the search"
    return f"generation, {found.size} a column" if found.size > 1 else "generation"


def note(found: ChoicesView) -> str:
    """What a column is, at length, and what is not shown."""
    said = []
    if found.by == "population":
        said.append(f"A generation is {found.population:,} trials here, as many as the population has members.")
    if found.by == "trials":
        said.append(f"A column is {found.size:,} trials of the search.")
    if found.fixed and found.genes:
        said.append(f"Choices of one option alone are left out: {found.fixed:,}.")
    return " ".join(said)


def labels(found: ChoicesView) -> list[str]:
    """Of the columns: numbers of generations from 1, or of the first trial."""
    if found.by == "generation":
        return [str(number + 1) for number in found.generation]
    if found.by == "population":
        return [str(column * found.size + 1) for column in range(len(found.first))]
    return [str(number) for number in found.first]


def _cell(found: ChoicesView, row: int, column: int) -> list[Any]:
    """(column, row, share of the most chosen option, its number from 1, networks); empty where the gene has none."""
    counts = found.genes[row].counts[column]
    networks, largest = sum(counts), max(counts)
    return [column, row, round(largest / networks, 3), counts.index(largest) + 1, networks] if networks else []


def _written(cell: list[Any], gene: GeneView) -> dict[str, Any]:
    colour = SHEET if cell[2] >= DARK else INK
    return {"value": [*cell, value(gene.values[cell[3] - 1])], "label": {"color": colour}}


def _map(found: ChoicesView, names: Sequence[str], data: list[Any], tooltip: str) -> dict[str, Any]:
    written = any(isinstance(cell, dict) for cell in data)
    label = {"show": written, "fontSize": 10, ":formatter": WRITTEN}
    return {
        "animation": False,
        "grid": {"left": 176, "right": 12, "top": 36, "bottom": 40},
        "tooltip": {"trigger": "item", ":formatter": tooltip},
        "xAxis": _columns(found, 24) | {"axisPointer": _pointer()},
        "yAxis": {
            "type": "category",
            "inverse": True,
            "data": [cut(name, NAME) for name in names],
            "axisTick": {"show": False},
            "axisLine": {"show": False},
            "axisLabel": {"color": INK, "fontSize": 11, "interval": 0, "width": 160, "overflow": "truncate"},
            "axisPointer": _pointer(),
        },
        "series": [
            {
                "type": "heatmap",
                "data": data,
                "label": label,
                "labelLayout": {"hideOverlap": True},
                "itemStyle": {"borderColor": SHEET, "borderWidth": 1},
                "emphasis": {"itemStyle": {"borderColor": INK, "borderWidth": 1.5}},
            }
        ],
        "media": [
            {"query": {"maxWidth": NARROW}, "option": _sized(112, 104, written=False)},
            {"option": _sized(176, 160, written=written)},
        ],
    }


def _sized(left: int, width: int, *, written: bool) -> dict[str, Any]:
    """What differs between a phone and a desk: the room for names, and whether cells have room for text."""
    return {
        "grid": {"left": left},
        "yAxis": {"axisLabel": {"width": width}},
        "series": [{"label": {"show": written}}],
    }


def _columns(found: ChoicesView, gap: int) -> dict[str, Any]:
    return {
        "type": "category",
        "data": labels(found),
        "name": column_words(found),
        "nameLocation": "middle",
        "nameGap": gap,
        "nameTextStyle": {"color": INK},
        "axisTick": {"show": False},
        "axisLine": {"lineStyle": {"color": LINE}},
        "axisLabel": {"color": MUTED, "hideOverlap": True},
    }


def _pointer() -> dict[str, Any]:
    return {"show": True, "type": "none", "label": {"show": True, "backgroundColor": INK}}


def _shades(ends: list[str]) -> dict[str, Any]:
    return {
        "min": 0,
        "max": 1,
        "dimension": 2,
        "calculable": False,
        "orient": "horizontal",
        "right": 8,
        "top": 2,
        "itemHeight": 90,
        "itemWidth": 10,
        "text": ends,
        "textStyle": {"color": MUTED, "fontSize": 11},
        "inRange": {"color": list(HEAT)},
    }


def _over(found: ChoicesView, series: list[dict[str, Any]], tooltip: str) -> dict[str, Any]:
    return {
        "animation": False,
        "grid": {"left": 64, "right": 12, "top": 40, "bottom": 48},
        "legend": {"top": 4, "left": 8, "right": 8, "type": "scroll", "textStyle": {"color": MUTED}},
        "tooltip": {"trigger": "axis", ":formatter": tooltip, "axisPointer": {"type": "shadow"}},
        "xAxis": _columns(found, 26),
        "series": series,
    }


def _course(name: str, figures: list[float | None], colour: str, width: float) -> dict[str, Any]:
    return {
        "name": name,
        "type": "line",
        "symbolSize": 5,
        "itemStyle": {"color": colour},
        "lineStyle": {"color": colour, "width": width},
        "data": [[column, figure] for column, figure in enumerate(figures)],
    }


def _part(counts: Sequence[int], option: int, column: int) -> list[float]:
    """(column, share, networks)"""
    return [column, round(counts[option] / (sum(counts) or 1), 4), counts[option]]


def _names(gene: GeneView) -> list[str]:
    """Of the options, in the legend: no two alike, or ECharts would take them for one."""
    names = [cut(value(option), OPTION) for option in gene.values]
    if len(set(names)) == len(names):
        return names
    return [f"{number}  {name}" for number, name in enumerate(names, 1)]


def _colours(gene: GeneView) -> list[str]:
    """Of the options: by hue for few words, from dark to light for numbers, which have an order, and for many."""
    hues = (*SERIES, *OTHER_SERIES)
    numbers = all(isinstance(option, int | float) and not isinstance(option, bool) for option in gene.values)
    if not numbers and len(gene.values) <= len(hues):
        return list(hues[: len(gene.values)])
    order = sorted(range(len(gene.values)), key=lambda i: gene.values[i]) if numbers else range(len(gene.values))
    ramp = {option: _ramp(0.2 + 0.65 * rank / max(1, len(gene.values) - 1)) for rank, option in enumerate(order)}
    return [ramp[option] for option in range(len(gene.values))]


def _ramp(share: float) -> str:
    """Between the colours of the ramp, from 0 to 1."""
    place = share * (len(RAMP) - 1)
    lower = min(int(place), len(RAMP) - 2)
    pairs = zip(_rgb(RAMP[lower]), _rgb(RAMP[lower + 1]), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * (place - lower)):02x}" for a, b in pairs)


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _on(colour: str) -> str:
    """Of text that is read on this colour."""
    red, green, blue = _rgb(colour)
    return BLACK if 0.299 * red + 0.587 * green + 0.114 * blue > 140 else WHITE


def _has_room(found: ChoicesView) -> bool:
    return len(found.first) <= FEW


def _change(gene: GeneView) -> float:
    there = [counts for counts in gene.counts if sum(counts)]
    if not there:
        return 0.0
    first, last = ([number / sum(counts) for number in counts] for counts in (there[0], there[-1]))
    return sum(abs(a - b) for a, b in zip(first, last, strict=True))


def _stretch(found: ChoicesView, column: int) -> dict[str, Any]:
    own = {"generation": labels(found)[column]} if found.by != "trials" else {}
    return own | {
        "first trial": found.first[column],
        "last trial": found.last[column],
        "networks in all": found.networks[column],
    }
