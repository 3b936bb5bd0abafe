"""The client for scripts and commands."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack

import httpx

from nas_service.api.candidate_views import CandidatesPage, Narrowed, TwinView
from nas_service.api.comparison_views import JobsComparison
from nas_service.api.curve_views import CurvesView
from nas_service.api.event_views import HistoryPage
from nas_service.api.lineage_views import StepView
from nas_service.api.list_views import ListedJob
from nas_service.api.live_views import CallerView, NoticeView
from nas_service.api.point_views import Points
from nas_service.api.search_views import ChoicesView, ProgressView
from nas_service.api.views import (
    CandidateDetail,
    CandidateView,
    CatalogueEntry,
    ClusterView,
    ComparisonView,
    EventView,
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

from . import calls
from .calls import Call
from .connecting import address, connection
from .devices import DeviceCalls
from .errors import ApiError, ExportFailed, ServerAway
from .streams import EventReader, NoticeReader, Reader

T = TypeVar("T")
POLL_S = 0.3


class Client(DeviceCalls):
    """The service at `base_url`, at NAS_SERVER where none is given, or on this machine.

    `key` is an API key, NAS_API_KEY where none is given; a service without keys takes any, and none.

    Methods raise ApiError for a refusal and ServerAway, which is one, where nothing answers. Lists are followed
    from page to page; the methods ending in `_page` give one page. `sleep` is what waiting methods wait with.

    >>> with Client() as client:
    ...     job = client.wait(client.submit(spec).id)
    ...     export = client.wait_for_export(client.export_best(job.id, epochs=60).id)
    ...     Path("model.onnx").write_bytes(client.download(export.id, "model.onnx"))
    """

    def __init__(
        self,
        base_url: str | None = None,
        *,
        key: str | None = None,
        timeout_s: float = 30,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.base_url = address(base_url)
        self._http = httpx.Client(**connection(self.base_url, key, timeout_s, transport))
        self._sleep = sleep

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    # Jobs.

    def submit(self, spec: Mapping[str, Any], idempotency_key: str | None = None) -> JobView:
        """Submit a job; with the same key again, the job that it made the first time."""
        return self._send(calls.submit(spec, idempotency_key))

    def preview(self, spec: Mapping[str, Any]) -> PreviewView:
        """What a job with this spec would be like; nothing is submitted."""
        return self._send(calls.preview(spec))

    def jobs_page(
        self,
        *,
        cursor: str | None = None,
        limit: int = 50,
        state: str | None = None,
        owner: str | None = None,
        name: str | None = None,
    ) -> Page[ListedJob]:
        """A page of jobs, newest first; `name` is a part of theirs."""
        return self._send(calls.jobs(cursor, limit, state, owner, name))

    def jobs(
        self, *, state: str | None = None, owner: str | None = None, name: str | None = None
    ) -> Iterator[ListedJob]:
        """All jobs, or those of an owner or with this part of a name, newest first."""
        return self._all(lambda cursor: calls.jobs(cursor, 500, state, owner, name))

    def job(self, job_id: str) -> JobView:
        return self._send(calls.job(job_id))

    def pause(self, job_id: str) -> JobView:
        return self._send(calls.control(job_id, "pause"))

    def resume(self, job_id: str) -> JobView:
        return self._send(calls.control(job_id, "resume"))

    def cancel(self, job_id: str) -> JobView:
        return self._send(calls.control(job_id, "cancel"))

    def prioritise(self, job_id: str, priority: int) -> JobView:
        """Put a job before or behind the other jobs of its owner, from -100 to 100; it begins with 0."""
        return self._send(calls.prioritise(job_id, priority))

    def extend(
        self,
        job_id: str,
        *,
        trials: int | None = None,
        hours: float | None = None,
        idempotency_key: str | None = None,
    ) -> JobView:
        """Add trials or hours to the budget, once a key; a finished or exhausted job goes on from where it ended."""
        return self._send(calls.extend(job_id, trials, hours, idempotency_key))

    def clone(
        self, job_id: str, changes: Mapping[str, Any] | None = None, idempotency_key: str | None = None
    ) -> JobView:
        """Submit the spec of a job anew, changed by a JSON merge patch, `{"budget": {"trials": 100}}`."""
        return self._send(calls.clone(job_id, changes or {}, idempotency_key))

    def retarget(self, job_id: str, changes: Mapping[str, Any]) -> RetargetView:
        """The job's results for another `device` or `objective` (a JSON merge patch); nothing is trained."""
        return self._send(calls.retarget(job_id, changes))

    def delete(self, job_id: str) -> None:
        """Delete a job that has ended, with everything that only it needs."""
        self._send(calls.delete(job_id))

    def events(self, job_id: str, after: int = 0) -> Iterator[EventView]:
        """Events after number `after` until the job is final; goes on by itself when the connection drops."""
        return self._stream(EventReader(job_id=job_id, seen=after))

    def notices(self, *, patient: bool = True) -> Iterator[NoticeView]:
        """Which jobs and devices change, endlessly; `ready` when connected. One that drops raises, unless `patient`."""
        return self._stream(NoticeReader(patient=patient))

    def history_page(
        self, job_id: str, *, kind: str = "all", after: int = 0, cursor: str | None = None, limit: int = 100
    ) -> HistoryPage:
        """A page of past events, newest first, of those after number `after`.

        `ends` are all but epochs, `failures` what went wrong, `job` what befell the job itself. A page may have no
        events and a next one all the same.
        """
        return self._send(calls.history(job_id, cursor, limit, kind, after))

    def history(self, job_id: str, *, kind: str = "all", after: int = 0) -> Iterator[EventView]:
        """All past events of a kind, newest first, page by page."""
        return self._all(lambda cursor: calls.history(job_id, cursor, 500, kind, after))

    def wait(self, job_id: str) -> JobView:
        """The job once it is final."""
        for _ in self.events(job_id):
            pass
        return self.job(job_id)

    # Candidates and trials.

    def candidates_page(
        self,
        job_id: str,
        *,
        cursor: str | None = None,
        limit: int = 100,
        count: bool = False,
        order: str = "number",
        **narrowed: Unpack[Narrowed],
    ) -> CandidatesPage:
        """A page of candidates in the order of `number`, `reward`, `value`, `latency_ms`, `params` or `macs`.

        The best come first by reward and value, the least by anything else. With `count` it says how many there are.
        """
        return self._send(calls.candidates(job_id, cursor, limit, order, narrowed, count=count))

    def candidates(
        self, job_id: str, *, order: str = "number", **narrowed: Unpack[Narrowed]
    ) -> Iterator[CandidateView]:
        """All candidates, page by page."""
        return self._all(lambda cursor: calls.candidates(job_id, cursor, 500, order, narrowed))

    def candidates_csv(self, job_id: str, *, order: str = "number", **narrowed: Unpack[Narrowed]) -> str:
        """All candidates as CSV, which a spreadsheet can open."""
        return self._send(calls.candidates_csv(job_id, order, narrowed))

    def candidate(self, candidate_id: str) -> CandidateDetail:
        """A candidate with its architecture, lineage and trials."""
        return self._send(calls.candidate(candidate_id))

    def changes(self, candidate_id: str) -> list[StepView]:
        """What changed from each of its ancestors to the next, oldest first, and at last to the candidate."""
        return self._send(calls.changes(candidate_id))

    def twins(self, candidate_id: str) -> list[TwinView]:
        """The same architecture in other jobs, newest job first."""
        return self._send(calls.twins(candidate_id))

    def picture(self, candidate_id: str) -> str:
        """A weight agnostic network as SVG; ApiError with status 409 for a candidate of another space."""
        return self._send(calls.picture(candidate_id))

    def pareto(self, job_id: str) -> list[CandidateView]:
        """The Pareto front, cheapest first."""
        return self._send(calls.pareto(job_id))

    def points(self, job_id: str, *, most: int | None = None, within: calls.Window | None = None) -> Points:
        """Evaluated candidates as columns: all, or so many at `most` that stand for all.

        `within` is a window (cost from, cost to, value from, value to).
        """
        return self._send(calls.points(job_id, most, within))

    def progress(self, job_id: str, most: int = 500) -> ProgressView:
        """Best reward and hypervolume of the search, and of its random control, after each trial.

        At most so many steps are told, but every one that was better than all before.
        """
        return self._send(calls.progress(job_id, most))

    def choices(self, job_id: str, most: int = 32) -> ChoicesView:
        """What the search chose, generation by generation, in at most so many columns."""
        return self._send(calls.choices(job_id, most))

    def comparison(self, job_id: str) -> ComparisonView:
        """The search beside its random control; ApiError with status 404 for a job without one."""
        return self._send(calls.comparison(job_id))

    def compare(self, job_ids: Sequence[str], *, every: bool = False) -> JobsComparison:
        """Up to six jobs beside each other: fronts, hypervolumes, the best of each, and where their specs differ.

        With `every` it tells the lines in which the specs are equal too.
        """
        return self._send(calls.compare(job_ids, every=every))

    def trials_page(
        self, job_id: str, *, state: str = "open", cursor: str | None = None, limit: int = 100
    ) -> Page[TrialView]:
        """A page of trials with their learning curves; `open` ones are queued or running."""
        return self._send(calls.trials(job_id, cursor, limit, state))

    def trials(self, job_id: str, *, state: str = "open") -> Iterator[TrialView]:
        """All trials in a state, page by page."""
        return self._all(lambda cursor: calls.trials(job_id, cursor, 500, state))

    def curves(self, job_id: str) -> CurvesView:
        """How finished trials of full fidelity learned: a band of the newest, and the best."""
        return self._send(calls.curves(job_id))

    def trial(self, trial_id: str) -> TrialView:
        return self._send(calls.trial(trial_id))

    def trial_log(self, trial_id: str) -> str:
        return self._send(calls.trial_log(trial_id))

    # Exports.

    def export(
        self, candidate_id: str, epochs: int | None = None, *, int8: bool = False, normalise: bool = False
    ) -> ExportView:
        """Ask for a candidate as a checked ONNX file, after `epochs` of final training.

        `int8` adds a quantised file; with `normalise` the files take pixels as they are.
        """
        wanted = {"epochs": epochs, "int8": int8, "normalise": normalise}
        return self._send(calls.export(candidate_id, wanted))

    def export_best(
        self, job_id: str, epochs: int | None = None, *, int8: bool = False, normalise: bool = False
    ) -> ExportView:
        """The same for the best candidate by the job's own rule."""
        wanted = {"epochs": epochs, "int8": int8, "normalise": normalise}
        return self._send(calls.export_best(job_id, wanted))

    def exports(self, job_id: str) -> list[ExportView]:
        return self._send(calls.exports(job_id))

    def get_export(self, export_id: str) -> ExportView:
        return self._send(calls.get_export(export_id))

    def wait_for_export(self, export_id: str, on_progress: Callable[[ExportView], None] | None = None) -> ExportView:
        """The export once it is completed; raises ExportFailed with the reason where it is not."""
        export = self.get_export(export_id)
        while not export.final:
            if on_progress is not None:
                on_progress(export)
            self._sleep(POLL_S)
            export = self.get_export(export_id)
        if export.state == "failed":
            raise ExportFailed(export.id, export.message)
        return export

    def download(self, export_id: str, name: str) -> bytes:
        """A file of a completed export: `model.onnx`, `bundle.zip` or another one of those that it lists."""
        return self._send(calls.download(export_id, name))

    # What there is.

    def spaces(self) -> list[SpaceEntry]:
        return self._send(calls.spaces())

    def strategies(self) -> list[CatalogueEntry]:
        return self._send(calls.strategies())

    def tasks(self) -> list[CatalogueEntry]:
        return self._send(calls.tasks())

    def spec_schema(self) -> dict[str, Any]:
        """The JSON schema of a job spec."""
        return self._send(calls.spec_schema())

    def plugins(self) -> list[Plugin]:
        """What installed packages add to the service; `problem` says why one cannot be used, or is empty."""
        return self._send(calls.plugins())

    def caller(self) -> CallerView:
        """Who the service takes this client for, what that may do, and of which version the service is."""
        return self._send(calls.caller())

    def cluster(self) -> ClusterView:
        return self._send(calls.cluster())

    def gc(self, *, dry_run: bool = False) -> GarbageView:
        """Collect the artifacts that nobody needs, or count them in a dry run."""
        return self._send(calls.gc(dry_run))

    def _send(self, call: Call[T]) -> T:
        try:
            return call.result(self._http.request(**call.request()))
        except httpx.TransportError as error:
            raise ServerAway(self.base_url, error) from None

    def _all(self, page: Callable[[str | None], Call[Page[T]]]) -> Iterator[T]:
        cursor: str | None = None
        while True:
            found = self._send(page(cursor))
            yield from found.items
            cursor = found.next
            if cursor is None:
                return

    def _stream(self, reader: Reader[T]) -> Iterator[T]:
        while not reader.ended:
            try:
                yield from self._connection(reader)
            except httpx.TransportError as error:
                pause_s = reader.pause_s()
                if pause_s is None:
                    raise ServerAway(self.base_url, error) from None
                self._sleep(pause_s)

    def _connection(self, reader: Reader[T]) -> Iterator[T]:
        reader.connected()
        with self._http.stream(**reader.request()) as response:
            if not response.is_success:
                response.read()
                raise ApiError.of(response)
            for line in response.iter_lines():
                said = reader.feed(line)
                if said is not None:
                    yield said
                if reader.ended:
                    return
        raise httpx.ReadError("the stream was cut")
