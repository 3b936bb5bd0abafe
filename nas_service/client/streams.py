"""Server-sent events as they come off the wire, and when to connect again."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from nas_service.api.live_views import NoticeView
from nas_service.api.views import EventView

from .calls import PREFIX

T = TypeVar("T")
END = "end"
DEAD_AFTER_S = 60.0  # the server sends a sign of life every 15 s
PATIENCE = 8  # connections in a row that brought nothing
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 5.0


@dataclass
class Reader(ABC, Generic[T]):
    """Lines in, what they say out. `ended` once the server has said that nothing follows."""

    ended: bool = False
    failures: int = 0
    _type: str = ""
    _data: list[str] = field(default_factory=list)

    @abstractmethod
    def request(self) -> dict[str, Any]:
        """Keyword arguments of `httpx.Client.stream` for what has not been seen yet."""

    @abstractmethod
    def complete(self, kind: str, text: str) -> T | None:
        """What an event of this type with this data says, if it is for the reader of the stream."""

    def feed(self, line: str) -> T | None:
        """The event that this line completes, if it completes one."""
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            self._type = value
        elif name == "data":
            self._data.append(value)
        elif not line and self._data:
            kind, text = self._type, "\n".join(self._data)
            self._type, self._data = "", []
            self.failures = 0
            return self.complete(kind, text)
        return None

    def connected(self) -> None:
        """Begin a new connection: what an old one left half said is void."""
        self._type, self._data = "", []

    def pause_s(self) -> float | None:
        """Seconds to wait after a dropped connection, None when it is no use any more."""
        self.failures += 1
        if self.failures > PATIENCE:
            return None
        return min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** (self.failures - 1))


@dataclass
class EventReader(Reader[EventView]):
    """Of the events of a job; remembers how far it got."""

    job_id: str = ""
    seen: int = 0

    def request(self) -> dict[str, Any]:
        url = f"{PREFIX}/jobs/{self.job_id}/events"
        return {"method": "GET", "url": url, "params": {"after": self.seen}, "timeout": DEAD_AFTER_S}

    def complete(self, kind: str, text: str) -> EventView | None:
        if kind == END:
            self.ended = True
            return None
        event = EventView.model_validate_json(text)
        self.seen = event.seq
        return event


@dataclass
class NoticeReader(Reader[NoticeView]):
    """Of what changes in the service; `patient` ones connect again, the others leave that to who reads."""

    patient: bool = True

    def request(self) -> dict[str, Any]:
        return {"method": "GET", "url": f"{PREFIX}/events", "timeout": DEAD_AFTER_S}

    def complete(self, kind: str, text: str) -> NoticeView | None:  # noqa: ARG002 - the notice says it too
        return NoticeView.model_validate_json(text)

    def pause_s(self) -> float | None:
        return super().pause_s() if self.patient else None
