"""What a page reads of a job's candidates: the whole and windows of it, each once until all is read anew."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from nas_service.api.point_views import Points
from nas_service.client import ApiError
from nas_service.dashboard.job.scatter_points import ScatterPoints
from nas_service.window import Window

LEFT, RIGHT = Window(0, 4, 0, 1), Window(5, 9, 0, 1)


class Service:
    """Ten candidates, of which the whole shows three, and a window those in it. It answers when `together` ask."""

    def __init__(self, shown: int = 3) -> None:
        self.shown = shown
        self.value = 0.5
        self.asked: list[Window | None] = []
        self.waiting = 0
        self.together = 1
        self.broken: Window | None = None
        self._all_here = asyncio.Event()

    async def points(self, job_id: str, *, most: int | None = None, within: Window | None = None) -> Points:
        assert (job_id, most) == ("j", 3)
        self.asked.append(within)
        self.waiting += 1
        if self.waiting >= self.together:
            self._all_here.set()
        await self._all_here.wait()
        if self.broken is not None and within == self.broken:
            raise ApiError(503, "away", "the service is away")
        numbers = [n for n in range(10) if within is None or within.holds(n, 0.5)]
        return points(numbers[: self.shown], self.value, len(numbers))


def points(numbers: list[int], value: float, matching: int) -> Points:
    columns: dict[str, Any] = {
        "id": [f"j.c{n}" for n in numbers],
        "cost": list(map(float, numbers)),
        "value": [value] * len(numbers),
        "feasible": [1] * len(numbers),
        "front": [0] if numbers and numbers[0] == 0 else [],
        "total": 10,
        "matching": matching,
    }
    unknown = dict.fromkeys(("reward", "latency_ms", "latency_error_ms"), [None] * len(numbers))
    return Points.model_validate(columns | unknown | {"job_id": "j", "metric": "f1", "cost_name": "macs"})


def looked(service: Service, *looks: tuple[tuple[Window, ...], bool]) -> ScatterPoints:
    read = ScatterPoints(service, "j", 3)  # type: ignore[arg-type]

    async def run() -> None:
        for windows, anew in looks:
            await read.look(windows, anew=anew)

    asyncio.run(run())
    return read


def test_a_window_brings_more_points_than_the_whole_shows() -> None:
    read = looked(Service(), ((RIGHT,), True))
    assert read.whole is not None
    assert sorted(read.dots) == ["j.c0", "j.c1", "j.c2", "j.c5", "j.c6", "j.c7"]
    assert [dot.on_front for dot in read.dots.values()].count(True) == 1
    window = read.of(RIGHT)
    assert window is not None
    assert window.matching == 5


def test_where_all_are_shown_no_window_is_asked_for() -> None:
    service = Service(shown=10)
    read = looked(service, ((LEFT, RIGHT), True), ((LEFT,), False), ((LEFT,), True))
    assert service.asked == [None, None]
    assert read.of(LEFT) is None
    assert len(read.dots) == 10


def test_a_zoom_reads_its_window_and_nothing_else() -> None:
    service = Service()
    looked(service, ((), True), ((LEFT,), False), ((LEFT, RIGHT), False), ((RIGHT,), False), ((LEFT,), False))
    assert service.asked == [None, LEFT, RIGHT, LEFT], "what nobody looks at is let go"


def test_what_is_new_is_read_in_every_window() -> None:
    service = Service()
    read = looked(service, ((LEFT, RIGHT), True))
    service.value, service.asked = 0.75, []
    asyncio.run(read.look((LEFT, RIGHT), anew=True))
    assert service.asked == [None, LEFT, RIGHT]
    assert {dot.value for dot in read.dots.values()} == {0.75}


def test_whole_and_windows_are_read_side_by_side() -> None:
    """The service answers none of them before it was asked for all."""

    async def run() -> None:
        service = Service()
        read = ScatterPoints(service, "j", 3)  # type: ignore[arg-type]
        await read.look((), anew=True)
        service.waiting, service.together, service._all_here = 0, 3, asyncio.Event()
        await asyncio.wait_for(read.look((LEFT, RIGHT), anew=True), 30)

    asyncio.run(run())


def test_what_could_not_be_read_is_read_the_next_time() -> None:
    service = Service()
    read = looked(service, ((LEFT,), True))
    service.value, service.broken = 0.75, None

    async def run() -> None:
        service.broken = LEFT
        with pytest.raises(ApiError):
            await read.look((LEFT,), anew=True)
        service.broken, service.asked = None, []
        await read.look((LEFT,), anew=False)

    asyncio.run(run())
    assert service.asked == [LEFT]
    assert {dot.value for dot in read.dots.values()} == {0.75}


class Late(Service):
    """Answers its first reader last, with what it knew when it was asked."""

    async def points(self, job_id: str, *, most: int | None = None, within: Window | None = None) -> Points:
        if not self.asked:
            self.asked.append(None)
            known = self.value
            await self._all_here.wait()
            return points([0, 1, 2], known, 10)
        return await super().points(job_id, most=most, within=within)


def test_an_older_answer_does_not_take_the_place_of_a_newer_one() -> None:
    async def run() -> ScatterPoints:
        service = Late()
        read = ScatterPoints(service, "j", 3)  # type: ignore[arg-type]
        old = asyncio.create_task(read.look((), anew=True))
        while not service.asked:
            await asyncio.sleep(0)
        service.value = 0.75
        await read.look((), anew=True)
        await old
        return read

    assert {dot.value for dot in asyncio.run(run()).dots.values()} == {0.75}
