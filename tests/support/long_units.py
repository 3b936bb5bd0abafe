"""The tests that take minutes: where they stand among the others, and which of them begins first."""

from __future__ import annotations

LONG = (  # files, folders and tests; the longest first
    "tests/nas_service/dashboard/browser/",
    "tests/e2e/test_guides.py",
    "tests/e2e/test_topic_guides.py",
    "tests/e2e/",
    "tests/docs/",
    "tests/chaos/test_monkey.py",
    "tests/chaos/",
)


def rank(nodeid: str) -> int:
    """0 for a test that does not take long, and for the others their place from 1 on."""
    return next((place for place, start in enumerate(LONG, 1) if nodeid.startswith(start)), 0)
