"""How a search got on: what counts from when, the best and the hypervolume so far, what is left out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nas_service.comparison import Frame
from nas_service.progress import Step, progress, thinned
from nas_service.store.searched import Ended

BEGUN = 100.0


def ended(number: int, **other: Any) -> Ended:
    """A completed trial of full fidelity; its candidate has the value and the reward n / 10 and the cost n."""
    usual: dict[str, Any] = {
        "number": number,
        "control": False,
        "status": "completed",
        "spent": True,
        "got": number / 10,
        "candidate_id": f"j.c{number}",
        "full": True,
        "feasible": True,
        "value": number / 10,
        "cost": float(number),
        "reward": number / 10,
        "trial_full": True,
        "trial_state": "completed",
        "created_at": BEGUN + number,
        "ended_at": BEGUN + 10 * number,
    }
    return Ended(**usual | other)


def steps(*rows: Ended) -> list[Step]:
    return progress(rows, None, BEGUN).steps


def test_the_best_so_far_never_falls() -> None:
    found = steps(ended(2), ended(1, ended_at=BEGUN + 25), ended(3))
    assert [step.reward for step in found] == [0.2, 0.1, 0.3]
    assert [step.best for step in found] == [0.2, 0.2, 0.3]
    assert [step.trial for step in found] == [1, 2, 3]


def test_steps_come_in_the_order_in_which_trials_ended() -> None:
    found = steps(ended(1, ended_at=BEGUN + 90), ended(2))
    assert [step.candidate_id for step in found] == ["j.c2", "j.c1"]


def test_hypervolumes_are_shares_of_the_frame_of_both_arms() -> None:
    rows = [ended(n, control=n % 3 == 0, cost=float(9 - n % 5)) for n in range(1, 9)]
    found = progress(rows, 8.5, BEGUN)
    assert found.frame == Frame.around(np.array([(row.value, row.cost) for row in rows]), 8.5)
    for control in (False, True):
        own = [row for row in rows if row.control == control]
        last = [step for step in found.steps if step.control == control][-1]
        share = found.frame.shares(np.array([[(row.value, row.cost) for row in own]]))
        assert last.hypervolume == pytest.approx(float(share[0]))
        assert last.best == max(row.reward for row in own)


@pytest.mark.parametrize(
    ("other", "kind"),
    [
        ({"full": False, "trial_full": False}, "partial"),
        ({"feasible": False}, "over"),
        ({"status": "failed", "full": False, "value": None, "reward": None, "got": None}, "failed"),
        ({"status": "stopped", "full": False, "value": None, "got": None, "trial_state": "stopped"}, "stopped"),
        ({"status": "cancelled", "full": False, "value": None, "got": None}, "stopped"),
    ],
)
def test_what_does_not_count_leaves_the_best_and_the_hypervolume_as_they_were(other: dict[str, Any], kind: str) -> None:
    first, mark, last = steps(ended(1), ended(9, ended_at=BEGUN + 15, **other), ended(2, cost=3.0))
    assert (mark.kind, mark.trial) == (kind, 2)
    assert (mark.best, mark.hypervolume, mark.better) == (first.best, first.hypervolume, False)
    assert last.best == 0.2


def test_a_network_that_was_trained_further_counts_with_its_whole_trial() -> None:
    early = ended(1, trial_full=False, got=0.05)
    whole = ended(2, candidate_id="j.c1", value=0.1, cost=1.0, reward=0.1)
    assert [(step.kind, step.reward, step.best) for step in steps(early, whole)] == [
        ("partial", 0.05, None),
        ("result", 0.1, 0.1),
    ]


def test_a_network_counts_once_for_an_arm_and_once_for_the_other() -> None:
    again = ended(2, candidate_id="j.c1", reward=0.1, value=0.1, cost=1.0, got=0.12)
    known = ended(
        3, candidate_id="j.c1", reward=0.1, value=0.1, cost=1.0, control=True, spent=False, status="reused",
        trial_full=None, trial_state=None, created_at=None, ended_at=None,
    )  # fmt: skip
    found = steps(ended(1), again, known)
    assert [(step.control, step.kind, step.trial) for step in found] == [
        (True, "result", 0),
        (False, "result", 1),
        (False, "again", 2),
    ]
    assert found[0].at == BEGUN + 2, "it was proposed when the last trial before it was made"


def test_what_took_no_trial_and_what_has_not_ended_is_no_step() -> None:
    waits = {"status": None, "full": False, "value": None, "trial_state": "running", "ended_at": None}
    reused = {"status": "reused", "spent": False, "candidate_id": "j.c1", "trial_full": None, "trial_state": None}
    assert len(steps(ended(1), ended(2, **waits), ended(3, **reused))) == 1


def test_nothing_makes_no_steps() -> None:
    assert progress([], None, BEGUN) == progress([], 5.0, BEGUN)
    assert steps() == []


def test_without_anything_between_the_results_there_is_no_hypervolume() -> None:
    found = progress([ended(1)], None, BEGUN)
    assert (found.frame, found.steps[0].hypervolume, found.steps[0].best) == (None, None, 0.1)


@pytest.mark.parametrize("most", [2, 50, 400])
def test_thinned_steps_keep_all_that_were_better(most: int) -> None:
    rng = np.random.default_rng(0)
    values, costs = rng.random(2000).tolist(), rng.random(2000).tolist()
    rows = [
        ended(n, value=v, reward=v, cost=c, control=n % 7 == 0)
        for n, (v, c) in enumerate(zip(values, costs, strict=True))
    ]
    every = steps(*rows)
    kept = thinned(every, most)
    better = [step for step in every if step.better]
    assert 20 < len(better) < 200
    assert set(better) <= set(kept)
    assert len(kept) == max(most, len({*better, every[0], every[-1]} | _ends(every)))
    assert kept == sorted(kept, key=every.index)
    assert _ends(every) <= set(kept)


def _ends(every: list[Step]) -> set[Step]:
    arms = [[step for step in every if step.control == control] for control in (False, True)]
    return {step for arm in arms for step in (arm[0], arm[-1])}


def test_few_steps_are_all_kept() -> None:
    every = steps(*(ended(n) for n in range(20)))
    assert thinned(every, 20) == every
