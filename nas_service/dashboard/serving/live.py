"""What all open pages of a process share: one stream of what changes, and answers that are the same for each of them.

A page watches topics: the id of a job, `JOBS`, which is any of them, or `DEVICES`. `Hub` listens to the service while
somebody watches, and wakes the pages of a topic together, once a second at most, or more seldom where they have much to
do, see `restraint`. What they then ask for is asked once: an answer is for everybody who asks the same until they are
woken again, or for so long where nothing tells.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import httpx

from nas_service.client import ApiError, AsyncClient, calls
from nas_service.client.calls import Call

from .restraint import Restraint

T = TypeVar("T")
JOBS: Final = "jobs"
DEVICES: Final = "devices"  # their tables, campaigns and agents
ADMITTED_S: Final = 2.0  # how long a key is not asked for again: one that is revoked sees no more after that
AGAIN_S: Final = (0.2, 0.5, 1.0, 2.0)  # pauses before the service is listened to again; the last one stays
SHUT_OUT: Final = (401, 403)
OF_JOBS: Final = ("candidates", "trials", "exports")  # whose ids begin with that of their job
OF_DEVICES: Final = (DEVICES, "campaigns", "agents")


def topic_of(path: str) -> str:
    """What the answer at a path of the API is about."""
    kind, _, rest = path.removeprefix("/").partition("/")
    if kind == "jobs" and rest:
        return rest.partition("/")[0]
    if kind in OF_DEVICES:
        return DEVICES
    return rest.partition("/")[0].partition(".")[0] if kind in OF_JOBS else kind


@dataclass(eq=False)
class Watch:
    """What one page waits for. `key` is what its viewer shows."""

    key: str
    topics: frozenset[str]
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        self._news.set()

    async def news(self, patience_s: float) -> None:
        """Return when one of the topics has changed, or after this time."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._news.wait(), patience_s)
        self._news.clear()


@dataclass(frozen=True)
class _Answer:
    """Of a call, when its topic had this version; `at` is when it came."""

    version: tuple[int, int]
    coming: asyncio.Task[Any]
    at: list[float]


class Hub:
    """`connect` makes a client for a key. Everything happens in one event loop."""

    def __init__(self, connect: Callable[[str], AsyncClient], clock: Callable[[], float] = time.monotonic) -> None:
        self._connect = connect
        self._clock = clock
        self._restraint = Restraint(clock)
        self._watches: set[Watch] = set()
        self._listening: asyncio.Task[None] | None = None
        self._round = 0  # of versions: everything may have changed
        self._versions: dict[str, int] = {}
        self._changed_at: dict[str, float] = {}
        self._due: dict[str, asyncio.TimerHandle] = {}
        self._answers: dict[tuple[Any, ...], _Answer] = {}
        self._admitted: dict[str, float] = {}  # key, when it last opened something
        self._checks: dict[str, asyncio.Task[None]] = {}  # of keys, the last of each
        self._shut_out: set[str] = set()  # keys that the stream was refused with

    # Watching.

    def watch(self, key: str, topics: Collection[str]) -> Watch:
        """Begin to watch; give it back with `leave`."""
        watch = Watch(key, frozenset(topics))
        self._watches.add(watch)
        if self._listening is None or self._listening.done():
            self._listening = asyncio.create_task(self._listen())
        return watch

    @property
    def pause_s(self) -> float:
        """Between two times that a topic wakes its pages, and how long an answer is good where nothing tells."""
        return self._restraint.pause_s(len(self._watches))

    def looked(self) -> None:
        """A page has."""
        self._restraint.looked()

    def leave(self, watch: Watch) -> None:
        """The last one who leaves ends the stream."""
        self._watches.discard(watch)
        if not self._watches:
            self._forget()

    async def close(self) -> None:
        """End the stream, whoever still watches."""
        listening = self._listening
        self._forget()
        if listening is not None:
            await asyncio.wait([listening])

    def _forget(self) -> None:
        if self._listening is not None:
            self._listening.cancel()
            self._listening = None
        for due in self._due.values():
            due.cancel()
        for known in (self._due, self._versions, self._changed_at, self._answers, self._shut_out):
            known.clear()
        self._ask_for_keys()
        self._round += 1

    # What changes.

    async def _listen(self) -> None:
        failures = 0
        while True:
            key = self._a_key()
            try:
                async for notice in self._connect(key).notices(patient=False):
                    failures = 0
                    self._shut_out.discard(key)
                    if notice.type == "ready":
                        self.everything_changed()
                    elif notice.type == "device":
                        self._tell(DEVICES)
                    else:
                        self.changed(notice.job_id)
            except ApiError as error:
                if error.status in SHUT_OUT:
                    self._shut_out.add(key)
            self.everything_changed()  # pages find out by themselves what is wrong, and say so
            await asyncio.sleep(AGAIN_S[min(failures, len(AGAIN_S) - 1)])
            failures += 1

    def _a_key(self) -> str:
        """Of a page that is open, and not refused so far."""
        keys = {watch.key for watch in self._watches}
        return next(iter(sorted(keys - self._shut_out) or sorted(keys)))

    def changed(self, job_id: str) -> None:
        """A job has changed, or the list of them."""
        self._tell(JOBS, *filter(None, [job_id]))

    def _tell(self, *topics: str) -> None:
        """Wake the pages of these, now or when there was a pause since the last time."""
        for topic in topics:
            if topic in self._due:
                continue
            wait_s = self._changed_at.get(topic, float("-inf")) + self.pause_s - self._clock()
            if wait_s <= 0:
                self._wake(topic)
            else:
                self._due[topic] = asyncio.get_running_loop().call_later(wait_s, self._wake, topic)

    def everything_changed(self) -> None:
        self._round += 1
        self._ask_for_keys()
        for watch in self._watches:
            watch.wake()

    def touched(self, topic: str) -> None:
        """A page has changed something itself: the next answers are new ones."""
        for each in {topic, JOBS}:
            self._versions[each] = self._versions.get(each, 0) + 1

    def _wake(self, topic: str) -> None:
        self._due.pop(topic, None)
        self._changed_at[topic] = self._clock()
        self._versions[topic] = self._versions.get(topic, 0) + 1
        for watch in self._watches:
            if topic in watch.topics:
                watch.wake()

    # Answers.

    async def shared(self, call: Call[T], client: LiveClient) -> T:
        """The answer to a reading call: one that came for another page and is as new, or a new one.

        Everybody who may read sees the same, so it is asked only whether this viewer's key still lets him read.
        """
        name, version = (call.path, *sorted(call.params.items())), self._version(topic_of(call.path))
        found = self._answers.get(name)
        if found is None or found.version != version or self._is_old(found):
            return await self._ask(name, version, call, client)
        await self._admit(client)
        try:
            answer: T = await asyncio.shield(found.coming)
        except ApiError as error:
            if error.status not in SHUT_OUT:  # which was said to another key
                raise
            return await client.ask(call)
        return answer

    async def _ask(self, name: tuple[Any, ...], version: tuple[int, int], call: Call[T], client: LiveClient) -> T:
        self._answers = {key: answer for key, answer in self._answers.items() if not self._is_old(answer)}
        coming, at = asyncio.create_task(client.ask(call)), list[float]()
        coming.add_done_callback(lambda done: self._came(done, at))
        self._answers[name] = _Answer(version, coming, at)
        answer: T = await asyncio.shield(coming)
        self._admitted[client.key] = self._clock()
        return answer

    def _came(self, done: asyncio.Task[Any], at: list[float]) -> None:
        at.append(self._clock())
        _seen(done)

    def _is_old(self, answer: _Answer) -> bool:
        return bool(answer.at) and self._clock() - answer.at[0] >= self.pause_s

    def _version(self, topic: str) -> tuple[int, int]:
        return self._round, self._versions.get(topic, 0)

    async def _admit(self, client: LiveClient) -> None:
        """Raises ApiError where the viewer may no longer read. Pages with the same key ask together."""
        if self._clock() - self._admitted.get(client.key, float("-inf")) < ADMITTED_S:
            return
        check = self._checks.get(client.key)
        if check is None or check.done():
            check = self._checks[client.key] = asyncio.create_task(client.check())
            check.add_done_callback(_seen)
        await asyncio.shield(check)
        self._admitted[client.key] = self._clock()

    def _ask_for_keys(self) -> None:
        """Before anybody is shown what others asked for."""
        self._admitted.clear()
        self._checks.clear()


def _seen(done: asyncio.Task[Any]) -> None:
    """Take note of how it ended, though every page that asked may be gone by now."""
    if not done.cancelled():
        done.exception()


class LiveClient(AsyncClient):
    """The service as the viewer of one page sees it, who shares with other pages what all of them may see."""

    def __init__(self, base_url: str, *, key: str, transport: httpx.AsyncBaseTransport, hub: Hub) -> None:
        super().__init__(base_url, key=key, transport=transport)
        self.key, self.hub = key, hub

    async def ask(self, call: Call[T]) -> T:
        """The service's own answer."""
        return await super()._send(call)

    async def check(self) -> None:
        """Raises ApiError where the key no longer lets anybody read."""
        await self.ask(calls.caller())

    async def _send(self, call: Call[T]) -> T:
        if call.method != "GET":
            try:
                return await self.ask(call)
            finally:
                self.hub.touched(topic_of(call.path))
        return await (self.ask(call) if call.answer is bytes else self.hub.shared(call, self))
