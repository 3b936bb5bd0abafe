"""What the bar below the list says of the jobs that are ticked."""

from __future__ import annotations

from nas_service.dashboard.ticked import told


def test_it_says_what_is_missing_to_compare() -> None:
    assert told(["a"]) == "a: tick another one to compare them"
    assert told(["a", "b"]) == "a, b"
    assert told(["a"] * 5) == "5 jobs are ticked; at most 4 are compared"
