"""Work that one process of all does now and then: a thread that looks for it, and outlives what goes wrong."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

log = logging.getLogger(__name__)


class Rounds:
    """Calls `work` every `every_s` seconds while `leads` says that this process is the one; `name` is for the log."""

    def __init__(self, name: str, work: Callable[[], object], every_s: float, leads: Callable[[], bool]) -> None:
        self._name, self._work, self._every_s, self._leads = name, work, every_s, leads
        self.stopping = threading.Event()
        self._thread = threading.Thread(target=self._loop, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, wait_s: float = 1) -> None:
        """End the thread soon; what was not done is there for the next process that leads."""
        self.stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=wait_s)

    def _loop(self) -> None:
        while not self.stopping.wait(self._every_s):
            try:
                if self._leads():
                    self._work()
            except SQLAlchemyError as error:
                log.warning("%s: waiting for the database: %s", self._name, error)
            except Exception:
                log.exception("%s: this round failed; the next one tries again", self._name)
