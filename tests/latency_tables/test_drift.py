"""A device that changes its speed while it is measured: what was seen is brought to its usual speed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest

from device_agent.measure import Visit
from latency_tables.drift import ENOUGH, steadied

REFERENCE, EVERY, ROUNDS = "reference", 8, 20
COSTS = {f"op{n}": 0.05 * (n + 1) for n in range(40)}


def device(slowness: Callable[[float], float], batches: int = 1, noise: float = 0.01) -> list[tuple[str, Visit]]:
    """Visits in rounds, of one batch of the ops after the other, on a device that is so slow after a share of them."""
    rng = np.random.default_rng(0)
    made: list[tuple[str, Visit]] = []
    parts = np.array_split(list(COSTS), batches)
    order = [name for part in parts for _ in range(ROUNDS) for name in rng.permutation(part).tolist()]
    for number, name in enumerate(order):
        slow = slowness(number / len(order))
        if number % EVERY == 0:
            made.append((REFERENCE, Visit(0.1 * slow * rng.normal(1, noise), 25)))
        made.append((name, Visit(COSTS[name] * slow * rng.normal(1, noise), 25)))
    return made


def unlike(visits: Mapping[str, list[Visit]]) -> float:
    """By how much more than another an op is taken to be slow, by the quicker quarter of its visits."""
    found = [np.quantile([v.latency_ms for v in visits[name]], 0.25) / cost for name, cost in COSTS.items()]
    return max(found) / min(found) - 1


def test_a_steady_device_is_left_alone():
    made = device(lambda _: 1.0)
    found = steadied(made, REFERENCE)
    assert found.visits["op3"] == [visit for name, visit in made if name == "op3"]
    assert found.slowest == 1.0


@pytest.mark.parametrize(
    ("slowness", "batches", "slowest"),
    [
        (lambda at: 1.3 if at > 0.5 else 1.0, 2, 1.3),
        (lambda at: 1.3 if at > 0.3 else 1.0, 4, 1.3),
        (lambda at: 1.3 if at < 0.6 else 1.0, 5, 1.3),
        (lambda at: 1.0 + 0.6 * at, 4, 1.4),
    ],
    ids=["half way", "most of the time", "faster again", "slower and slower"],
)
def test_a_device_that_slows_down(slowness, batches, slowest):
    made = device(slowness, batches)
    raw = {name: [visit for other, visit in made if other == name] for name in COSTS}
    found = steadied(made, REFERENCE)
    assert unlike(raw) > 0.25
    assert unlike(found.visits) < 0.05
    assert found.slowest == pytest.approx(slowest, rel=0.05)


def test_what_was_seen_at_the_usual_speed_counts_more_than_what_was_corrected():
    """Work that waits for memory gets slower by less than the reference: corrected, it would seem quick."""
    made = device(lambda at: 1.5 if at > 0.7 else 1.0)
    bound = [(n, Visit(COSTS[n] * 1.1, 25) if n == "op7" and v.latency_ms > 1.3 * COSTS[n] else v) for n, v in made]
    found = steadied(bound, REFERENCE)
    low = {
        which: min(v.latency_ms for v in visits["op7"]) / COSTS["op7"]
        for which, visits in vars(found).items()
        if which != "slowest"
    }
    assert low["visits"] < 0.8
    assert low["best"] > 0.95
    assert len(found.visits["op7"]) == ROUNDS
    assert ENOUGH <= len(found.best["op7"]) < ROUNDS


def test_where_too_little_was_seen_at_the_usual_speed_all_counts():
    made = device(lambda at: 1.0 if at < 0.1 else 1.3)[:400]
    made = [*made, *[("late", Visit(1.3, 5))] * (ENOUGH - 1)]
    found = steadied(made, REFERENCE)
    assert found.best["late"] == found.visits["late"]


def test_one_disturbed_visit_of_the_reference_is_no_drift():
    made = [
        (n, Visit(5 * v.latency_ms, v.runs) if i == 180 and n == REFERENCE else v)
        for i, (n, v) in enumerate(device(lambda _: 1.0))
    ]
    assert steadied(made, REFERENCE).slowest == 1.0


def test_without_a_reference_nothing_changes():
    made = [("a", Visit(1.0, 5)), ("b", Visit(2.0, 5))]
    found = steadied(made, REFERENCE)
    assert found.visits == {"a": [Visit(1.0, 5)], "b": [Visit(2.0, 5)]}
    assert steadied([], REFERENCE).visits == {}


def test_what_only_the_reference_shows_is_not_taken_from_others():
    """A network of microseconds waits for things that a large one does not notice."""
    made = [
        (name, Visit(1.8 * visit.latency_ms, visit.runs) if name == REFERENCE and 300 < at < 600 else visit)
        for at, (name, visit) in enumerate(device(lambda _: 1.0))
    ]
    found = steadied(made, REFERENCE)
    assert found.slowest == 1.0
    assert unlike(found.visits) < 0.05


@pytest.mark.parametrize("share", [0.3, 0.6, 1.0])
def test_others_are_corrected_by_what_they_share_of_the_slowness(share):
    slow = device(lambda at: 1.6 if 0.3 < at < 0.6 else 1.0)
    steady = dict(enumerate(device(lambda _: 1.0)))
    made = [
        (name, visit if name == REFERENCE else Visit(steady[at][1].latency_ms * 1.6**share, 25))
        if visit.latency_ms > 1.3 * steady[at][1].latency_ms
        else (name, visit)
        for at, (name, visit) in enumerate(slow)
    ]
    found = steadied(made, REFERENCE)
    assert found.slowest == pytest.approx(1.6**share, rel=0.03)
    assert unlike(found.visits) < 0.05
