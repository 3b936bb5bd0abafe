"""Task `bipedal-walker`: the same walker as gymnasium's, episodes that know nothing of each other, and its trials."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from gymnasium.envs.box2d.bipedal_walker import BipedalWalker
from wann_networks import drawn

from search_spaces import Architecture
from search_spaces.ops import SharedWeightNetwork
from workers.requests import EvaluationRequest, Fidelity, Report, TrialRequest
from workers.run import reports_of, run
from workers.tasks import TaskError, get_task
from workers.wann.evaluator import ControlEvaluator
from workers.wann.reference import forward, on_all
from workers.wann.rollouts import rewards
from workers.wann.walker import MAX_STEPS, Walker
from workers.wann.walker_evaluator import WORST, WalkerEvaluator

TASK = {"name": "bipedal-walker", "max_steps": 30, "weights": [-1.0, 1.0]}
WEIGHTS = np.array([-1.0, 1.0])


def network(seed: int) -> SharedWeightNetwork:
    return drawn(seed, 15, 80, inputs=24, outputs=4)


def overflowing() -> SharedWeightNetwork:
    """The first joint is told the weight's 1023rd power."""
    squares = range(25, 34)
    return SharedWeightNetwork((24,), 4, (*[11] * 9, 1, 1, 1, 1), (0, *squares), (*squares, 34))


def actions(count: int) -> np.ndarray:
    """Held for some steps each, so that the walker gets off its place before it falls."""
    return np.repeat(np.random.default_rng(1).uniform(-1.2, 1.2, (count // 5, 4)), 5, axis=0)


def request_of(networks: list[SharedWeightNetwork], *, repetitions: int = 2, seed: int = 3) -> EvaluationRequest:
    trials = tuple(
        TrialRequest(str(i), Architecture.chain([one]).to_json(), Fidelity(repetitions), seed)
        for i, one in enumerate(networks)
    )
    return EvaluationRequest("r", 1, "evaluate", TASK, trials, "memory://")


def ended(request: EvaluationRequest) -> dict[str, Report]:
    return {report.trial_id: report for report in reports_of(run, request, lambda: False) if report.state != "progress"}


@pytest.fixture(scope="module")
def evaluator() -> WalkerEvaluator:
    return WalkerEvaluator(max_steps=30)


@pytest.mark.parametrize("seed", [0, 11])
def test_every_step_is_gymnasiums_own(seed: int) -> None:
    theirs, ours = BipedalWalker(), Walker()
    start, _ = theirs.reset(seed=seed)
    assert ours.reset(seed) == pytest.approx(start, abs=1e-6)
    for action in actions(400):
        expected, reward, terminated, _, _ = theirs.step(action)
        observation, gained, over = ours.step(action)
        assert observation == pytest.approx(expected, abs=1e-5)
        assert gained == pytest.approx(reward, abs=1e-4)
        assert over == terminated
        if over:
            break
    assert over
    assert gained == -100


def test_the_published_reward_leaves_a_fall_free() -> None:
    plain, published = Walker(), Walker(published_reward=True)
    plain.reset(0)
    published.reset(0)
    for action in actions(400):
        (_, cost, over), (_, free, fell) = plain.step(action), published.step(action)
        assert over == fell
        if over:
            break
        assert cost == free
    assert cost == -100
    assert -10 < free < 10


def test_an_episode_ends_after_the_most_steps() -> None:
    walker = Walker(max_steps=3)
    for _ in range(2):
        walker.reset(0)
        assert [walker.step(np.zeros(4))[2] for _ in range(3)] == [False, False, True]
    assert MAX_STEPS == get_task("bipedal-walker").options.max_steps == 1600


def test_an_episode_knows_nothing_of_those_before(evaluator: WalkerEvaluator) -> None:
    together = evaluator.shared(network(0), WEIGHTS, 3, 5)
    assert together.shape == (2, 3)
    for row, repetition in ((1, 2), (0, 1), (1, 0), (0, 0)):
        apart = WalkerEvaluator(max_steps=30).shared(network(0), WEIGHTS[row : row + 1], 1, 5 + repetition)
        assert apart[0, 0] == together[row, repetition]
    assert len(set(together.ravel().tolist())) == 6


def test_rewards_are_those_of_the_reference_acting_in_the_environment(evaluator: WalkerEvaluator) -> None:
    assert isinstance(evaluator, ControlEvaluator)
    made = replace(network(1), activations=(*[5] * 15, *[1] * 4))
    own = np.random.default_rng(0).normal(0, 0.5, made.params)
    for weights, found in (
        (on_all(made, -1.0), evaluator.shared(made, WEIGHTS[:1], 2, 8)[0]),
        (own, evaluator.individual(made, own[None], 2, 8)[0]),
    ):
        expected = rewards(evaluator.environment(), lambda seen, w=weights: forward(made, w, seen), 2, 8)
        assert found == pytest.approx(expected, abs=0.05)


def test_a_network_that_diverges_scores_worst_and_is_marked(evaluator: WalkerEvaluator) -> None:
    assert evaluator.shared(overflowing(), np.array([0.5, 2.0]), 1, 0)[1, 0] == WORST
    requested = request_of([overflowing(), network(0)])
    assert "diverged" not in ended(requested)["0"].metrics  # powers of 1 and -1
    found = ended(replace(requested, task=TASK | {"weights": [0.5, 2.0]}))
    assert found["0"].metrics["diverged"] == 1
    assert found["0"].metrics["best_weight"] == 0.5
    assert "diverged" not in found["1"].metrics
    assert min(found["1"].metrics.values()) > WORST


def test_one_request_of_three_networks_or_three_of_one_give_the_same() -> None:
    request = request_of([network(seed) for seed in range(3)])
    together, apart = ended(request), {}
    for trial in reversed(request.trials):
        apart |= ended(replace(request, trials=(trial,)))
    assert apart == together
    assert len({report.metrics["mean_reward"] for report in together.values()}) == 3


def test_progress_is_told_after_each_repetition() -> None:
    reports = list(reports_of(run, request_of([network(0)], repetitions=3), lambda: False))
    assert [(report.state, report.epoch) for report in reports] == [
        ("progress", 1),
        ("progress", 2),
        ("progress", 3),
        ("completed", 3),
    ]
    scores = WalkerEvaluator(max_steps=30).shared(network(0), WEIGHTS, 3, 3)
    assert reports[0].metrics["mean_reward"] == scores[:, 0].mean()
    assert reports[3].metrics["mean_reward"] == pytest.approx(scores.mean())


def test_it_stops_between_two_episodes() -> None:
    asked = iter([False] * 4 + [True] * 100)
    reports = list(reports_of(run, request_of([network(0)], repetitions=50), lambda: next(asked)))
    assert [report.state for report in reports] == ["progress", "failed"]
    assert reports[-1].cause == "cancelled"


def test_a_network_of_another_size_is_refused() -> None:
    (report,) = ended(request_of([drawn(0)])).values()
    assert report.state == "failed"
    assert "24 inputs and 4 outputs; this network has 5 and 1" in report.message


def test_weights_that_are_not_one_a_connection_are_refused(evaluator: WalkerEvaluator) -> None:
    made = network(0)
    with pytest.raises(ValueError, match=f"expected {made.params} weights"):
        evaluator.individual(made, np.ones((2, made.params - 1)), 1, 0)


def test_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("workers.wann.walker", "workers.wann.walker_evaluator"):
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "Box2D", None)
    task = get_task("bipedal-walker")
    assert task.signature.channels == 24
    with pytest.raises(TaskError, match=r"needs Box2D, which is not installed; run: pip install 'nas-service\[wann\]'"):
        task.evaluator()


@pytest.mark.parametrize(("options", "field"), [({"max_steps": 0}, "task.max_steps"), ({"hard": True}, "task.hard")])
def test_options_that_make_no_sense_are_refused(options: dict[str, Any], field: str) -> None:
    with pytest.raises(TaskError) as refused:
        get_task("bipedal-walker", **options)
    assert refused.value.field == field


def test_the_reward_changes_the_fingerprint() -> None:
    plain = get_task("bipedal-walker").fingerprint
    assert get_task("bipedal-walker", published_reward=True).fingerprint != plain
    assert get_task("bipedal-walker", repetitions=4).fingerprint == plain
