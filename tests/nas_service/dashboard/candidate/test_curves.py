"""Learning curves: which metrics there are, and a line a trial."""

from __future__ import annotations

from typing import Any

from nas_service.api.views import TrialView
from nas_service.dashboard.candidate.curves import metrics, options, points, rows


def trial(number: int, *curve: dict[str, float]) -> TrialView:
    told: dict[str, Any] = {"id": f"j.t{number}", "job_id": "j", "candidate_id": "j.c0", "state": "running"}
    empty: dict[str, Any] = dict.fromkeys(("cause", "started_at", "ended_at"))
    given = {"number": number, "fidelity": {}, "full": True, "seed": number, "metrics": {}, "message": ""}
    return TrialView(**told, **empty, **given, created_at=0.0, curve=list(curve))


def test_the_metric_of_the_job_is_first() -> None:
    trials = [trial(0, {"epoch": 1, "train_loss": 2, "val_accuracy": 0.5, "seconds": 1})]
    assert metrics(trials, "val_accuracy") == ["val_accuracy", "seconds", "train_loss"]
    assert metrics([trial(0)], "val_accuracy") == []


def test_an_epoch_without_the_metric_is_a_gap_and_not_a_zero() -> None:
    grown = trial(
        0, {"epoch": 1, "val_accuracy": 0.5}, {"epoch": 2, "train_loss": 1.0}, {"epoch": 3, "val_accuracy": 0.7}
    )
    assert points(grown, "val_accuracy") == [[1, 0.5], [3, 0.7]]


def test_each_trial_has_its_line_and_several_a_legend() -> None:
    one, two = (trial(n, {"epoch": 1, "val_accuracy": 0.5 + n / 10}) for n in range(2))
    assert [line["data"] for line in options([one, two], "val_accuracy")["series"]] == [[[1, 0.5]], [[1, 0.6]]]
    assert options([one, two], "val_accuracy")["legend"]["show"]
    assert not options([one], "val_accuracy")["legend"]["show"]


def test_rows_are_the_epochs_of_all_trials_that_told_the_metric() -> None:
    one, two = trial(0, {"epoch": 1, "loss": 2.0}, {"epoch": 2}), trial(1, {"epoch": 1, "loss": 3.0})
    assert rows([one, two], "loss") == [
        {"trial": 0, "seed": 0, "epoch": 1, "loss": 2.0},
        {"trial": 1, "seed": 1, "epoch": 1, "loss": 3.0},
    ]
