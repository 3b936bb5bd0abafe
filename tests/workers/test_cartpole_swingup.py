"""Task `cartpole-swingup`: its options, its environment, and requests of many networks."""

from __future__ import annotations

import sys
from dataclasses import replace
from math import pi

import numpy as np
import pytest
from slow_cartpole import rewards
from wann_networks import biased, drawn, exploding, idle

from search_spaces import Architecture
from search_spaces.ops import SharedWeightNetwork
from workers.requests import EvaluationRequest, Fidelity, Report, TrialRequest
from workers.run import reports_of, run
from workers.tasks import TaskError, get_task
from workers.tasks.cartpole_swingup import CartPoleSwingUp
from workers.wann.cartpole import CartPole, start
from workers.wann.evaluator import ControlEvaluator

TASK = {"name": "cartpole-swingup", "max_steps": 100}


def request_of(networks: list[SharedWeightNetwork], seed: int = 7, repetitions: int = 2) -> EvaluationRequest:
    trials = tuple(
        TrialRequest(str(i), Architecture.chain([network]).to_json(), Fidelity(repetitions), seed)
        for i, network in enumerate(networks)
    )
    return EvaluationRequest("r", 1, "evaluate", TASK, trials, "memory://")


def metrics_of(request: EvaluationRequest) -> dict[str, dict[str, float]]:
    reports = list(reports_of(run, request, lambda: False))
    assert {report.state for report in reports} == {"completed"}
    return {report.trial_id: report.metrics for report in reports}


def test_metrics_are_those_of_the_rewards() -> None:
    (found,) = metrics_of(request_of([drawn(0)])).values()
    task = get_task(**TASK)
    scores = task.evaluator().shared(drawn(0), np.array(task.options.weights), 2, 7).mean(axis=1)
    best = int(scores.argmax())
    assert found == pytest.approx(
        {"mean_reward": scores.mean(), "best_reward": scores[best], "best_weight": task.options.weights[best]}
    )


def test_one_request_of_eight_networks_or_eight_of_one_give_the_same() -> None:
    request = request_of([drawn(seed) for seed in range(8)])
    together = metrics_of(request)
    apart = {}
    for trial in reversed(request.trials):
        apart |= metrics_of(replace(request, trials=(trial,)))
    assert apart == together
    assert len({metrics["mean_reward"] for metrics in together.values()}) == 8


def test_another_seed_starts_elsewhere() -> None:
    assert metrics_of(request_of([drawn(0)], seed=7)) == metrics_of(request_of([drawn(0)], seed=7))
    assert metrics_of(request_of([drawn(0)], seed=7)) != metrics_of(request_of([drawn(0)], seed=8))


def test_a_diverged_network_is_marked_and_scores_worst_where_it_diverged() -> None:
    found = metrics_of(request_of([exploding(), drawn(0)]))
    assert found["0"]["diverged"] == 1
    assert "diverged" not in found["1"]
    calm = get_task(**TASK).evaluator().shared(exploding(), np.array([-2, -1, -0.5, 0.5, 1]), 2, 7)
    assert found["0"]["mean_reward"] == pytest.approx(calm.mean(axis=1).sum() / 6)


def test_stops_between_networks() -> None:
    asked = iter([False, False, True, True, True])
    reports = list(reports_of(run, request_of([drawn(seed) for seed in range(4)]), lambda: next(asked)))
    assert [report.state for report in reports] == ["completed", "completed", "failed", "failed"]
    assert {report.cause for report in reports[2:]} == {"cancelled"}


@pytest.mark.parametrize(
    ("network", "said"),
    [
        (idle(4), "needs 5 inputs and 1 output"),
        (replace(biased(), sources=(9,)), "cycle"),
    ],
)
def test_a_network_that_cannot_run_fails_alone_and_says_why(network: SharedWeightNetwork, said: str) -> None:
    reports: list[Report] = list(reports_of(run, request_of([network, drawn(0)]), lambda: False))
    assert [report.state for report in reports] == ["failed", "completed"]
    assert said in reports[0].message


def test_networks_of_layers_are_refused_by_name_of_the_space(architecture: Architecture) -> None:
    trial = TrialRequest("0", architecture.to_json(), Fidelity(1), 0)
    (report,) = reports_of(run, replace(request_of([]), trials=(trial,)), lambda: False)
    assert "choose the space wann" in report.message


def test_the_environment_plays_the_same_episode_step_by_step() -> None:
    environment = CartPole(80)
    x, x_speed, angle, angular_speed = start(3)
    assert environment.reset(3).tolist() == pytest.approx([x, x_speed, np.cos(angle), np.sin(angle), angular_speed])
    gained, ended = [], False
    while not ended:
        _, reward, ended = environment.step(np.array([0.5]))
        gained.append(reward)
    assert gained == pytest.approx(rewards(biased(), [0.5], 3, 80))


def test_starts_hang_near_rest_and_differ() -> None:
    drawn_starts = np.array([start(seed) for seed in range(400)])
    np.testing.assert_allclose(drawn_starts.mean(axis=0), [0, 0, pi, 0], atol=0.05)
    np.testing.assert_allclose(drawn_starts.std(axis=0), 0.2, atol=0.03)


def test_hard_episodes_are_shorter() -> None:
    assert CartPoleSwingUp().max_steps == 1000
    assert CartPoleSwingUp(hard=True).max_steps == 200
    assert CartPoleSwingUp(hard=True, max_steps=50).max_steps == 50
    evaluator = CartPoleSwingUp(hard=True).evaluator()
    assert isinstance(evaluator, ControlEvaluator)
    slow = sum(rewards(idle(), [], 0, 200))
    assert evaluator.shared(idle(), np.ones(1), 1, 0)[0, 0] == pytest.approx(slow, rel=1e-3)


def test_the_fingerprint_knows_what_changes_a_score() -> None:
    plain = CartPoleSwingUp().fingerprint
    assert CartPoleSwingUp(repetitions=3, metric="best_reward").fingerprint == plain
    assert CartPoleSwingUp(repetitions=3).fidelity == Fidelity(3)
    assert CartPoleSwingUp(weights=(1.0,)).fingerprint != plain
    assert CartPoleSwingUp(hard=True).fingerprint != plain


@pytest.mark.parametrize("weights", [[], [float("nan")], [1e9]])
def test_useless_weights_are_refused(weights: list[float]) -> None:
    with pytest.raises(TaskError) as refused:
        get_task("cartpole-swingup", weights=weights)
    assert refused.value.field.startswith("task.weights")


def test_without_numba_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("workers.wann.cartpole_")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "workers.wann.compiled", raising=False)
    monkeypatch.setitem(sys.modules, "numba", None)
    with pytest.raises(TaskError, match=r"needs numba.*nas-service\[wann\]"):
        CartPoleSwingUp().evaluator()


def test_weights_are_drawn_from_ranges_by_the_seed_of_a_trial() -> None:
    spec = TASK | {"weight_ranges": [[-2, -1], [0.5, 0.5], [1, 2]]}
    weights = CartPoleSwingUp(weight_ranges=spec["weight_ranges"]).shared_weights
    tried = weights.tried(4, 7)
    assert tried.shape == (3, 4)
    assert np.array_equal(tried, weights.tried(4, 7))
    assert not np.array_equal(tried, weights.tried(4, 8))
    request = replace(request_of([drawn(0)], repetitions=4), task=spec)
    scores = get_task(**TASK).evaluator().shared(drawn(0), tried, 4, 7)
    assert metrics_of(request)["0"]["mean_reward"] == pytest.approx(scores.mean())


def test_each_part_of_a_range_gives_one_weight() -> None:
    low, still, high = CartPoleSwingUp(weight_ranges=[(-2, -1), (0.5, 0.5), (1, 2)]).shared_weights.tried(4, 7)
    assert np.all(still == 0.5)
    for found, first in ((low, -2), (high, 1)):
        assert sorted(np.floor(4 * (found - first)).tolist()) == [0, 1, 2, 3]


def test_a_share_of_the_data_is_the_inner_part_of_each_range() -> None:
    weights = CartPoleSwingUp(weight_ranges=[(-2, -1), (1, 2)]).shared_weights
    assert weights.centres == (-1.5, 1.5)
    assert np.array_equal(weights.tried(3, 7, 0), [[-1.5] * 3, [1.5] * 3])
    assert np.all(np.abs(weights.tried(3, 7, 0.1) - [[-1.5], [1.5]]) <= 0.05)
    request = replace(request_of([drawn(0)]), task=TASK | {"weight_ranges": [[-2, -1], [1, 2]]})
    narrow = replace(request, trials=(replace(request.trials[0], fidelity=Fidelity(2, data_fraction=0)),))
    middles = replace(request, task=TASK | {"weights": [-1.5, 1.5]})
    assert metrics_of(narrow) == metrics_of(middles)


def test_a_range_the_wrong_way_round_is_refused() -> None:
    with pytest.raises(TaskError, match=r"\[lowest, highest\]") as refused:
        get_task(**TASK, weight_ranges=[[1, -1]])
    assert refused.value.field == "task.weight_ranges.0"
