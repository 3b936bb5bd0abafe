"""Jobs beside each other over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from nas_service.api import answers, comparing
from nas_service.api.comparison_views import JobsComparison
from nas_service.api.service import Here

router = APIRouter(tags=["jobs"])

Jobs = Annotated[str, Query(max_length=300, description="ids of two to four jobs, separated by commas")]


@router.get("/comparison", response_model=JobsComparison)
def compared(service: Here, jobs: Jobs) -> Response:
    """Two to four jobs: fronts, hypervolumes in one frame, the best of each, and where their specs differ."""
    with service.store.read() as conn:
        return answers.one(comparing.beside(conn, comparing.named(jobs)))
