"""The table of a job's candidates: its columns, its rows and what is said of a page of it. Pure: plain text."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from nas_service.api.candidate_views import CandidatesPage
from nas_service.api.views import CandidateView, JobView

from ..columns import number, text, word
from ..theme import address, count, milliseconds, reward, share
from .candidate_query import CandidateQuery

TICK = "tick"  # the column of those that are picked, to be compared
SELDOM = ("params", "macs")  # columns that a narrow screen shows only where the table is sorted by them
LEFT_OUT = {"reward": "with a result in full", "value": "with a result in full", "latency_ms": "with an estimate"}


def orders(job: JobView) -> dict[str, str]:
    """What the table can be sorted by, with the name of the column."""
    shown = {
        "number": "candidate",
        "value": job.metric,
        "latency_ms": "latency, ms",
        "params": "parameters",
        "macs": "MACs",
        "reward": "reward",
    }
    return {order: name for order, name in shown.items() if order != "latency_ms" or job.device is not None}


def columns(job: JobView, query: CandidateQuery) -> list[dict[str, Any]]:
    """For `ui.table`, with what each is sorted by and how it is (`sorted`, in the words of `aria-sort`)."""
    direction = "descending" if query.descending else "ascending"
    sortable = [
        _column(order, name, wide=order in SELDOM and order != query.sort)
        | {"order": order, "sorted": direction if order == query.sort else "none"}
        for order, name in orders(job).items()
    ]
    return [word(TICK, ""), *sortable, *map(_apart, (text("parents", "parent", wide=True), text("state", "state")))]


def rows(job: JobView, page: CandidatesPage, ticked: Container[str] = ()) -> list[dict[str, Any]]:
    return [_row(job, candidate) | {TICK: candidate.id in ticked} for candidate in page.items]


def place(page: CandidatesPage, query: CandidateQuery) -> str:
    """Which of how many a page shows: `21 to 40 of 10,000 with a result in full`."""
    if not page.items:
        return ""
    first, last = page.before + 1, page.before + len(page.items)
    of = "" if page.total is None else f" of {page.total:,}"
    return " ".join(filter(None, (f"{first:,} to {last:,}{of}", LEFT_OUT.get(query.sort, ""))))


def nothing(job: JobView, query: CandidateQuery) -> str:
    """Why a table is empty."""
    if query.narrows:
        return "No candidate is like this."
    if query.sort in LEFT_OUT and job.proposals:
        return f"No candidate {LEFT_OUT[query.sort]} yet." if not job.final else f"No candidate {LEFT_OUT[query.sort]}."
    return "No candidate was proposed." if job.final else "No candidate yet."


def _apart(column: dict[str, Any]) -> dict[str, Any]:
    """Text that stands beside numbers on its left."""
    return column | {name: f"{column[name]} apart" for name in ("classes", "headerClasses")}


def _column(order: str, name: str, *, wide: bool) -> dict[str, Any]:
    return word(order, name) if order == "number" else number(order, name, wide=wide)


def _row(job: JobView, candidate: CandidateView) -> dict[str, Any]:
    return {
        "id": candidate.id,
        "page": address(candidate.job_id, candidate.id),
        "number": short(candidate.id),
        "value": share(candidate.value),
        "latency_ms": milliseconds(candidate.latency_ms, candidate.latency_error_ms),
        "params": count(candidate.params),
        "macs": count(candidate.macs),
        "reward": reward(candidate.reward),
        "parents": [{"name": short(one), "page": address(candidate.job_id, one)} for one in candidate.parents],
        "state": candidate.state,
        "tone": {"failed": "danger", "infeasible": "warning"}.get(candidate.state, ""),
        "note": _note(job, candidate),
    }


def short(candidate_id: str) -> str:
    """An id within its job."""
    return candidate_id.rpartition(".")[2]


def _note(job: JobView, candidate: CandidateView) -> str:
    best = ("the best" if job.final else "the best so far") if candidate.id == job.incumbent else ""
    reused = f"reused from {candidate.reused_from}" if candidate.reused_from else ""
    partial = "not in full" if candidate.value is not None and not candidate.full else ""
    return ", ".join(filter(None, (best, candidate.reason, reused, partial)))
