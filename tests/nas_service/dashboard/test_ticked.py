"""What the bar below a list says of what is ticked there."""

from __future__ import annotations

from nas_service.dashboard.ticked import told


def test_it_says_what_is_missing_to_compare() -> None:
    assert told(["a"], "jobs") == "a: tick another one to compare them"
    assert told(["a", "b"], "jobs") == "a, b"
    assert told(["a"] * 7, "candidates") == "7 candidates are ticked; at most 6 are compared"
