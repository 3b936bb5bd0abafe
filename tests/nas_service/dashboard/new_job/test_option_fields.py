"""JSON schemas as fields: how each kind of option is asked for."""

from __future__ import annotations

import enum
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from nas_service.dashboard.new_job.option_fields import OptionField, defaults_of, fields_of, ordered, parts_of, shown
from nas_service.dashboard.new_job.spec_text import ABSENT
from nas_service.spec import JobSpec


class Speed(enum.Enum):
    SLOW = "slow"
    FAST = "fast"


class Inner(BaseModel):
    """What is inside, `in code`.

    More of it.
    """

    depth: int = 1


class Options(BaseModel):
    path: str
    rule: Literal["oldest", "worst"] = "oldest"
    speed: Speed = Speed.SLOW
    kernel: list[Literal[3, 5]] = [3, 5]
    se: list[bool] = [False]
    widths: list[float] = [0.5]
    frames: list[Literal[1, 2]] | None = None
    flip: bool | None = None
    augment: bool = True
    epochs: Annotated[int, Field(ge=1, le=10_000, description="of a trial")] = 4
    rate: Annotated[float | None, Field(gt=0)] = None
    inner: Inner = Inner()
    either: Literal["all"] | list[int] = "all"
    fixed: Literal["this"] = "this"


FIELDS = {field.name: field for field in fields_of(Options.model_json_schema())}


@pytest.mark.parametrize(
    ("name", "kind", "choices"),
    [
        ("path", "text", ()),
        ("rule", "choice", ("oldest", "worst")),
        ("speed", "choice", ("slow", "fast")),
        ("kernel", "several", (3, 5)),
        ("se", "several", (False, True)),
        ("widths", "yaml", ()),
        ("frames", "yaml", ()),
        ("flip", "choice", (False, True)),
        ("augment", "switch", ()),
        ("epochs", "number", ()),
        ("rate", "number", ()),
        ("inner", "yaml", ()),
        ("either", "yaml", ()),
    ],
)
def test_each_kind_of_option_has_its_kind_of_field(name: str, kind: str, choices: tuple[Any, ...]) -> None:
    assert (FIELDS[name].kind, FIELDS[name].choices) == (kind, choices)


def test_what_leaves_no_choice_is_not_asked_for() -> None:
    assert "fixed" not in FIELDS


def test_defaults_and_what_is_required() -> None:
    assert [name for name, field in FIELDS.items() if field.required] == ["path"]
    assert (FIELDS["path"].default, FIELDS["rate"].default, FIELDS["kernel"].default) == (ABSENT, None, [3, 5])
    assert defaults_of(Options.model_json_schema()).keys() == Options.model_fields.keys() - {"path"}


def test_hints_tell_descriptions_and_bounds() -> None:
    assert FIELDS["epochs"].hint == "of a trial; 1 to 10,000"
    assert (FIELDS["epochs"].whole, FIELDS["rate"].whole) == (True, False)
    assert (FIELDS["rate"].hint, FIELDS["rule"].hint) == ("", "")
    assert OptionField("seed", "number", lowest=0, highest=2**63).hint == ""


def test_the_parts_of_a_spec() -> None:
    parts = {part.name: part for part in parts_of(JobSpec.model_json_schema())}
    assert {name for name, part in parts.items() if part.optional} == {
        "control",
        "device",
        "early_stopping",
        "measure",
        "refine",
        "warm_start",
        "webhook",
    }
    assert [field.name for field in parts["control"].fields] == ["share"]
    assert [field.kind for field in parts["early_stopping"].fields] == ["choice", "choice", "number", "number"]


def test_a_description_is_its_first_paragraph_without_marks() -> None:
    assert parts_of(Options.model_json_schema())[0].description == "What is inside, in code."


def test_choices_in_words_and_in_order() -> None:
    assert [shown(value) for value in (False, True, 3, "relu")] == ["no", "yes", "3", "relu"]
    assert ordered([9, 7, 3], (3, 5, 7)) == [3, 7, 9]
