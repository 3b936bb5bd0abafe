"""The client for programs with an event loop, such as the dashboard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
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
from .devices import AsyncDeviceCalls
from .errors import ApiError, ExportFailed, ServerAway
from .streams import EventReader, NoticeReader, Reader
from .synchronous import POLL_S

T = TypeVar("T")


class AsyncClient(AsyncDeviceCalls):
    """`Client`, method by method, to be awaited. Iterators are asynchronous ones."""

    def __init__(
        self,
        base_url: str | None = None,
        *,
        key: str | None = None,
        timeout_s: float = 30,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.base_url = address(base_url)
        self._http = httpx.AsyncClient(**connection(self.base_url, key, timeout_s, transport))
        self._sleep = sleep

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    # Jobs.

    async def submit(self, spec: Mapping[str, Any], idempotency_key: str | None = None) -> JobView:
        """Submit a job; with the same key again, the job that it made the first time."""
        return await self._send(calls.submit(spec, idempotency_key))

    async def preview(self, spec: Mapping[str, Any]) -> PreviewView:
        """What a job with this spec would be like; nothing is submitted."""
        return await self._send(calls.preview(spec))

    async def jobs_page(
        self,
        *,
        cursor: str | None = None,
        limit: int = 50,
        state: str | None = None,
        owner: str | None = None,
        name: str | None = None,
    ) -> Page[ListedJob]:
        """A page of jobs, newest first; `name` is a part of theirs."""
        return await self._send(calls.jobs(cursor, limit, state, owner, name))

    def jobs(
        self, *, state: str | None = None, owner: str | None = None, name: str | None = None
    ) -> AsyncIterator[ListedJob]:
        """All jobs, or those of an owner or with this part of a name, newest first."""
        return self._all(lambda cursor: calls.jobs(cursor, 500, state, owner, name))

    async def job(self, job_id: str) -> JobView:
        return await self._send(calls.job(job_id))

    async def pause(self, job_id: str) -> JobView:
        return await self._send(calls.control(job_id, "pause"))

    async def resume(self, job_id: str) -> JobView:
        return await self._send(calls.control(job_id, "resume"))

    async def cancel(self, job_id: str) -> JobView:
        return await self._send(calls.control(job_id, "cancel"))

    async def prioritise(self, job_id: str, priority: int) -> JobView:
        """Put a job before or behind the other jobs of its owner, from -100 to 100; it begins with 0."""
        return await self._send(calls.prioritise(job_id, priority))

    async def extend(
        self,
        job_id: str,
        *,
        trials: int | None = None,
        hours: float | None = None,
        idempotency_key: str | None = None,
    ) -> JobView:
        """Add trials or hours to the budget, once a key; a finished or exhausted job goes on from where it ended."""
        return await self._send(calls.extend(job_id, trials, hours, idempotency_key))

    async def clone(
        self, job_id: str, changes: Mapping[str, Any] | None = None, idempotency_key: str | None = None
    ) -> JobView:
        """Submit the spec of a job anew, changed by a JSON merge patch, `{"budget": {"trials": 100}}`."""
        return await self._send(calls.clone(job_id, changes or {}, idempotency_key))

    async def retarget(self, job_id: str, changes: Mapping[str, Any]) -> RetargetView:
        """The job's results for another `device` or `objective` (a JSON merge patch); nothing is trained."""
        return await self._send(calls.retarget(job_id, changes))

    async def delete(self, job_id: str) -> None:
        """Delete a job that has ended, with everything that only it needs."""
        await self._send(calls.delete(job_id))

    def events(self, job_id: str, after: int = 0) -> AsyncIterator[EventView]:
        """Events after number `after` until the job is final; goes on by itself when the connection drops."""
        return self._stream(EventReader(job_id=job_id, seen=after))

    def notices(self, *, patient: bool = True) -> AsyncIterator[NoticeView]:
        """Which jobs and devices change, endlessly; `ready` when connected. One that drops raises, unless `patient`."""
        return self._stream(NoticeReader(patient=patient))

    async def history_page(
        self, job_id: str, *, kind: str = "all", after: int = 0, cursor: str | None = None, limit: int = 100
    ) -> HistoryPage:
        """A page of past events, newest first, of those after number `after`.

        `ends` are all but epochs, `failures` what went wrong, `job` what befell the job itself. A page may have no
        events and a next one all the same.
        """
        return await self._send(calls.history(job_id, cursor, limit, kind, after))

    def history(self, job_id: str, *, kind: str = "all", after: int = 0) -> AsyncIterator[EventView]:
        """All past events of a kind, newest first, page by page."""
        return self._all(lambda cursor: calls.history(job_id, cursor, 500, kind, after))

    async def wait(self, job_id: str) -> JobView:
        """The job once it is final."""
        async for _ in self.events(job_id):
            pass
        return await self.job(job_id)

    # Candidates and trials.

    async def candidates_page(
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
        return await self._send(calls.candidates(job_id, cursor, limit, order, narrowed, count=count))

    def candidates(
        self, job_id: str, *, order: str = "number", **narrowed: Unpack[Narrowed]
    ) -> AsyncIterator[CandidateView]:
        """All candidates, page by page."""
        return self._all(lambda cursor: calls.candidates(job_id, cursor, 500, order, narrowed))

    async def candidates_csv(self, job_id: str, *, order: str = "number", **narrowed: Unpack[Narrowed]) -> str:
        """All candidates as CSV, which a spreadsheet can open."""
        return await self._send(calls.candidates_csv(job_id, order, narrowed))

    async def candidate(self, candidate_id: str) -> CandidateDetail:
        """A candidate with its architecture, lineage and trials."""
        return await self._send(calls.candidate(candidate_id))

    async def changes(self, candidate_id: str) -> list[StepView]:
        """What changed from each of its ancestors to the next, oldest first, and at last to the candidate."""
        return await self._send(calls.changes(candidate_id))

    async def twins(self, candidate_id: str) -> list[TwinView]:
        """The same architecture in other jobs, newest job first."""
        return await self._send(calls.twins(candidate_id))

    async def picture(self, candidate_id: str) -> str:
        """A weight agnostic network as SVG; ApiError with status 409 for a candidate of another space."""
        return await self._send(calls.picture(candidate_id))

    async def pareto(self, job_id: str) -> list[CandidateView]:
        """The Pareto front, cheapest first."""
        return await self._send(calls.pareto(job_id))

    async def points(self, job_id: str, *, most: int | None = None, within: calls.Window | None = None) -> Points:
        """Evaluated candidates as columns: all, or so many at `most` that stand for all.

        `within` is a window (cost from, cost to, value from, value to).
        """
        return await self._send(calls.points(job_id, most, within))

    async def progress(self, job_id: str, most: int = 500) -> ProgressView:
        """Best reward and hypervolume of the search, and of its random control, after each trial.

        At most so many steps are told, but every one that was better than all before.
        """
        return await self._send(calls.progress(job_id, most))

    async def choices(self, job_id: str, most: int = 32) -> ChoicesView:
        """What the search chose, generation by generation, in at most so many columns."""
        return await self._send(calls.choices(job_id, most))

    async def comparison(self, job_id: str) -> ComparisonView:
        """The search beside its random control; ApiError with status 404 for a job without one."""
        return await self._send(calls.comparison(job_id))

    async def compare(self, job_ids: Sequence[str], *, every: bool = False) -> JobsComparison:
        """Up to six jobs beside each other: fronts, hypervolumes, the best of each, and where their specs differ.

        With `every` it tells the lines in which the specs are equal too.
        """
        return await self._send(calls.compare(job_ids, every=every))

    async def trials_page(
        self, job_id: str, *, state: str = "open", cursor: str | None = None, limit: int = 100
    ) -> Page[TrialView]:
        """A page of trials with their learning curves; `open` ones are queued or running."""
        return await self._send(calls.trials(job_id, cursor, limit, state))

    def trials(self, job_id: str, *, state: str = "open") -> AsyncIterator[TrialView]:
        """All trials in a state, page by page."""
        return self._all(lambda cursor: calls.trials(job_id, cursor, 500, state))

    async def curves(self, job_id: str) -> CurvesView:
        """How finished trials of full fidelity learned: a band of the newest, and the best."""
        return await self._send(calls.curves(job_id))

    async def trial(self, trial_id: str) -> TrialView:
        return await self._send(calls.trial(trial_id))

    async def trial_log(self, trial_id: str) -> str:
        return await self._send(calls.trial_log(trial_id))

    # Exports.

    async def export(
        self, candidate_id: str, epochs: int | None = None, *, int8: bool = False, normalise: bool = False
    ) -> ExportView:
        """Ask for a candidate as a checked ONNX file, after `epochs` of final training.

        `int8` adds a quantised file; with `normalise` the files take pixels as they are.
        """
        wanted = {"epochs": epochs, "int8": int8, "normalise": normalise}
        return await self._send(calls.export(candidate_id, wanted))

    async def export_best(
        self, job_id: str, epochs: int | None = None, *, int8: bool = False, normalise: bool = False
    ) -> ExportView:
        """The same for the best candidate by the job's own rule."""
        wanted = {"epochs": epochs, "int8": int8, "normalise": normalise}
        return await self._send(calls.export_best(job_id, wanted))

    async def exports(self, job_id: str) -> list[ExportView]:
        return await self._send(calls.exports(job_id))

    async def get_export(self, export_id: str) -> ExportView:
        return await self._send(calls.get_export(export_id))

    async def wait_for_export(
        self, export_id: str, on_progress: Callable[[ExportView], None] | None = None
    ) -> ExportView:
        """The export once it is completed; raises ExportFailed with the reason where it is not."""
        export = await self.get_export(export_id)
        while not export.final:
            if on_progress is not None:
                on_progress(export)
            await self._sleep(POLL_S)
            export = await self.get_export(export_id)
        if export.state == "failed":
            raise ExportFailed(export.id, export.message)
        return export

    async def download(self, export_id: str, name: str) -> bytes:
        """A file of a completed export: `model.onnx`, `bundle.zip` or another one of those that it lists."""
        return await self._send(calls.download(export_id, name))

    # What there is.

    async def spaces(self) -> list[SpaceEntry]:
        return await self._send(calls.spaces())

    async def strategies(self) -> list[CatalogueEntry]:
        return await self._send(calls.strategies())

    async def tasks(self) -> list[CatalogueEntry]:
        return await self._send(calls.tasks())

    async def spec_schema(self) -> dict[str, Any]:
        """The JSON schema of a job spec."""
        return await self._send(calls.spec_schema())

    async def plugins(self) -> list[Plugin]:
        """What installed packages add to the service; `problem` says why one cannot be used, or is empty."""
        return await self._send(calls.plugins())

    async def caller(self) -> CallerView:
        """Who the service takes this client for, what that may do, and of which version the service is."""
        return await self._send(calls.caller())

    async def cluster(self) -> ClusterView:
        return await self._send(calls.cluster())

    async def gc(self, *, dry_run: bool = False) -> GarbageView:
        """Collect the artifacts that nobody needs, or count them in a dry run."""
        return await self._send(calls.gc(dry_run))

    async def _send(self, call: Call[T]) -> T:
        try:
            return call.result(await self._http.request(**call.request()))
        except httpx.TransportError as error:
            raise ServerAway(self.base_url, error) from None

    async def _all(self, page: Callable[[str | None], Call[Page[T]]]) -> AsyncIterator[T]:
        cursor: str | None = None
        while True:
            found = await self._send(page(cursor))
            for item in found.items:
                yield item
            cursor = found.next
            if cursor is None:
                return

    async def _stream(self, reader: Reader[T]) -> AsyncIterator[T]:
        while not reader.ended:
            try:
                async with aclosing(self._connection(reader)) as connection:
                    async for said in connection:
                        yield said
            except httpx.TransportError as error:
                pause_s = reader.pause_s()
                if pause_s is None:
                    raise ServerAway(self.base_url, error) from None
                await self._sleep(pause_s)

    async def _connection(self, reader: Reader[T]) -> AsyncGenerator[T, None]:
        reader.connected()
        async with self._http.stream(**reader.request()) as response:
            if not response.is_success:
                await response.aread()
                raise ApiError.of(response)
            async for line in response.aiter_lines():
                said = reader.feed(line)
                if said is not None:
                    yield said
                if reader.ended:
                    return
        raise httpx.ReadError("the stream was cut")
