"""What the service says over HTTP of past events."""

from __future__ import annotations

from .views import EventView, Page


class HistoryPage(Page[EventView]):
    """Past events, newest first. `last` is the number of the job's last event of any kind: ask for those after it."""

    last: int
