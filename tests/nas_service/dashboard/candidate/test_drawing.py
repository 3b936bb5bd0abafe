"""Pictures of architectures: well-formed, complete, to scale, and deaf to what names try to say."""

from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from op_views import op, published, sampled

from nas_service.api.views import ArchitectureView
from nas_service.dashboard.candidate.drawing import (
    BAR_WIDTH,
    FOOT,
    HEAD,
    ROW,
    STYLE,
    THICKEST,
    TRACKS,
    Line,
    Rows,
    drawing,
    lines,
    role,
)

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "</text><script>alert(1)</script>\"'&\x07<img src=x onerror=alert(1)>"


def parsed(architecture: ArchitectureView) -> ET.Element:
    return ET.fromstring(drawing(architecture))  # noqa: S314 - our own text, and what the test is about


def bars(picture: ET.Element) -> list[tuple[str, float, float]]:
    """Role, width and thickness of the bar of each op."""
    found = [group.find(f"{SVG}rect") for group in picture.iter(f"{SVG}g")]
    return [(b.get("class", ""), float(b.get("width", 0)), float(b.get("height", 0))) for b in found if b is not None]


@pytest.mark.parametrize("space", ["mobilenetv3", "tvn"])
@pytest.mark.parametrize("seed", range(5))
def test_every_op_has_its_bar_in_order(space: str, seed: int) -> None:
    architecture = sampled(space, seed)
    drawn = bars(parsed(architecture))
    assert [name for name, _, _ in drawn] == [role(op) for op in architecture.ops]
    assert all(f".architecture .{name} " in STYLE for name, _, _ in drawn)


def test_bars_are_as_wide_as_maps_and_thicker_with_channels() -> None:
    architecture = published("mobilenetv3-large")
    maps = [op for op in architecture.ops if len(op.out_shape) == 3]
    drawn = bars(parsed(architecture))
    for (_, width, _), op_ in zip(drawn, maps, strict=False):
        assert width == pytest.approx(max(5, BAR_WIDTH * op_.out_shape[-1] / 224), abs=0.1)
    by_channels = sorted((op_.out_shape[0], thick) for op_, (_, _, thick) in zip(architecture.ops, drawn, strict=True))
    assert all(a <= b for (_, a), (_, b) in pairwise(by_channels))
    assert by_channels[-1][1] == THICKEST


def test_it_says_what_a_block_is() -> None:
    text = drawing(published("mobilenetv3-large"))
    for said in ("mbconv 5×5 / 2", "expands to 72 · SE 24 · relu", "40×28×28", "3×224×224"):
        assert said in text


def test_clips_show_their_frames_and_what_works_along_time() -> None:
    picture = parsed(sampled("tvn"))
    assert len([rect for rect in picture.iter(f"{SVG}rect") if rect.get("class") == "input"]) == 8
    assert "temporal" in [name for name, _, _ in bars(picture)]
    assert any(text.startswith("temporal") for text in picture.itertext())
    assert "8 frames of 64×64 px at " in "".join(picture.itertext())


def test_what_passes_ops_by_has_a_line_of_its_own() -> None:
    ops = [op(inputs=[-1]), op(inputs=[0]), op(inputs=[1, 0]), op(inputs=[2], skip="identity"), op(inputs=[3, -1])]
    assert set(lines(ops)) == {Line(0, 2, 0), Line(2, 3, 0), Line(-1, 4, 1)}
    picture = parsed(ArchitectureView(input_shape=[16, 8, 8], output_shape=[16, 8, 8], ops=ops))
    assert len([path for path in picture.iter(f"{SVG}path") if path.get("class") == "line"]) == 3


def test_lines_on_one_track_do_not_meet_while_there_are_tracks() -> None:
    ops = sampled("tvn", 3).ops
    found = lines(ops)
    assert {(line.source, line.target) for line in found} == {
        (source, target) for target, op_ in enumerate(ops) for source in op_.inputs if source != target - 1
    }
    for track in range(TRACKS - 1):
        own = sorted(line for line in found if line.track == track)
        assert all(a.target <= b.source for a, b in pairwise(own))


def test_ops_stand_in_their_rows_and_what_differs_is_marked_there() -> None:
    ops = [op(inputs=[-1]), op(inputs=[0], kernel=5)]
    architecture = ArchitectureView(input_shape=[16, 8, 8], output_shape=[16, 8, 8], ops=ops)
    rows = Rows([0, 3], 4, {1: ("kernel 3 → 5",)}, [1])
    picture = ET.fromstring(drawing(architecture, rows))  # noqa: S314 - our own text
    assert picture.get("viewBox", "").split()[-1] == str(HEAD + 4 * ROW + FOOT)
    tops = {
        kind: [float(rect.get("y", 0)) for rect in picture.iter(f"{SVG}rect") if rect.get("class") == kind]
        for kind in ("convolution", "differing", "missing")
    }
    assert [(top - HEAD) // ROW for top in tops["convolution"]] == [0, 3]
    assert [(top - HEAD) // ROW for top in tops["differing"]] == [3]
    assert [(top - HEAD) // ROW for top in tops["missing"]] == [1]
    assert "kernel 3 → 5" in [title.text for title in picture.iter(f"{SVG}title")][-1]
    assert {rect.get("class") for rect in parsed(architecture).iter(f"{SVG}rect")} == {"input", "convolution"}
    assert all(f".architecture .{kind} " in STYLE for kind in ("differing", "edge", "differs", "missing"))


def test_no_name_is_ever_more_than_text() -> None:
    hostile = op(HOSTILE, inputs=[-1], activation=HOSTILE, **{HOSTILE: HOSTILE})
    picture = parsed(ArchitectureView(input_shape=[16, 8, 8], output_shape=[16, 8, 8], ops=[hostile]))
    assert {element.tag.removeprefix(SVG) for element in picture.iter()} <= {
        *("svg", "title", "g", "rect", "text", "polygon", "path")
    }
    assert role(hostile) == "other"
    said = [title.text or "" for title in picture.iter(f"{SVG}title")]
    assert HOSTILE.replace("\x07", "") in said[1]


@pytest.mark.parametrize("shape", [[], [7], [3, 5], [2, 3, 4, 5, 6], [0]])
def test_shapes_of_any_rank_can_be_drawn(shape: list[int]) -> None:
    ops = [op("mystery", in_shape=shape, shape=shape)]
    assert len(bars(parsed(ArchitectureView(input_shape=shape, output_shape=shape, ops=ops)))) == 1
