"""What the demo writes down, from jobs and exports as the service describes them."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from nas_service.api.views import CandidateView, ExportView, JobView
from nas_service.demo.picture import FrontPoint
from nas_service.demo.story import _report

View = TypeVar("View", JobView, CandidateView, ExportView)
PROMISED = {"test_accuracy", "latency_ms", "limit_ms", "estimated_ms", "seconds"}


def view(kind: type[View], **fields: Any) -> View:
    """A view with the fields that matter here."""
    return kind.model_construct(**fields)


def test_the_report_has_the_promised_keys_and_can_be_written() -> None:
    winner = view(CandidateView, id="j.c7", latency_ms=0.14, latency_error_ms=0.004)
    exported = view(ExportView, metrics={"test_accuracy": 0.98, "latency_ms": 0.138})
    ours, control = view(JobView, id="j", best_reward=0.96), view(JobView, id="k", best_reward=0.94)
    front = [FrontPoint("j.c7", 0.97, 0.14, 0.004, 0.139)]
    report = json.loads(json.dumps(_report(ours, control, winner, exported, front, 0.15, 123.456)))
    assert report.keys() >= PROMISED
    assert {key: report[key] for key in PROMISED} == {
        "test_accuracy": 0.98,
        "latency_ms": 0.138,
        "limit_ms": 0.15,
        "estimated_ms": 0.14,
        "seconds": 123.5,
    }
    assert report["best_reward"] == {"evolution": 0.96, "random": 0.94}
    assert report["front"] == [
        {"candidate": "j.c7", "val_accuracy": 0.97, "estimated_ms": 0.14, "error_ms": 0.004, "measured_ms": 0.139}
    ]
