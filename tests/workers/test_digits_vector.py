"""Task `digits-vector`: the digits as vectors, requests of many networks, and how `digits` turns into it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from wann_networks import drawn

from nas_service.errors import InvalidSpec
from nas_service.search import Search
from nas_service.spec import JobSpec
from search_spaces import Architecture, get_space
from search_spaces.ops import SharedWeightNetwork
from workers.requests import EvaluationRequest, Fidelity, TrialRequest
from workers.run import reports_of, run
from workers.tasks import TaskError, digits, get_task, variant
from workers.tasks.digits_vector import DigitsVector

TASK = {"name": "digits-vector"}


def network(seed: int) -> SharedWeightNetwork:
    return drawn(seed, 12, 90, inputs=64, outputs=10)


def request_of(networks: list[SharedWeightNetwork], *, repetitions: int = 1, seed: int = 7) -> EvaluationRequest:
    trials = tuple(
        TrialRequest(str(i), Architecture.chain([one]).to_json(), Fidelity(repetitions), seed)
        for i, one in enumerate(networks)
    )
    return EvaluationRequest("r", 1, "evaluate", TASK, trials, "memory://")


def metrics_of(request: EvaluationRequest) -> dict[str, dict[str, float]]:
    reports = list(reports_of(run, request, lambda: False))
    assert {report.state for report in reports} == {"completed"}
    return {report.trial_id: report.metrics for report in reports}


def test_the_images_and_splits_are_those_of_task_digits() -> None:
    evaluator, data = get_task("digits-vector").evaluator(), digits.load()
    assert np.array_equal(evaluator.inputs("test"), data.test.images.reshape(-1, 64) / 16)
    assert np.array_equal(evaluator.labels("test"), data.test.labels)
    assert np.array_equal(evaluator.labels("train"), data.train.labels)


def test_one_request_of_six_networks_or_six_of_one_give_the_same() -> None:
    request = request_of([network(seed) for seed in range(6)])
    together, apart = metrics_of(request), {}
    for trial in reversed(request.trials):
        apart |= metrics_of(replace(request, trials=(trial,)))
    assert apart == together
    assert len({metrics["mean_reward"] for metrics in together.values()}) == 6


def test_metrics_are_those_of_the_batches() -> None:
    (found,) = metrics_of(request_of([network(0)], repetitions=2)).values()
    task = get_task("digits-vector")
    judged = task.evaluator().on_batches(network(0), np.array(task.options.weights), 2, 7)
    rewards, accuracies = judged.rewards.mean(axis=1), judged.accuracies.mean(axis=1)
    assert found == pytest.approx(
        {
            "mean_reward": rewards.mean(),
            "best_reward": rewards.max(),
            "best_weight": task.options.weights[rewards.argmax()],
            "val_accuracy": accuracies.mean(),
            "best_val_accuracy": accuracies.max(),
        }
    )


def test_at_full_fidelity_all_training_samples_count_whatever_the_seed() -> None:
    short = [metrics_of(request_of([network(1)], seed=seed))["0"] for seed in (1, 2)]
    full = [metrics_of(request_of([network(1)], repetitions=4, seed=seed))["0"] for seed in (1, 2)]
    assert short[0] != short[1]
    assert full[0] == full[1]
    evaluator, weights = get_task("digits-vector").evaluator(), np.array([-2, -1, -0.5, 0.5, 1, 2])
    assert full[0]["mean_reward"] == evaluator.on_split(network(1), weights, "train").rewards.mean()
    assert full[0]["val_accuracy"] == evaluator.on_split(network(1), weights, "validation").accuracies.mean()


def test_a_network_that_diverges_scores_worst_and_is_marked() -> None:
    squares = range(65, 74)
    overflowing = SharedWeightNetwork((64,), 10, (*[11] * 9, *[1] * 10), (0, *squares), (*squares, 74))
    found = metrics_of(request_of([overflowing, network(0)]))
    assert found["0"]["diverged"] == 1
    assert found["0"]["mean_reward"] < -300
    assert "diverged" not in found["1"]


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"weights": []}, "task.weights"),
        ({"weights": [float("nan")]}, "task.weights.0"),
        ({"repetitions": 0}, "task.repetitions"),
        ({"batch_size": 0}, "task.batch_size"),
        ({"metric": "val_loss"}, "task.metric"),
        ({"epochs": 3}, "task.epochs"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any], field: str) -> None:
    with pytest.raises(TaskError) as refused:
        get_task("digits-vector", **options)
    assert refused.value.field == field


def test_whatever_changes_a_result_changes_the_fingerprint() -> None:
    plain = get_task("digits-vector").fingerprint
    for changed in ({"weights": [1.0]}, {"batch_size": 10}, {"repetitions": 2}):
        assert get_task("digits-vector", **changed).fingerprint != plain
    assert get_task("digits-vector", metric="val_accuracy").fingerprint == plain


def test_a_space_of_vectors_turns_digits_into_its_variant() -> None:
    assert variant("digits", ("vector",)) == "digits-vector"
    for name in ("digits", "landscape", "nothing of ours"):
        assert variant(name, ("image",)) == name
    assert variant("landscape", ("vector",)) == "landscape"


def test_a_job_that_names_digits_and_space_wann_is_about_vectors(tmp_path: Any) -> None:
    spec = {
        "space": {"name": "wann"},
        "task": {"name": "digits"},
        "objective": {"reward": "metric", "cost": "params"},
        "strategy": {"name": "wann"},
        "budget": {"trials": 10},
    }
    search = Search.prepare(JobSpec.model_validate(spec), tmp_path)
    assert isinstance(search.task, DigitsVector)
    assert search.filled_in["task"]["name"] == "digits-vector"
    with pytest.raises(InvalidSpec, match="builds networks for vector tasks"):
        Search.prepare(JobSpec.model_validate(spec | {"task": {"name": "landscape"}}), tmp_path)


def test_networks_of_the_space_can_be_told_apart_by_their_rewards() -> None:
    space = get_space("wann").bind(get_task("digits-vector").signature)
    rng = np.random.default_rng(0)
    ops = [space.architecture(space.sample(rng)).ops[0] for _ in range(4)]
    assert len({m["mean_reward"] for m in metrics_of(request_of(ops)).values()}) == 4
