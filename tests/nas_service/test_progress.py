"""How a search got on: what counts from when, the best and the hypervolume so far, what is left out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nas_service.columns import Proposals, Results
from nas_service.comparison import Frame
from nas_service.progress import KINDS, Progress, Steps, progress, thinned
from nas_service.store import searched
from nas_service.store.candidates import PLACED

BEGUN = 100.0
Row = dict[str, Any]


def ended(number: int, **other: Any) -> Row:
    """A completed trial of full fidelity; its candidate has the value and the reward n / 10 and the cost n."""
    usual: Row = {
        "number": number,
        "candidate": number,
        "trial": number,
        "control": False,
        "status": "completed",
        "spent": True,
        "got": number / 10,
        "result": True,
        "feasible": True,
        "value": number / 10,
        "cost": float(number),
        "reward": number / 10,
        "full": True,
        "completed": True,
        "created_at": BEGUN + number,
        "ended_at": BEGUN + 10 * number,
    }
    return usual | other


def found(*rows: Row, limit: float | None = None) -> Progress:
    proposals, results = Proposals(), Results()
    for row in rows:
        told = row | {"status": searched.STATUSES.get(row["status"], searched.AWAITED)}
        names = (*searched.PROPOSED, *searched.TRAINED[1:])
        proposals.take_in(np.array([[told[name]] for name in names], dtype=np.float64))
        if row["result"]:
            placed = {**dict.fromkeys(PLACED), **row, "number": row["candidate"]}
            results.take_in(np.array([[placed[name]] for name in PLACED], dtype=np.float64))
    return progress(proposals, results, limit, BEGUN)


def steps(*rows: Row) -> Steps:
    return found(*rows).steps


def kinds(told: Steps) -> list[str]:
    return [KINDS[kind] for kind in told.kind]


def test_the_best_so_far_never_falls() -> None:
    told = steps(ended(2), ended(1, ended_at=BEGUN + 25), ended(3))
    assert told.reward.tolist() == [0.2, 0.1, 0.3]
    assert told.best.tolist() == [0.2, 0.2, 0.3]
    assert told.trial.tolist() == [1, 2, 3]


def test_steps_come_in_the_order_in_which_trials_ended() -> None:
    assert steps(ended(1, ended_at=BEGUN + 90), ended(2)).candidate.tolist() == [2, 1]


def test_hypervolumes_are_shares_of_the_frame_of_both_arms() -> None:
    rows = [ended(n, control=n % 3 == 0, cost=float(9 - n % 5)) for n in range(1, 9)]
    told = found(*rows, limit=8.5)
    assert told.frame == Frame.around(np.array([(row["value"], row["cost"]) for row in rows]), 8.5)
    for control in (False, True):
        own = [row for row in rows if row["control"] == control]
        last = told.steps.chosen(np.flatnonzero(told.steps.control == control)[-1:])
        share = told.frame.shares(np.array([[(row["value"], row["cost"]) for row in own]]))
        assert last.hypervolume.tolist() == pytest.approx(share.tolist())
        assert last.best.tolist() == [max(row["reward"] for row in own)]


@pytest.mark.parametrize(
    ("other", "kind"),
    [
        ({"result": False, "full": False}, "partial"),
        ({"feasible": False}, "over"),
        ({"status": "failed", "result": False, "got": None}, "failed"),
        ({"status": "stopped", "result": False, "got": None, "completed": False}, "stopped"),
        ({"status": "cancelled", "result": False, "got": None}, "stopped"),
    ],
)
def test_what_does_not_count_leaves_the_best_and_the_hypervolume_as_they_were(other: Row, kind: str) -> None:
    told = steps(ended(1), ended(9, ended_at=BEGUN + 15, **other), ended(2, cost=3.0))
    assert (kinds(told)[1], told.trial[1]) == (kind, 2)
    assert (told.best[1], told.hypervolume[1], told.better[1]) == (told.best[0], told.hypervolume[0], False)
    assert told.best[2] == 0.2


def test_a_network_that_was_trained_further_counts_with_its_whole_trial() -> None:
    early = ended(1, full=False, got=0.05)
    whole = ended(2, candidate=1, value=0.1, cost=1.0, reward=0.1)
    told = steps(early, whole)
    assert kinds(told) == ["partial", "result"]
    assert told.reward.tolist() == [0.05, 0.1]
    assert np.isnan(told.best[0])
    assert told.best[1] == 0.1


def test_a_network_counts_once_for_an_arm_and_once_for_the_other() -> None:
    again = ended(2, candidate=1, reward=0.1, value=0.1, cost=1.0, got=0.12)
    known = ended(
        3, candidate=1, reward=0.1, value=0.1, cost=1.0, control=True, spent=False, status="reused",
        trial=None, full=None, completed=None, created_at=None, ended_at=None,
    )  # fmt: skip
    told = steps(ended(1), again, known)
    assert list(zip(told.control.tolist(), kinds(told), told.trial.tolist(), strict=True)) == [
        (True, "result", 0),
        (False, "result", 1),
        (False, "again", 2),
    ]
    assert told.at[0] == BEGUN + 2, "it was proposed when the last trial before it was made"


def test_what_took_no_trial_and_what_has_not_ended_is_no_step() -> None:
    waits = {"status": None, "result": False, "completed": False, "ended_at": None}
    reused = {"status": "reused", "spent": False, "candidate": 1, "value": 0.1, "cost": 1.0, "reward": 0.1}
    none = dict.fromkeys(("trial", "full", "completed", "created_at", "ended_at"))
    assert len(steps(ended(1), ended(2, **waits), ended(3, **reused, **none))) == 1


@pytest.mark.parametrize("limit", [None, 5.0])
def test_nothing_makes_no_steps(limit: float | None) -> None:
    told = found(limit=limit)
    assert (told.frame, len(told.steps), len(thinned(told.steps, 2))) == (None, 0, 0)


def test_without_anything_between_the_results_there_is_no_hypervolume() -> None:
    told = found(ended(1))
    assert told.frame is None
    assert np.isnan(told.steps.hypervolume[0])
    assert told.steps.best[0] == 0.1


def test_results_without_a_reward_have_a_hypervolume_and_no_best() -> None:
    told = steps(*(ended(n, reward=None) for n in (1, 2, 3)))
    assert np.isnan(told.best).all()
    assert told.hypervolume[-1] > 0


def many(number: int) -> Steps:
    """Random results of both arms."""
    rng = np.random.default_rng(0)
    values, costs = rng.random(number).tolist(), rng.random(number).tolist()
    return steps(
        *(
            ended(n, value=v, reward=v, cost=c, control=n % 7 == 0)
            for n, (v, c) in enumerate(zip(values, costs, strict=True))
        )
    )


def test_every_figure_is_that_of_the_results_up_to_there() -> None:
    told = many(300)
    for control in (False, True):
        own = told.chosen(np.flatnonzero(told.control == control))
        assert own.trial.tolist() == list(range(1, len(own) + 1))
        assert own.best.tolist() == np.maximum.accumulate(own.reward).tolist()
        risen = np.diff(own.best, prepend=-1) + np.diff(own.hypervolume, prepend=-1) > 0
        assert own.better.tolist() == risen.tolist()


@pytest.mark.parametrize("most", [2, 50, 400])
def test_thinned_steps_keep_all_that_were_better(most: int) -> None:
    every = many(1000)
    kept = thinned(every, most)
    place = {candidate: position for position, candidate in enumerate(every.candidate.tolist())}
    shown = [place[candidate] for candidate in kept.candidate.tolist()]
    better = set(np.flatnonzero(every.better).tolist())
    ends = {int(end) for control in (False, True) for end in np.flatnonzero(every.control == control)[[0, -1]].tolist()}
    assert 20 < len(better) < 200
    assert better | ends <= set(shown)
    assert shown == sorted(set(shown))
    assert len(shown) == max(most, len(better | ends))


def test_few_steps_are_all_kept() -> None:
    every = steps(*(ended(n) for n in range(20)))
    assert thinned(every, 20) is every
