"""Jobs beside each other over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from nas_service.api import answers, comparing
from nas_service.api.comparison_views import JobsComparison
from nas_service.api.service import Here

router = APIRouter(tags=["jobs"])

Jobs = Annotated[str, Query(max_length=300, description="ids of one to six jobs, separated by commas")]
Every = Annotated[bool, Query(description="all lines of their specs, and not only those in which they differ")]


@router.get("/comparison", response_model=JobsComparison, responses={404: {}})
def compared(service: Here, jobs: Jobs, every: Every = False) -> Response:
    """Up to six jobs: fronts, hypervolumes in one frame, the best of each, and where their specs differ."""
    with service.store.read() as conn:
        return answers.one(comparing.beside(conn, comparing.named(jobs), every=every))
