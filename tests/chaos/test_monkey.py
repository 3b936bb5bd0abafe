"""The short form of `make chaos`; the long one is `tests/chaos/monkey.py`."""

from __future__ import annotations

import monkey


def test_a_few_random_deaths_lose_nothing() -> None:
    report = monkey.run(blows=4, seed=3)
    assert report["found"] == []
    assert sum(report["blows"].values()) == 4
    assert report["replayed"] > 0
