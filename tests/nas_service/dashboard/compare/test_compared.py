"""What is told of jobs beside each other."""

from __future__ import annotations

import pytest

from nas_service.dashboard.compare.compared import specs_told


@pytest.mark.parametrize(
    ("differing", "jobs", "told"),
    [
        (0, 1, "There is one job, so there is nothing to differ from."),
        (0, 2, "Their specs are the same but for the name."),
        (1, 2, "They differ in 1 line."),
        (5, 6, "They differ in 5 lines."),
    ],
)
def test_specs_say_in_how_many_lines_they_differ(differing: int, jobs: int, told: str) -> None:
    assert specs_told(differing, jobs) == told
