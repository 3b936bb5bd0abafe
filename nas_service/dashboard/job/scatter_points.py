"""What a page has read of the candidates of a job: the whole, and the windows that are looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

from nas_service.api.point_views import Points
from nas_service.client import AsyncClient
from nas_service.window import Window

from ..once import once
from .scatter import Dot

WHOLE = None


class ScatterPoints:
    """At most `most` of the whole and of each window. Nothing is read twice until all of it is to be read anew."""

    def __init__(self, client: AsyncClient, job_id: str, most: int) -> None:
        self._client = client
        self._job_id = job_id
        self._most = most
        self._round = 0  # how often all was to be read anew
        self._read: dict[Window | None, tuple[int, Points]] = {}  # with the round that it was asked for in

    @property
    def whole(self) -> Points | None:
        return self._read[WHOLE][1] if WHOLE in self._read else None

    def of(self, window: Window) -> Points | None:
        """What was read of a window; None where it has no more points than the whole shows."""
        return self._read[window][1] if self._is_thinned and window in self._read else None

    @property
    def dots(self) -> Mapping[str, Dot]:
        """All that is known, by candidate."""
        known = [points for window, (_, points) in self._read.items() if window is WHOLE or self._is_thinned]
        first, *more = map(_dots, known) if known else [{}]
        return {name: dot for dots in (first, *more) for name, dot in dots.items()} if more else first

    async def look(self, windows: Iterable[Window], *, anew: bool) -> None:
        """Read what of the whole and of these windows is missing, side by side, or all; others are let go."""
        self._round += anew
        wanted = dict.fromkeys((WHOLE, *windows))
        if not self._is_thinned:  # then windows have no more, as far as is known
            await self._bring(WHOLE)
        if self._is_thinned:
            await asyncio.gather(*map(self._bring, wanted))
        self._read = {window: read for window, read in self._read.items() if window in wanted}

    async def _bring(self, window: Window | None) -> None:
        asked = self._round
        if window in self._read and self._read[window][0] >= asked:
            return
        points = await self._client.points(self._job_id, most=self._most, within=window)
        if window not in self._read or self._read[window][0] <= asked:
            self._read[window] = asked, points

    @property
    def _is_thinned(self) -> bool:
        whole = self.whole
        return whole is not None and whole.matching > len(whole.id)


@once
def _dots(points: Points) -> dict[str, Dot]:
    """By candidate."""
    front, measured = set(points.front), dict(zip(points.measured.at, points.measured.latency_ms, strict=True))
    columns = zip(points.id, points.cost, points.value, points.reward, points.latency_error_ms, strict=True)
    return {
        name: Dot(name, cost, value, place in front, reward, error, measured.get(place))
        for place, (name, cost, value, reward, error) in enumerate(columns)
    }
