"""Colours of both themes: legible, complete, and the ones that pages are drawn in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from nas_service import dashboard
from nas_service.dashboard.theme import SERIES, STATE_COLORS
from nas_service.palette import DARK, LIGHT, MARKS, TEXT, dressed, themed, variables

TEXT_CONTRAST, MARK_CONTRAST = 4.5, 3.0  # WCAG 2.2, 1.4.3 and 1.4.11


def luminance(color: str) -> float:
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_text_and_marks_stand_out(palette: Mapping[str, str]) -> None:
    for name in TEXT:
        for behind in ("sheet", "paper"):
            assert contrast(palette[name], palette[behind]) >= TEXT_CONTRAST, (name, behind)
    for name in MARKS:
        assert contrast(palette[name], palette["sheet"]) >= MARK_CONTRAST, name


def test_both_themes_have_the_same_names_and_light_colours_are_told_apart() -> None:
    assert LIGHT.keys() == DARK.keys() == {*TEXT, *MARKS, "line", "paper", "sheet", "cold"}
    assert len({*LIGHT.values()}) == len(LIGHT)
    assert all(re.fullmatch("#[0-9a-f]{6}", color) for color in (*LIGHT.values(), *DARK.values()))
    assert {*SERIES, *STATE_COLORS.values()} <= {*LIGHT.values()}


def test_css_is_written_in_light_colours_and_read_as_variables() -> None:
    assert themed(f"a {{ color: {LIGHT['ink'].upper()}; }} b {{ color: #123456; }}") == (
        "a { color: var(--ink); } b { color: #123456; }"
    )
    assert "--series-1: #0072b2;" in variables(LIGHT)


def test_options_of_a_chart_are_dressed_throughout() -> None:
    ink = LIGHT["ink"]
    options = {"a": [{"color": ink, "n": 1}], ":render": f"() => '{ink}'", "b": (None, True), "c": "#123456"}
    assert dressed(options, dark=False) == options
    assert dressed(options, dark=True) == {
        "a": [{"color": DARK["ink"], "n": 1}],
        ":render": f"() => '{DARK['ink']}'",
        "b": (None, True),
        "c": "#123456",
    }


def test_pages_have_no_colours_of_their_own() -> None:
    """Neither as numbers nor as names of Quasar's palette, which are the same in both themes."""
    literal = re.compile(r"#[0-9a-fA-F]{6}\b|color=[a-z-]+-\d+\b")
    folder = Path(str(dashboard.__file__)).parent
    found = {path.name: literal.findall(path.read_text()) for path in sorted(folder.glob("*.py"))}
    assert {name: colors for name, colors in found.items() if colors} == {}
