"""The one poller of a process: it watches the database for all open event streams and wakes those that have news."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from nas_service.store import Store, jobs

log = logging.getLogger(__name__)

PATIENCE_S = 0.5  # how late news of another process may be
PAUSE_S = 0.05  # between two looks, however busy the database is


@dataclass(eq=False)
class Viewer:
    """One open stream: `news` is set when its job has events beyond `seen`, or is gone."""

    job_id: str
    loop: asyncio.AbstractEventLoop
    news: asyncio.Event
    seen: int | None = -1

    def look_at(self, last: int | None) -> None:
        """Take in the last event's number, None for a job that was deleted."""
        if last != self.seen:
            self.seen = last
            self.wake()

    def wake(self) -> None:
        with contextlib.suppress(RuntimeError):  # the event loop closed meanwhile, and the stream with it
            self.loop.call_soon_threadsafe(self.news.set)


class Feed:
    """Wakes viewers. One thread and one query a look, however many viewers there are."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._viewers: set[Viewer] = set()
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
            for viewer in self._viewers:
                viewer.wake()

    def stop(self) -> None:
        self.close()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def watch(self, job_id: str) -> Viewer:
        """A viewer of this job, for the event loop that is running. Give it back with `leave`."""
        viewer = Viewer(job_id, asyncio.get_running_loop(), asyncio.Event())
        with self._lock:
            self._viewers.add(viewer)
        return viewer

    def leave(self, viewer: Viewer) -> None:
        with self._lock:
            self._viewers.discard(viewer)

    def look(self) -> None:
        """Wake the viewers of every job whose events have grown since they were last woken."""
        with self._lock:
            viewers = list(self._viewers)
        if not viewers:
            return
        with self._store.read() as conn:
            last = jobs.last_events(conn, {viewer.job_id for viewer in viewers})
        for viewer in viewers:
            viewer.look_at(last.get(viewer.job_id))

    def _loop(self) -> None:
        while not self._stop.wait(PAUSE_S):
            self._store.wait_for_write(PATIENCE_S)
            try:
                self.look()
            except SQLAlchemyError:
                log.exception("event streams could not be read and will be tried again")
