"""Task `digits` through the runner: fidelity, weights, failures, and the data itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits

from search_spaces import Architecture
from workers.artifacts import ArtifactStore
from workers.requests import EvaluationRequest, Fidelity, Report, Resources
from workers.run import reports_of, run
from workers.tasks import TaskError, get_task
from workers.tasks.digits import CONTENT, Digits
from workers.training import ImageRunner
from workers.weights import load_weights

MakeRequest = Callable[..., EvaluationRequest]
DIGITS: dict[str, Any] = {"name": "digits"}


def reports(request: EvaluationRequest) -> list[Report]:
    return list(reports_of(run, request, lambda: False))


def test_the_content_hash_is_that_of_the_installed_data() -> None:
    digits = load_digits()
    content = digits.images[:, None].astype(np.uint8).tobytes() + digits.target.astype(np.int64).tobytes()
    assert blake2b(content, digest_size=16).hexdigest() == CONTENT


def test_the_three_splits_hold_every_image_once() -> None:
    data = Digits().load()
    splits = (data.train, data.validation, data.test)
    assert sum(map(len, splits)) == 1797
    assert len(data.validation) == pytest.approx(359, abs=3)
    for split in splits:
        shares = np.bincount(split.labels) / len(split)
        assert shares == pytest.approx(0.1, abs=0.01)
    rows = [split.images.reshape(len(split), -1) for split in splits]
    assert len(np.unique(np.concatenate(rows), axis=0)) == 1797


def test_epochs_stream_out_and_weights_are_kept(make_request: MakeRequest, architecture: Architecture) -> None:
    request = make_request(DIGITS, epochs=2)
    first, second, last = reports(request)
    assert [(r.state, r.epoch) for r in (first, second, last)] == [("progress", 1), ("progress", 2), ("completed", 2)]
    announced = {metric.name for metric in Digits().metrics}
    assert announced | {"train_loss", "learning_rate", "train_seconds"} == first.metrics.keys()
    kept = load_weights(ArtifactStore(request.artifacts), last.artifacts["weights"])
    assert sum(t.numel() for name, t in kept.items() if "running" not in name and "num_" not in name) == (
        architecture.params
    )


def test_a_trial_may_start_from_the_weights_of_another(make_request: MakeRequest) -> None:
    weights = reports(make_request(DIGITS, epochs=3))[-1].artifacts["weights"]
    fresh = reports(make_request(DIGITS, epochs=1))[-1]
    warm = reports(make_request(DIGITS, epochs=1, initial_weights=weights))[-1]
    assert warm.details["inherited_tensors"] > 0
    assert warm.metrics["val_loss"] < fresh.metrics["val_loss"]


def test_weights_that_are_gone_fail_the_trial_with_a_reason(make_request: MakeRequest) -> None:
    (only,) = reports(make_request(DIGITS, initial_weights=f"ab/ab{'0' * 38}.safetensors"))
    assert (only.state, only.cause) == ("failed", "error")
    assert "there is no artifact" in only.message


def test_a_checkpoint_that_is_gone_costs_epochs_and_changes_nothing(make_request: MakeRequest) -> None:
    begun = reports(make_request(DIGITS, fidelity=Fidelity(1, schedule=2)))[-1]
    assert set(begun.artifacts) == {"weights", "checkpoint"}
    resumed = reports(make_request(DIGITS, epochs=2, checkpoint=begun.artifacts["checkpoint"]))
    afresh = reports(make_request(DIGITS, epochs=2, checkpoint=f"ab/ab{'0' * 38}.safetensors"))
    assert [report.epoch for report in resumed] == [2, 2]
    assert [report.epoch for report in afresh] == [1, 2, 2]
    assert resumed[-1].artifacts == afresh[-1].artifacts


def test_fidelity_scales_data_and_input(architecture: Architecture) -> None:
    runner = ImageRunner(Digits())
    inputs = runner.inputs(architecture, Fidelity(1, data_fraction=0.5, input_scale=0.5), "cpu")
    assert inputs.train.images.shape[1:] == (1, 8, 8)
    assert len(inputs.train) == pytest.approx(539, abs=10)
    assert len(inputs.validation) == len(Digits().load().validation)


def test_inputs_are_kept_for_the_next_trial_but_not_for_ever(architecture: Architecture) -> None:
    runner = ImageRunner(Digits())
    first = runner.inputs(architecture, Fidelity(1), "cpu")
    assert runner.inputs(architecture, Fidelity(9), "cpu") is first
    for share in (0.1, 0.2, 0.3, 0.4):
        runner.inputs(architecture, Fidelity(1, share), "cpu")
    assert runner.inputs(architecture, Fidelity(1), "cpu") is not first


def test_large_inputs_make_room_for_the_next_ones(architecture: Architecture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.training.runner.KEPT_BYTES", 100_000)
    runner = ImageRunner(Digits())
    first = runner.inputs(architecture, Fidelity(1), "cpu")
    runner.inputs(architecture, Fidelity(1, 0.5), "cpu")
    assert runner.inputs(architecture, Fidelity(1), "cpu") is not first


def test_a_time_out_ends_a_training_in_mid_epoch(make_request: MakeRequest) -> None:
    now: Iterator[float] = iter(range(1000))
    request = make_request(DIGITS, epochs=50, timeout_s=10)
    ended = list(reports_of(run, request, lambda: False, clock=lambda: float(next(now))))
    assert [(r.state, r.cause) for r in ended] == [("failed", "timeout")]
    assert "workers.timeout_s" in ended[0].message


def test_gpus_that_are_not_there_leave_the_training_on_the_cpu(make_request: MakeRequest, tmp_path: Path) -> None:
    last = reports(make_request(DIGITS, resources=Resources(cpus=1, gpus=0.5)))[-1]
    assert last.state == "completed"


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"epochs": 0}, "task.epochs"),
        ({"learning_rate": float("nan")}, "task.learning_rate"),
        ({"batch_size": "many"}, "task.batch_size"),
        ({"augment": 3}, "task.augment"),
    ],
)
def test_options_out_of_bounds_are_refused_by_name(options: dict[str, Any], field: str) -> None:
    with pytest.raises(TaskError) as refused:
        get_task("digits", **options)
    assert refused.value.field == field


def test_whatever_changes_a_result_changes_the_fingerprint() -> None:
    plain = get_task("digits").fingerprint
    assert get_task("digits", learning_rate=0.5).fingerprint != plain
    assert get_task("digits", metric="val_loss").fingerprint == plain
