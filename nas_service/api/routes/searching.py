"""How a search gets on, and what it chooses, over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from nas_service.api import answers, searching
from nas_service.api.paging import Id
from nas_service.api.search_views import ChoicesView, ProgressView
from nas_service.api.service import Here

router = APIRouter(prefix="/jobs", tags=["jobs"])

Steps = Annotated[int, Query(ge=2, le=20_000, description="how many steps, unless more were better than all before")]
Columns = Annotated[int, Query(ge=1, le=200, description="how many columns at most")]


@router.get("/{job_id}/progress", response_model=ProgressView)
def progress(job_id: Id, service: Here, most: Steps = 500) -> Response:
    """Best reward and hypervolume of the search, and of its random control, after each trial."""
    return answers.written(searching.progress_told(service, searching.job(service, job_id), most))


@router.get("/{job_id}/choices", response_model=ChoicesView, responses={409: {}})
def choices(job_id: Id, service: Here, most: Columns = 32) -> Response:
    """What the search chose, generation by generation: for each choice of its space how often each option."""
    return answers.written(searching.choices_told(service, searching.job(service, job_id), most))
