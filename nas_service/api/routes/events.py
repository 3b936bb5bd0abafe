"""The events of a job, as a stream that resumes and as pages; and a stream of which jobs and devices change."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool

from nas_service.api import answers
from nas_service.api.callers import Who
from nas_service.api.event_views import HistoryPage
from nas_service.api.live_views import NoticeView
from nas_service.api.paging import LARGEST, Cursor, Id, Limit, decode, encode
from nas_service.api.readings import event_view
from nas_service.api.service import Here, Service
from nas_service.api.standing import Standing
from nas_service.errors import NotFound
from nas_service.store import Event, Job, events, jobs
from nas_service.store.events import Kind

BATCH = 500
Seq = Annotated[int, Query(ge=0, le=LARGEST, description="go on after this event")]
After = Annotated[int, Query(ge=0, le=LARGEST, description="only later ones than this event")]
LastEventId = Annotated[int | None, Header(ge=0, le=LARGEST, description="the same, as browsers send it")]

router = APIRouter(tags=["jobs"])


def existing(job_id: Id, service: Here) -> str:
    """The id of a job that there is: a stream cannot say 404 once it has begun."""
    with service.store.read() as conn:
        return jobs.get(conn, job_id).id


@router.get("/jobs/{job_id}/events", response_class=EventSourceResponse)
async def stream(
    job_id: Annotated[str, Depends(existing)],
    service: Here,
    caller: Who,
    after: Seq = 0,
    last_event_id: LastEventId = None,
) -> AsyncIterator[ServerSentEvent]:
    """Events from the first, or after `Last-Event-ID`, as they happen. The last one is of type `end`, without an id."""
    seen = after if last_event_id is None else last_event_id
    viewer, standing = service.feed.watch(job_id), Standing(service, caller)
    try:
        while not service.feed.closing and await standing.holds():
            viewer.news.clear()
            final, found = await run_in_threadpool(_read, service, job_id, seen)
            for event in found:
                yield _sent(event)
                seen = event.seq
            if final and len(found) < BATCH:
                yield ServerSentEvent(event="end", data={"job_id": job_id, "seq": seen})
                return
            if len(found) < BATCH:
                await standing.wait(viewer.news)
    finally:
        service.feed.leave(viewer)


@router.get("/events", response_class=EventSourceResponse)
async def notices(service: Here, caller: Who) -> AsyncIterator[ServerSentEvent]:
    """Which jobs and devices change, of all there are; not what changed in them. It never ends by itself.

    The first one is of type `ready`: what is read from then on is no older than what the next ones tell. There is
    nothing to resume, for a notice says no more than that something has to be read anew.
    """
    listener, standing = service.feed.listen(), Standing(service, caller)
    try:
        await run_in_threadpool(service.feed.look)
        yield _told(NoticeView(type="ready"))
        while not service.feed.closing and await standing.holds():
            for notice in listener.take():
                yield _told(notice)
            await standing.wait(listener.news)
    finally:
        service.feed.leave(listener)


@router.get("/jobs/{job_id}/history", response_model=HistoryPage)
def history(
    job_id: Id,
    service: Here,
    kind: Kind = "all",
    after: After = 0,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """Past events, newest first: `ends` are all but epochs, `failures` what went wrong, `job` what befell the job.

    A page may be short, or empty, and have a next one all the same: events are looked through some thousands at a time.
    """
    position = decode(cursor, 1)
    with service.store.read() as conn:
        jobs.get(conn, job_id)  # or there is none
        last = jobs.last_events(conn, [job_id])[job_id]
        below = position[0] if position else last + 1
        found, following = events.before(conn, job_id, below, after=after, kind=kind, limit=limit)
    shown = [event_view(event) for event in found]
    return answers.one(HistoryPage(items=shown, next=None if following is None else encode(following), last=last))


def _read(service: Service, job_id: str, seen: int) -> tuple[bool, list[Event]]:
    """Whether nothing will follow, and the next events; of a deleted job there are none."""
    try:
        with service.store.read() as conn:
            return _is_final(jobs.get(conn, job_id)), events.after(conn, job_id, seen, BATCH)
    except NotFound:
        return True, []


def _is_final(job: Job) -> bool:
    return job.state in jobs.FINAL


def _sent(event: Event) -> ServerSentEvent:
    return ServerSentEvent(id=str(event.seq), event=event.type, raw_data=event_view(event).model_dump_json())


def _told(notice: NoticeView) -> ServerSentEvent:
    return ServerSentEvent(event=notice.type, raw_data=notice.model_dump_json())
