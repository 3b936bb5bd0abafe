"""What charts read of whole jobs, kept in memory for those that were last asked for."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection

from nas_service.columns import Proposals, Results
from nas_service.errors import NotFound
from nas_service.genes import Tries
from nas_service.store import Job, Store, jobs

from .clouds import Cloud

T = TypeVar("T")
HELD = 500_000  # candidates of all jobs together, 250 bytes each; the job asked for last is held however large it is


class HeldJob:
    """Columns of one job, each read when it is first asked for. Whoever looks holds the `lock`."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.results = Results()
        self.proposals = Proposals()
        self.tries: Tries | None = None
        self.cloud = Cloud(self.results)

    def __len__(self) -> int:
        return max(len(self.results), len(self.proposals))


class Held:
    """For all threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._jobs: OrderedDict[str, HeldJob] = OrderedDict()

    def look(self, job_id: str, work: Callable[[HeldJob, Connection, Job], T]) -> T:
        """What `work` makes of a job as it now is. Raises NotFound."""
        one = self._of(job_id)
        try:
            with one.lock, self._store.read() as conn:  # the view begins in the lock: none is older than the last
                found = work(one, conn, jobs.get(conn, job_id))
        except NotFound:
            with self._lock:
                self._jobs.pop(job_id, None)
            raise
        self._let_go()
        return found

    def _of(self, job_id: str) -> HeldJob:
        with self._lock:
            one = self._jobs.setdefault(job_id, HeldJob())
            self._jobs.move_to_end(job_id)
            return one

    def _let_go(self) -> None:
        with self._lock:
            while len(self._jobs) > 1 and sum(map(len, self._jobs.values())) > HELD:
                self._jobs.popitem(last=False)
