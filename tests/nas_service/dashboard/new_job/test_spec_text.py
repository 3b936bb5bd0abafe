"""Specs as text: what is written is read back, and a change leaves alone what it does not concern."""

from __future__ import annotations

from typing import Any

import pytest
from services import SPEC

from nas_service.dashboard.new_job.spec_text import ABSENT, at, changed, flow, read, rewritten, without_defaults, write

COMMENTED = """\
# what we want
name: digits  # for now
space:
  name: mobilenetv3
  options:
    kernel: [3, 5]
    # the last one

# our own images
task: {name: npz, path: digits.npz}  # below a data root
budget:
    trials: 40
"""


@pytest.mark.parametrize(
    "spec",
    [
        SPEC,
        {},
        {"name": "on", "device": None, "seed": 0, "workers": {}},
        {"name": "two\nlines: {and} #brackets", "task": {"path": "a: b", "threshold": 1e-7}},
        {"warm_start": {"genotypes": [{"a": [1, 2]}] * 40}},
    ],
)
def test_what_is_written_is_read_back(spec: dict[str, Any]) -> None:
    assert read(write(spec)) == spec


def test_short_parts_take_a_line() -> None:
    assert write({"task": {"name": "digits", "epochs": 4}}) == "task: {name: digits, epochs: 4}\n"
    assert write({"space": {"name": "x" * 40, "options": {"kernel": [3] * 9}}}).splitlines()[0] == "space:"


def test_a_change_leaves_comments_and_the_other_parts_as_they_were() -> None:
    spec = changed(read(COMMENTED), ("budget", "trials"), 60)
    assert rewritten(COMMENTED, spec) == COMMENTED.replace("budget:\n    trials: 40", "budget: {trials: 60}")


def test_a_changed_part_in_the_middle_keeps_its_place() -> None:
    spec = changed(read(COMMENTED), ("space", "options", "kernel"), ABSENT)
    text = rewritten(COMMENTED, spec)
    assert text.startswith("# what we want\nname: digits  # for now\nspace: {name: mobilenetv3}\n")
    assert text.endswith(COMMENTED[COMMENTED.index("# our own images") :])


def test_parts_are_added_at_the_end_and_taken_away_whole() -> None:
    added = rewritten(COMMENTED, read(COMMENTED) | {"seed": 3})
    assert added == f"{COMMENTED}seed: 3\n"
    assert rewritten(added, read(COMMENTED)) == COMMENTED
    assert rewritten("name: a", {"name": "a", "seed": 3}) == "name: a\nseed: 3\n"


@pytest.mark.parametrize(
    "text", ["", "# nothing yet\n", "{name: a}", "name: [", "- a list", "a: &x {k: 1}\nb: *x\n", "1: 2\nname: a\n"]
)
def test_whatever_the_text_was_it_holds_the_spec_afterwards(text: str) -> None:
    spec = {"a": {"k": 5}, "name": "b"}
    assert read(rewritten(text, spec)) == spec


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: a\ntask: [1, 2", "line 2"),
        ("name: a: b", "line 1, column 8"),
        ("- a\n- b", "expected keys such as space"),
        ("!!python/object:os.system {}", "this is no YAML"),
        ("a: " + "[" * 5000, "nested too deeply"),
        ("x" * 2_000_001, "at most 2,000,000"),
    ],
)
def test_a_text_that_is_no_spec_says_where(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read(text)


def test_values_are_written_on_a_line() -> None:
    assert [flow(value) for value in ([16, 24], {"a": None}, "3", True, "x" * 200)] == [
        "[16, 24]",
        "{a: null}",
        "'3'",
        "true",
        "x" * 200,
    ]


def test_a_value_is_changed_without_touching_the_spec_given() -> None:
    spec = {"task": {"name": "digits"}}
    assert changed(spec, ("task", "epochs"), 3) == {"task": {"name": "digits", "epochs": 3}}
    assert changed(spec, ("task", "name", "odd"), 1) == {"task": {"name": {"odd": 1}}}
    assert spec == {"task": {"name": "digits"}}


def test_what_becomes_empty_goes_unless_it_is_kept() -> None:
    spec = {"objective": {"limits": {"macs": 1}}, "control": {"share": 0.1}}
    assert changed(spec, ("objective", "limits", "macs"), ABSENT) == {"control": {"share": 0.1}}
    assert changed(spec, ("control", "share"), ABSENT, kept=1) == spec | {"control": {}}
    assert changed({}, ("control", "share"), ABSENT, kept=1) == {}


def test_null_is_a_value_and_what_is_not_there_is_none() -> None:
    assert at({"device": None}, ("device",)) is None
    assert at({"device": None}, ("device", "name")) is ABSENT
    assert without_defaults({"hours": None, "trials": 3}, {"hours": None}) == {"trials": 3}
