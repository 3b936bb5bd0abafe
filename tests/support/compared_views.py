"""Networks that are compared, made up for tests of what is told of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from op_views import op
from told_views import candidate, job

from nas_service.api.device_views import BesideView
from nas_service.api.views import ArchitectureView, CandidateDetail, JobView, OpView
from nas_service.dashboard.compare.measures import Network


def architecture(ops: Sequence[OpView] = ()) -> ArchitectureView:
    return ArchitectureView(input_shape=[16, 8, 8], output_shape=[16, 8, 8], ops=list(ops) or [op()])


def network(of: JobView | None = None, measured_ms: float | None = None, **changes: Any) -> Network:
    """A candidate of a job, with these fields; measured, where a time is given."""
    shown = candidate(**changes).model_dump()
    detail = CandidateDetail.model_validate(shown | {"architecture": architecture(), "lineage": [], "trials": []})
    measured = None
    if measured_ms is not None:
        known = {"candidate_id": detail.id, "number": detail.number, "estimated_ms": 1.0, "error_ms": 0.1}
        measured = BesideView.model_validate(known | {"measured_ms": measured_ms, "spread_ms": 0.01, "inside": True})
    return Network(detail, of or job(), measured)
