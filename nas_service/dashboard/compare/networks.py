"""The parts of a comparison that tell of networks: their measures, their pictures, and their ops one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from nicegui import ui

from nas_service.api.comparison_views import JobsComparison
from nas_service.api.views import ArchitectureView, OpView
from nas_service.palette import themed

from ..candidate.drawing import Rows
from ..candidate.picture import is_weight_agnostic, picture
from ..theme import MORE_SERIES, address, sheet
from ..wording import details, shape, title
from .alignment import aligned
from .folded import Lines
from .front_chart import MARKS
from .matrix import Cell, matrix, text
from .measures import LETTERS, Figure, Measure, Network
from .wanted import Wanted


@dataclass(frozen=True)
class Drawn:
    """A network by what never changes of it."""

    candidate_id: str
    job_id: str
    architecture: ArchitectureView

    @classmethod
    def of(cls, network: Network) -> Drawn:
        return cls(network.candidate.id, network.candidate.job_id, network.candidate.architecture)


@dataclass(frozen=True)
class Measured:
    """The table of measures: networks with the places of their jobs, and its lines."""

    networks: tuple[Drawn, ...]
    places: tuple[int, ...]
    names: tuple[str, ...]
    lines: tuple[Measure, ...]


def measured(networks: Sequence[Network], lines: Sequence[Measure], found: JobsComparison) -> Measured:
    places = [one.job.id for one in found.jobs]
    return Measured(
        tuple(map(Drawn.of, networks)),
        tuple(places.index(one.job.id) for one in networks),
        tuple(one.job.name for one in networks),
        tuple(lines),
    )


def draw_measures(shown: Measured, wanted: Wanted) -> None:
    heads: list[Cell] = [
        partial(_head, letter, one, place, name, wanted)
        for letter, one, place, name in zip(LETTERS, shown.networks, shown.places, shown.names, strict=False)
    ]
    rows = [(line.what, [_figure(one) for one in line.figures]) for line in shown.lines]
    matrix("measures", heads, rows)


def draw_pictures(networks: Sequence[Drawn]) -> None:
    """One beside the other where there is room, with corresponding ops in one row, and below each other elsewhere."""
    if not networks:
        return
    first = "" if len(networks) < 2 else "what the others are told against"
    told = rows_of(networks)
    with sheet("Architectures"), ui.element("div").classes("compared-pictures"):
        for letter, one, rows in zip(LETTERS, networks, told, strict=False):
            with ui.column().style("gap:4px;min-width:0"):
                _name(letter, one)
                ui.label(first if one is networks[0] else difference_told(rows)).classes("muted text-xs")
                picture(one.candidate_id, one.architecture, rows)


def rows_of(networks: Sequence[Drawn]) -> list[Rows | None]:
    """Where the ops of each stand; None where one of them is a network that has no ops to speak of."""
    if any(is_weight_agnostic(one.architecture) for one in networks):
        return [None] * len(networks)
    return list(aligned([one.architecture.ops for one in networks]))


def difference_told(rows: Rows | None) -> str:
    """What is marked in a picture, in words; empty where nothing can be."""
    if rows is None:
        return ""
    if not (rows.differing or rows.missing):
        return f"the same ops as {LETTERS[0]}"
    missing = f", {len(rows.missing)} missing here" if rows.missing else ""
    return f"against {LETTERS[0]}: {len(rows.differing)} of {len(rows.of)} ops differ{missing}"


def ops(networks: Sequence[Drawn]) -> Lines | None:
    """What stands in each row of the pictures, in words; None where they have no rows."""
    told = rows_of(networks)
    rows = [one for one in told if one is not None]
    if len(rows) != len(networks) or len(rows) < 2:
        return None
    cells = [_cells(one.architecture.ops, of) for one, of in zip(networks, rows, strict=True)]
    heads: list[Cell] = [partial(_name, letter, one) for letter, one in zip(LETTERS, networks, strict=False)]
    lines = [
        (f"row {row + 1}", [text(one.text or None, one.note, "warning") for one in figures])
        for row, figures in enumerate(zip(*cells, strict=True))
    ]
    differing = [any(figure.note for figure in figures) for figures in zip(*cells, strict=True)]
    return Lines(heads, lines, differing, ops_told(sum(differing), len(differing)))


def ops_told(differing: int, rows: int) -> str:
    if not differing:
        return "They do not differ in any op."
    return f"{differing} of {rows} rows differ; what differs is told against {LETTERS[0]}."


def _cells(ops: Sequence[OpView], rows: Rows) -> list[Figure]:
    """Of each row, what op stands there and how it differs from the first network's."""
    found = [Figure("", "missing" if row in rows.missing else "") for row in range(rows.total)]
    for place, (op, row) in enumerate(zip(ops, rows.of, strict=True)):
        found[row] = Figure(in_words(op), ", ".join(rows.differing.get(place, ())))
    return found


def in_words(op: OpView) -> str:
    own = details(op)
    return f"{title(op)}, {own} → {shape(op.out_shape)}" if own else f"{title(op)} → {shape(op.out_shape)}"


def _name(letter: str, one: Drawn) -> None:
    with ui.row().classes("items-baseline no-wrap").style("gap:6px"):
        ui.label(letter).style("font-weight:600")
        ui.link(one.candidate_id, address(one.job_id, one.candidate_id)).classes("compared-name")


def _head(letter: str, one: Drawn, place: int, job: str, wanted: Wanted) -> None:
    """With its job, and ways to leave it out or to tell the others against it."""
    _name(letter, one)
    with ui.row().classes("items-baseline no-wrap text-xs").style("gap:6px"):
        ui.label(MARKS[place]).style(themed(f"color:{MORE_SERIES[place]}")).props("aria-hidden=true")
        ui.link(job, f"/jobs/{one.job_id}").classes("compared-name muted")
    with ui.row().classes("text-xs").style("gap:2px 10px;font-weight:400"):
        if letter != LETTERS[0]:
            first = ui.link("make it A", wanted.before_all(one.candidate_id).address)
            first.props(f'aria-label="tell the others against {one.candidate_id}"')
        if one.candidate_id in wanted.candidates:
            leave = ui.link("leave out", wanted.without([one.candidate_id]).address)
            leave.props(f'aria-label="leave out {one.candidate_id}"')


def _figure(one: Figure) -> Cell:
    return text(one.text, one.note)
