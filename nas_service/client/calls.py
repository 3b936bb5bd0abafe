"""The request layer: every call of the API as a value, which either client sends."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import quote

import httpx
from pydantic import TypeAdapter

from device_agent.setting import Setting
from nas_service.api.candidate_views import CandidatesPage, Narrowed, TwinView
from nas_service.api.comparison_views import JobsComparison
from nas_service.api.curve_views import CurvesView
from nas_service.api.device_views import AgentView, CampaignView, DeviceView, FinalistsView
from nas_service.api.event_views import HistoryPage
from nas_service.api.lineage_views import StepView
from nas_service.api.list_views import ListedJob
from nas_service.api.live_views import CallerView
from nas_service.api.point_views import Points
from nas_service.api.search_views import ChoicesView, ProgressView
from nas_service.api.table_views import TableSummary
from nas_service.api.views import (
    CandidateDetail,
    CandidateView,
    CatalogueEntry,
    ClusterView,
    ComparisonView,
    ExportView,
    GarbageView,
    JobView,
    Page,
    PreviewView,
    RetargetView,
    SpaceEntry,
    TrialView,
)
from search_spaces.plugins import Plugin

from .errors import ApiError

T_co = TypeVar("T_co", covariant=True)
Window = tuple[float, float, float, float]  # of a scatter: cost from, to, value from, to
PREFIX = "/api/v1"
TITLE = "The job spec does not fit"


@dataclass(frozen=True)
class Call(Generic[T_co]):
    """One request and the type of its answer. `path` starts after `/api/v1`."""

    answer: Any
    method: str
    path: str
    params: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def request(self) -> dict[str, Any]:
        """Keyword arguments of `httpx.Client.request`."""
        params = {name: value for name, value in self.params.items() if value is not None}
        sent = {"method": self.method, "url": PREFIX + self.path, "params": params, "headers": dict(self.headers)}
        return sent if self.body is None else sent | {"json": self.body}

    def result(self, response: httpx.Response) -> T_co:
        """The answer. Raises ApiError for a refusal."""
        if not response.is_success:
            raise ApiError.of(response)
        found: T_co = _read(self.answer, response)
        return found


def _read(answer: Any, response: httpx.Response) -> Any:
    if answer is None:
        return None
    if answer is bytes:
        return response.content
    if answer is str:
        return response.text
    return TypeAdapter(answer).validate_json(response.content)


def submit(spec: Mapping[str, Any], idempotency_key: str | None) -> Call[JobView]:
    """Raises ApiError for values that JSON does not know (YAML has dates), before anything is sent."""
    _refuse_unknown(spec, "")
    return Call(JobView, "POST", "/jobs", body=dict(spec), headers=_once(idempotency_key))


def preview(spec: Mapping[str, Any]) -> Call[PreviewView]:
    """Raises ApiError for values that JSON does not know, before anything is sent."""
    _refuse_unknown(spec, "")
    return Call(PreviewView, "POST", "/jobs/preview", body=dict(spec))


def jobs(
    cursor: str | None, limit: int, state: str | None, owner: str | None, name: str | None
) -> Call[Page[ListedJob]]:
    params = {"cursor": cursor, "limit": limit, "state": state, "owner": owner, "name": name}
    return Call(Page[ListedJob], "GET", "/jobs", params)


def job(job_id: str) -> Call[JobView]:
    return Call(JobView, "GET", f"/jobs/{_safe(job_id)}")


def control(job_id: str, verb: str) -> Call[JobView]:
    return Call(JobView, "POST", f"/jobs/{_safe(job_id)}/{verb}")


def extend(job_id: str, trials: int | None, hours: float | None, idempotency_key: str | None) -> Call[JobView]:
    more = {"trials": trials, "hours": hours}
    return Call(JobView, "POST", f"/jobs/{_safe(job_id)}/extend", body=more, headers=_once(idempotency_key))


def prioritise(job_id: str, priority: int) -> Call[JobView]:
    return Call(JobView, "POST", f"/jobs/{_safe(job_id)}/prioritise", body={"priority": priority})


def clone(job_id: str, changes: Mapping[str, Any], idempotency_key: str | None) -> Call[JobView]:
    """Raises ApiError for values that JSON does not know, before anything is sent."""
    _refuse_unknown(changes, "")
    return Call(JobView, "POST", f"/jobs/{_safe(job_id)}/clone", body=dict(changes), headers=_once(idempotency_key))


def retarget(job_id: str, changes: Mapping[str, Any]) -> Call[RetargetView]:
    """Raises ApiError for values that JSON does not know, before anything is sent."""
    _refuse_unknown(changes, "")
    return Call(RetargetView, "POST", f"/jobs/{_safe(job_id)}/retarget", body=dict(changes))


def delete(job_id: str) -> Call[None]:
    return Call(None, "DELETE", f"/jobs/{_safe(job_id)}")


def candidates(
    job_id: str, cursor: str | None, limit: int, order: str, narrowed: Narrowed, *, count: bool = False
) -> Call[CandidatesPage]:
    params = {"cursor": cursor, "limit": limit, "count": count, "order": order, **narrowed}
    return Call(CandidatesPage, "GET", f"/jobs/{_safe(job_id)}/candidates", params)


def candidates_csv(job_id: str, order: str, narrowed: Narrowed) -> Call[str]:
    return Call(str, "GET", f"/jobs/{_safe(job_id)}/candidates.csv", {"order": order, **narrowed})


def history(job_id: str, cursor: str | None, limit: int, kind: str, after: int) -> Call[HistoryPage]:
    params = {"cursor": cursor, "limit": limit, "kind": kind, "after": after}
    return Call(HistoryPage, "GET", f"/jobs/{_safe(job_id)}/history", params)


def curves(job_id: str) -> Call[CurvesView]:
    return Call(CurvesView, "GET", f"/jobs/{_safe(job_id)}/curves")


def pareto(job_id: str) -> Call[list[CandidateView]]:
    return Call(list[CandidateView], "GET", f"/jobs/{_safe(job_id)}/pareto")


def points(job_id: str, most: int | None, within: Window | None) -> Call[Points]:
    window = None if within is None else ",".join(f"{end:.17g}" for end in within)
    return Call(Points, "GET", f"/jobs/{_safe(job_id)}/points", {"most": most, "within": window})


def progress(job_id: str, most: int) -> Call[ProgressView]:
    return Call(ProgressView, "GET", f"/jobs/{_safe(job_id)}/progress", {"most": most})


def choices(job_id: str, most: int) -> Call[ChoicesView]:
    return Call(ChoicesView, "GET", f"/jobs/{_safe(job_id)}/choices", {"most": most})


def comparison(job_id: str) -> Call[ComparisonView]:
    return Call(ComparisonView, "GET", f"/jobs/{_safe(job_id)}/control")


def compare(job_ids: Sequence[str], *, every: bool) -> Call[JobsComparison]:
    return Call(JobsComparison, "GET", "/comparison", {"jobs": ",".join(job_ids), "every": every})


def trials(job_id: str, cursor: str | None, limit: int, state: str) -> Call[Page[TrialView]]:
    params = {"cursor": cursor, "limit": limit, "state": state}
    return Call(Page[TrialView], "GET", f"/jobs/{_safe(job_id)}/trials", params)


def candidate(candidate_id: str) -> Call[CandidateDetail]:
    return Call(CandidateDetail, "GET", f"/candidates/{_safe(candidate_id)}")


def changes(candidate_id: str) -> Call[list[StepView]]:
    return Call(list[StepView], "GET", f"/candidates/{_safe(candidate_id)}/changes")


def twins(candidate_id: str) -> Call[list[TwinView]]:
    return Call(list[TwinView], "GET", f"/candidates/{_safe(candidate_id)}/twins")


def picture(candidate_id: str) -> Call[str]:
    return Call(str, "GET", f"/candidates/{_safe(candidate_id)}/picture.svg")


def trial(trial_id: str) -> Call[TrialView]:
    return Call(TrialView, "GET", f"/trials/{_safe(trial_id)}")


def trial_log(trial_id: str) -> Call[str]:
    return Call(str, "GET", f"/trials/{_safe(trial_id)}/log")


def export(candidate_id: str, wanted: Mapping[str, Any]) -> Call[ExportView]:
    return Call(ExportView, "POST", f"/candidates/{_safe(candidate_id)}/exports", body=dict(wanted))


def export_best(job_id: str, wanted: Mapping[str, Any]) -> Call[ExportView]:
    return Call(ExportView, "POST", f"/jobs/{_safe(job_id)}/exports", body=dict(wanted))


def exports(job_id: str) -> Call[list[ExportView]]:
    return Call(list[ExportView], "GET", f"/jobs/{_safe(job_id)}/exports")


def get_export(export_id: str) -> Call[ExportView]:
    return Call(ExportView, "GET", f"/exports/{_safe(export_id)}")


def download(export_id: str, name: str) -> Call[bytes]:
    return Call(bytes, "GET", f"/exports/{_safe(export_id)}/{_safe(name)}")


def spaces() -> Call[list[SpaceEntry]]:
    return Call(list[SpaceEntry], "GET", "/spaces")


def strategies() -> Call[list[CatalogueEntry]]:
    return Call(list[CatalogueEntry], "GET", "/strategies")


def tasks() -> Call[list[CatalogueEntry]]:
    return Call(list[CatalogueEntry], "GET", "/tasks")


def spec_schema() -> Call[dict[str, Any]]:
    return Call(dict[str, Any], "GET", "/spec")


def plugins() -> Call[list[Plugin]]:
    return Call(list[Plugin], "GET", "/plugins")


def devices() -> Call[list[DeviceView]]:
    return Call(list[DeviceView], "GET", "/devices")


def table(name: str, setting: Setting) -> Call[dict[str, Any]]:
    return Call(dict[str, Any], "GET", f"/devices/{_safe(name)}/table", asdict(setting))


def table_summary(name: str, setting: Setting) -> Call[TableSummary]:
    return Call(TableSummary, "GET", f"/devices/{_safe(name)}/summary", asdict(setting))


def put_table(name: str, document: Mapping[str, Any]) -> Call[DeviceView]:
    return Call(DeviceView, "PUT", f"/devices/{_safe(name)}/table", body=dict(document))


def measure(device: str, spec: Mapping[str, Any], wanted: Mapping[str, Any]) -> Call[CampaignView]:
    """What is None of the wanted is as spec or service say. Raises ApiError for values that JSON does not know."""
    _refuse_unknown(spec, "")
    given = {name: value for name, value in wanted.items() if value is not None}
    return Call(CampaignView, "POST", f"/devices/{_safe(device)}/campaigns", body={"spec": dict(spec), **given})


def campaigns(device: str | None) -> Call[list[CampaignView]]:
    return Call(list[CampaignView], "GET", "/campaigns", {"device": device})


def finalists(job_id: str) -> Call[FinalistsView]:
    return Call(FinalistsView, "GET", f"/jobs/{_safe(job_id)}/finalists")


def campaign(campaign_id: str) -> Call[CampaignView]:
    return Call(CampaignView, "GET", f"/campaigns/{_safe(campaign_id)}")


def cancel_campaign(campaign_id: str) -> Call[CampaignView]:
    return Call(CampaignView, "POST", f"/campaigns/{_safe(campaign_id)}/cancel")


def agents() -> Call[list[AgentView]]:
    return Call(list[AgentView], "GET", "/agents")


def caller() -> Call[CallerView]:
    return Call(CallerView, "GET", "/caller")


def cluster() -> Call[ClusterView]:
    return Call(ClusterView, "GET", "/cluster")


def gc(dry_run: bool) -> Call[GarbageView]:
    return Call(GarbageView, "POST", "/gc", {"dry_run": dry_run})


def _once(idempotency_key: str | None) -> dict[str, str]:
    """The header that makes a repeated request one request."""
    return {"Idempotency-Key": idempotency_key} if idempotency_key is not None else {}


def _safe(part: str) -> str:
    return quote(part, safe="")


def _refuse_unknown(value: Any, path: str) -> None:
    if isinstance(value, Mapping):
        for key, child in value.items():
            _refuse_unknown(child, f"{path}.{key}".lstrip("."))
    elif isinstance(value, list | tuple):
        for i, child in enumerate(value):
            _refuse_unknown(child, f"{path}.{i}")
    elif isinstance(value, float) and not math.isfinite(value):
        raise ApiError(422, TITLE, f"{value} is no number that JSON knows", path)
    elif value is not None and not isinstance(value, str | int | float):
        kind = type(value).__name__
        raise ApiError(422, TITLE, f"a {kind} ({value}) is no value that JSON knows; put it into quotes", path)
