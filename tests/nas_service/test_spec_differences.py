"""Specs by the lines in which they differ."""

from __future__ import annotations

from typing import Any

from nas_service.spec_differences import lines

SPEC: dict[str, Any] = {
    "space": {"name": "mobilenetv3", "options": {"backbone": [{"width": 16}, {"width": 24}], "resolution": [16, 24]}},
    "budget": {"trials": 20, "hours": None},
    "device": None,
}


def told(*specs: dict[str, Any]) -> dict[str, tuple[str | None, ...]]:
    return {one.path: one.values for one in lines(specs)}


def test_equal_specs_differ_in_no_line() -> None:
    assert told(SPEC, dict(SPEC), dict(SPEC)) == {}


def test_all_lines_are_told_where_they_are_wanted() -> None:
    found = {one.path: one.values for one in lines([SPEC, SPEC | {"device": {"name": "pi4"}}], every=True)}
    assert found["budget.trials"] == ("20", "20")
    assert found["device.name"] == (None, "pi4")
    assert "device" not in found
    assert [one.values for one in lines([{"seed": 3}], every=True)] == [("3",)]


def test_only_the_lines_that_differ_with_every_value() -> None:
    second = SPEC | {"budget": {"trials": 20, "hours": 1.5}}
    third = SPEC | {"budget": {"trials": 1000, "hours": None}}
    assert told(SPEC, second, third) == {"budget.trials": ("20", "20", "1000"), "budget.hours": ("null", "1.5", "null")}


def test_lists_of_objects_differ_by_position_and_plain_ones_as_a_whole() -> None:
    options = {"backbone": [{"width": 16}, {"width": 32}, {"width": 40}], "resolution": [16, 32]}
    assert told(SPEC, SPEC | {"space": {"name": "mobilenetv3", "options": options}}) == {
        "space.options.backbone[1].width": ("24", "32"),
        "space.options.resolution": ("[16, 24]", "[16, 32]"),
        "space.options.backbone[2].width": (None, "40"),
    }


def test_a_part_that_only_one_has() -> None:
    other = SPEC | {"device": {"name": "pi4", "threads": 1}}
    assert told(SPEC, other) == {"device.name": (None, "pi4"), "device.threads": (None, "1")}
    assert told({"x": "small"}, {"x": [{"width": 16}]}) == {"x": ("small", None), "x[0].width": (None, "16")}
    assert told({"measure": None}, {"measure": {"finalists": 5}}) == {"measure.finalists": (None, "5")}


def test_what_only_a_later_one_has_stands_with_its_part() -> None:
    first = {"strategy": {"name": "random"}, "seed": 0}
    second = {"strategy": {"name": "nsga2", "population": 8}, "seed": 1, "webhook": {}}
    assert list(told(first, second)) == ["strategy.name", "strategy.population", "seed"]


def test_values_are_yaml_in_one_line() -> None:
    values = ["a: b", "3", "é" * 120, True, [1] * 60]
    shown = [told({"x": 0}, {"x": value})["x"][1] for value in values]
    listed = "[" + ", ".join(["1"] * 60) + "]"
    assert shown == ["'a: b'", "'3'", "é" * 120, "true", listed]
