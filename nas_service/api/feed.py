"""The one poller of a process: it watches the database for all open event streams and wakes those that have news."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from dataclasses import dataclass, field

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from nas_service.store import Store, campaigns, jobs, movement

from .device_changes import DeviceChanges
from .live_views import NoticeView

log = logging.getLogger(__name__)

PATIENCE_S = 0.5  # how late news of another process may be
PAUSE_S = 0.05  # between two looks, however busy the database is
NOTICES_S = 0.25  # between two for the listeners, who are told of everything


@dataclass(eq=False)
class Stream:
    """One that is open, in the event loop that was running. `news` is set when it has something to say."""

    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        with contextlib.suppress(RuntimeError):  # the event loop closed meanwhile, and the stream with it
            self.loop.call_soon_threadsafe(self.news.set)


@dataclass(eq=False)
class Viewer(Stream):
    """Of one job: it has news when its job has events beyond `seen`, or is gone."""

    job_id: str = ""
    seen: int | None = -1

    def look_at(self, last: int | None) -> None:
        """Take in the last event's number, None for a job that was deleted."""
        if last != self.seen:
            self.seen = last
            self.wake()


@dataclass(eq=False)
class Listener(Stream):
    """Of all jobs and devices: of each that changed, the last notice is kept until it is taken."""

    _waiting: dict[tuple[str, str, str], NoticeView] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def tell(self, notices: list[NoticeView]) -> None:
        with self._lock:
            self._waiting.update(((notice.type, notice.job_id, notice.device), notice) for notice in notices)
        self.wake()

    def take(self) -> list[NoticeView]:
        self.news.clear()
        with self._lock:
            waiting, self._waiting = self._waiting, {}
        return list(waiting.values())


class Feed:
    """Wakes streams. One thread and one look at a time, however many streams there are."""

    def __init__(self, store: Store, devices: DeviceChanges) -> None:
        self._store, self._devices = store, devices
        self._lock = threading.Lock()
        self._looking = threading.Lock()
        self._viewers: set[Viewer] = set()
        self._listeners: set[Listener] = set()
        self._known: movement.Moving | None = None  # as of the last look for listeners
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._loop, name="events", daemon=True)
        self._thread.start()

    @property
    def closing(self) -> bool:
        """Whether streams should end now, unfinished: their readers will resume with the next server."""
        return self._stop.is_set()

    def close(self) -> None:
        """Make every stream end."""
        self._stop.set()
        with self._lock:
            for stream in (*self._viewers, *self._listeners):
                stream.wake()

    def stop(self) -> None:
        self.close()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def watch(self, job_id: str) -> Viewer:
        """A viewer of this job, for the event loop that is running. Give it back with `leave`."""
        viewer = Viewer(job_id=job_id)
        with self._lock:
            self._viewers.add(viewer)
        return viewer

    def listen(self) -> Listener:
        """A listener, for the event loop that is running, of what changes after the next look. Give it back."""
        listener = Listener()
        with self._lock:
            self._listeners.add(listener)
        return listener

    def leave(self, stream: Stream) -> None:
        with self._lock:
            self._viewers.discard(stream)
            self._listeners.discard(stream)

    def look(self, *, for_all: bool = True) -> None:
        """Wake the viewers of every job whose events have grown since they were last woken, and tell the listeners."""
        with self._looking:
            with self._lock:
                viewers, listeners = list(self._viewers), list(self._listeners)
            if not listeners:
                self._known = None
                self._devices.forget()
            listeners = listeners if for_all else []
            if not (viewers or listeners):
                return
            with self._store.read() as conn:
                last = jobs.last_events(conn, {viewer.job_id for viewer in viewers}) if viewers else {}
                notices = self._changes(conn) if listeners else []
                measuring = campaigns.under_way(conn) if listeners else None
            if measuring is not None:
                notices += [NoticeView(type="device", device=name) for name in self._devices.since_last(measuring)]
        for viewer in viewers:
            viewer.look_at(last.get(viewer.job_id))
        if notices:
            for listener in listeners:
                listener.tell(notices)

    def _changes(self, conn: Connection) -> list[NoticeView]:
        """What has changed since the last look; at the first one, nothing is known to have."""
        before, now = self._known, movement.moving(conn, self._known)
        settled = before.events.keys() - now.events.keys() if before else set()
        last = jobs.last_events(conn, settled) if settled else {}
        self._known = now
        if before is None:
            return []
        changed = {job: seq for job, seq in {**now.events, **last}.items() if before.events.get(job) != seq}
        told = [NoticeView(type="job", job_id=job, last_event=seq) for job, seq in changed.items()]
        told += [NoticeView(type="job", job_id=job) for job in settled - last.keys()]
        fewer = now.total - before.total < now.newest - before.newest or now.newest < before.newest
        return [*told, NoticeView(type="deleted")] if fewer else told

    def _loop(self) -> None:
        told_at = 0.0
        while not self._stop.wait(PAUSE_S):
            self._store.wait_for_write(PATIENCE_S)
            for_all = time.monotonic() - told_at >= NOTICES_S
            told_at = time.monotonic() if for_all else told_at
            try:
                self.look(for_all=for_all)
            except (SQLAlchemyError, OSError):  # of the database, or of the files of tables
                log.exception("event streams could not be read and will be tried again")
