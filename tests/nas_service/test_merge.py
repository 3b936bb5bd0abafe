"""Changes to specs."""

from __future__ import annotations

from typing import Any

import pytest
from searches import TABLES, spec

from nas_service.admission import admit
from nas_service.errors import ServiceError
from nas_service.merge import changed_spec, merged, patch_of


@pytest.mark.parametrize(
    ("document", "patch", "expected"),
    [  # RFC 7396, appendix A
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": "foo"}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
        ([1], {"a": "c"}, {"a": "c"}),
    ],
)
def test_merge_patches_are_those_of_the_rfc(document: Any, patch: Any, expected: Any) -> None:
    assert merged(document, patch) == expected


def test_dotted_changes_are_a_patch() -> None:
    patch = patch_of(["budget.trials=100", "seed=7", "space.options.resolution=[16, 24]", "device=null", "name=a b"])
    assert patch == {
        "budget": {"trials": 100},
        "seed": 7,
        "space": {"options": {"resolution": [16, 24]}},
        "device": None,
        "name": "a b",
    }


@pytest.mark.parametrize("text", ["budget.trials", "=3", "a..b=1", "a=[", "seed.=1"])
def test_what_is_no_change_is_refused(text: str) -> None:
    with pytest.raises(ServiceError):
        patch_of([text])


def test_changes_that_contradict_are_refused() -> None:
    with pytest.raises(ServiceError, match="as a whole"):
        patch_of(["budget=3", "budget.trials=3"])


def filled(**parts: Any) -> dict[str, Any]:
    return admit(spec(10, **parts), TABLES).filled_in


def test_another_strategy_starts_from_its_own_defaults() -> None:
    changed = changed_spec(filled(), {"strategy": {"name": "random"}})
    assert changed["strategy"] == {"name": "random"}
    assert admit(changed, TABLES).spec.budget.trials == 10
    same = changed_spec(filled(), {"strategy": {"name": "evolution", "sample": 2}})
    assert same["strategy"] == {
        "name": "evolution",
        "population": 5,
        "sample": 2,
        "removes": "oldest",
        "inherit": False,
    }


def test_a_target_that_was_taken_from_a_limit_follows_it() -> None:
    old = filled(objective={"cost": "macs", "limits": {"macs": 500_000}})
    changed = changed_spec(old, {"objective": {"limits": {"macs": 400_000}}})
    assert admit(changed, TABLES).objective.spec.target == 400_000
    kept = changed_spec(filled(), {"objective": {"limits": {"macs": 400_000}}})
    assert admit(kept, TABLES).objective.spec.target == 500_000
