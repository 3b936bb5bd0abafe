"""What the service says over HTTP of lists of candidates, and what such a list may be narrowed by."""

from __future__ import annotations

from typing import TypedDict

from .views import CandidateView, JobSummary, Page, View


class CandidatesPage(Page[CandidateView]):
    """Part of a list of candidates: `before` of them come before these, of `total`, which is null unless asked for."""

    before: int = 0
    total: int | None = None


class TwinView(View):
    """The same architecture in another job, and by which `metric` that job judges it."""

    job: JobSummary
    metric: str
    candidate: CandidateView


class Narrowed(TypedDict, total=False):
    """Which candidates a list has, beside its order; what is absent or null narrows nothing.

    Without `descending` the best come first by reward and value, the least by anything else. `arm` is `search` or
    `control`: which of them brought the candidate. `parent` is an id, `id_part` a part of one.
    """

    descending: bool | None
    state: str | None
    feasible: bool | None
    arm: str | None
    parent: str | None
    id_part: str | None
    value_min: float | None
    latency_ms_max: float | None
    params_max: int | None
    macs_max: int | None
