"""Log-ins of browsers: a random cookie stands for a key, for half a day and as long as this process lives."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable

COOKIE = "nas_session"
LASTS_S = 12 * 3600


class Sessions:
    """Cookie to key. A browser sends cookies to every port of a host, so the cookie is not the key itself."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._begun: dict[str, tuple[str, float]] = {}

    def begin(self, key: str) -> str:
        """The cookie of a new session."""
        cookie, now = secrets.token_urlsafe(32), self._clock()
        with self._lock:
            self._begun = {c: (k, end) for c, (k, end) in self._begun.items() if end > now}
            self._begun[cookie] = key, now + LASTS_S
        return cookie

    def key(self, cookie: str | None) -> str | None:
        """What a cookie stands for; None once the session has ended."""
        with self._lock:
            key, end = self._begun.get(cookie or "", ("", 0.0))
        return key if self._clock() < end else None

    def end(self, cookie: str | None) -> None:
        with self._lock:
            self._begun.pop(cookie or "", None)
