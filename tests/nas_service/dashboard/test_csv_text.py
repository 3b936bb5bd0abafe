"""Numbers of a chart as a file for spreadsheets."""

from __future__ import annotations

import csv
import io

import pytest

from nas_service.dashboard.csv_text import csv_text, file_name


def test_a_file_reads_back_as_its_rows() -> None:
    rows = [{"name": 'a "b", c\nd', "cost": 0.1}, {"name": "e", "value": None}]
    read = list(csv.DictReader(io.StringIO(csv_text(rows), newline="")))
    assert read == [{"name": 'a "b", c\nd', "cost": "0.1", "value": ""}, {"name": "e", "cost": "", "value": ""}]


def test_lines_end_as_the_standard_says_and_quotes_are_doubled() -> None:
    assert csv_text([{"a": 'x"y', "b": 2}]) == 'a,b\r\n"x""y",2\r\n'


@pytest.mark.parametrize("text", ["=1+1", "+1", "-cmd", "@SUM(A1)", "\t=1", "\r=1"])
def test_text_is_never_a_formula(text: str) -> None:
    [row] = csv.DictReader(io.StringIO(csv_text([{text: text}]), newline=""))
    assert row == {f"'{text}": f"'{text}"}


def test_negative_numbers_stay_numbers() -> None:
    assert csv_text([{"bias": -0.5}]) == "bias\r\n-0.5\r\n"


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("Pareto fronts compared", "pareto-fronts-compared.png"),
        ("../../etc/<b>", "etc-b.png"),
        ("…", "chart.png"),
        ("x" * 300, "x" * 80 + ".png"),
    ],
)
def test_files_are_named_by_their_chart_for_any_system(name: str, file: str) -> None:
    assert file_name(name, "png") == file
