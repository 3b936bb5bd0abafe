"""What the demo writes down, from jobs and exports as the service describes them."""

from __future__ import annotations

import json
from typing import Any, TypeVar

import pytest

from nas_service.api.point_views import Points
from nas_service.api.views import CandidateView, ExportView, JobView
from nas_service.demo.picture import FrontPoint
from nas_service.demo.story import _comparison, _report

View = TypeVar("View", JobView, CandidateView, ExportView, Points)
PROMISED = {"test_accuracy", "latency_ms", "limit_ms", "estimated_ms"}


def view(kind: type[View], **fields: Any) -> View:
    """A view with the fields that matter here."""
    return kind.model_construct(**fields)


def test_the_report_has_the_promised_keys_and_can_be_written() -> None:
    winner = view(CandidateView, id="j.c7", latency_ms=0.14, latency_error_ms=0.004)
    exported = view(ExportView, metrics={"test_accuracy": 0.98, "latency_ms": 0.138})
    front = [FrontPoint("j.c7", 0.97, 0.14, 0.004, 0.139)]
    report = json.loads(json.dumps(_report(view(JobView, id="j"), winner, exported, front, 0.15)))
    assert report.keys() >= PROMISED
    assert {key: report[key] for key in PROMISED} == {
        "test_accuracy": 0.98,
        "latency_ms": 0.138,
        "limit_ms": 0.15,
        "estimated_ms": 0.14,
    }
    assert report["front"] == [
        {"candidate": "j.c7", "val_accuracy": 0.97, "estimated_ms": 0.14, "error_ms": 0.004, "measured_ms": 0.139}
    ]


def test_the_searches_are_compared_from_their_points() -> None:
    ours = view(Points, value=[0.9, 0.8], cost=[0.10, 0.05], reward=[0.95, None])
    control = view(Points, value=[0.7], cost=[0.10], reward=[0.7])
    compared = _comparison({"evolution": ours, "random": control}, limit_ms=0.15)
    assert compared["random"] == {"best_reward": 0.7, "mean_best_rewards": 0.7, "front_area": 0.0}
    assert compared["evolution"]["best_reward"] == compared["evolution"]["mean_best_rewards"] == 0.95
    assert compared["evolution"]["front_area"] == pytest.approx(0.1 * 0.10 + 0.1 * 0.05)
