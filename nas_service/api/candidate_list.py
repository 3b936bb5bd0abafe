"""Lists of candidates: what a request asks for, a page of it, and all of it as CSV."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Annotated, Literal

from fastapi import Depends, Query
from sqlalchemy import Connection

from nas_service.store import Candidate, Job, candidate_lists
from nas_service.store.candidate_lists import Listing, Order

from . import csv_text
from .candidate_views import CandidatesPage
from .paging import LARGEST, LARGEST_KEY, cut, decode
from .readings import candidate_view, finite
from .service import Service

CHUNK = 1000  # candidates that are read, written and sent at once

State = Literal["proposed", "running", "completed", "infeasible", "failed", "stopped", "cancelled"]
OfId = Annotated[str | None, Query(max_length=64, pattern="^[a-z0-9.]*$")]
Amount = Annotated[float | None, Query(ge=0, allow_inf_nan=False)]
Count = Annotated[int | None, Query(ge=0, le=LARGEST_KEY)]


def asked(
    order: Order = "number",
    descending: Annotated[bool | None, Query(description="by default only by reward and by value")] = None,
    state: State | None = None,
    feasible: Annotated[bool | None, Query(description="within every limit, or not")] = None,
    arm: Annotated[Literal["search", "control"] | None, Query(description="which of them brought it")] = None,
    parent: OfId = None,
    id_part: OfId = None,
    value_min: Annotated[float | None, Query(allow_inf_nan=False)] = None,
    latency_ms_max: Amount = None,
    params_max: Count = None,
    macs_max: Count = None,
) -> Listing:
    """The list that a request asks for."""
    return Listing(
        order=order,
        descending=descending,
        state=state,
        feasible=feasible,
        control=None if arm is None else arm == "control",
        parent=parent,
        text=id_part or "",
        value_min=value_min,
        latency_ms_max=latency_ms_max,
        params_max=params_max,
        macs_max=macs_max,
    )


Asked = Annotated[Listing, Depends(asked)]


def page(
    conn: Connection, job_id: str, wanted: Listing, *, cursor: str | None, limit: int, count: bool
) -> CandidatesPage:
    """The page behind a cursor, which knows how many come before it. Raises ServiceError for one that is none."""
    position = decode(cursor, 3)
    key, before, number = position or (None, 0, 0)
    before = min(max(0, int(before or 0)), LARGEST)
    rows = candidate_lists.page(conn, job_id, wanted, after=(key, number) if position else None, limit=limit + 1)
    shown, following = cut(rows, limit, lambda last: _position(wanted, last, before + limit))
    return CandidatesPage(
        items=[candidate_view(one) for one in shown],
        next=following,
        before=before,
        total=candidate_lists.count(conn, job_id, wanted) if count else None,
    )


def _position(wanted: Listing, last: Candidate, before: int) -> tuple[float | None, int, int]:
    key, number = wanted.key(last)
    return key, before, number


def as_csv(service: Service, job: Job, wanted: Listing) -> Iterator[str]:
    """All of the list, in parts: no transaction stays open for as long as a slow reader takes."""
    metric = job.spec["task"]["metric"]
    with service.store.read() as conn:
        ids = iter(candidate_lists.ids(conn, job.id, wanted))
    yield csv_text.lines([_heads(metric)])
    while chunk := list(islice(ids, CHUNK)):
        with service.store.read() as conn:
            found = candidate_lists.named(conn, chunk)
        yield csv_text.lines(_cells(one, metric) for one in found)


def _heads(metric: str) -> list[csv_text.Cell]:
    measured = [metric, "reward", "latency_ms", "latency_error_ms", "params", "macs"]
    return ["number", "id", "state", "reason", "feasible", "full", *measured, "parents", "reused_from", "hash"]


def _cells(one: Candidate, metric: str) -> list[csv_text.Cell]:
    measured = [finite(one.metrics).get(metric), one.reward, one.latency_ms, one.latency_error_ms]
    where = [" ".join(one.parents), one.reused_from, one.hash]
    return [one.number, one.id, one.state, one.reason, one.feasible, one.full, *measured, one.params, one.macs, *where]
