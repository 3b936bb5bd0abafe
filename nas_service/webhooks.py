"""Webhooks: a job's end, told to a URL that its spec names, by a thread that nothing else waits for.

Whoever may submit a job could make the service call any address that it reaches, those inside its own network
included. So only hosts that the operator lists are called (NAS_WEBHOOK_HOSTS, none by default), only over http and
https, without credentials in the URL, and a redirect is an answer like any other, not followed. A delivery may come
twice when the service dies between the answer and the note of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx

from .errors import InvalidSpec
from .rounds import Rounds
from .spec import JobSpec
from .store import Job, Store, jobs

ATTEMPTS = 5
TIMEOUT_S = 10.0  # for the whole exchange: an answer that drips byte by byte is none
FIRST_PAUSE_S = 5.0  # doubled after every attempt
LOOK_S = 1.0
TOLD = ("id", "name", "state", "reason", "trials", "completed", "failed", "best_reward", "incumbent", "started_at")


def refuse_forbidden(spec: JobSpec, hosts: Sequence[str]) -> None:
    """Raises InvalidSpec for a webhook that would not be called."""
    if spec.webhook is not None and (problem := refusal(spec.webhook.url, hosts)):
        raise InvalidSpec(problem, "webhook.url")


def refusal(url: str, hosts: Sequence[str]) -> str:
    """Why this URL is not called, in words; empty where it is. `hosts` are names, `*.example.com`, or `*` for all."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return f"{url!r} is no URL"
    if parts.scheme not in ("http", "https") or not host:
        return f"{url!r} is no address of a web service; expected for example https://hooks.example.com/nas"
    if parts.username is not None or parts.password is not None:
        return "the URL of a webhook may not hold a user or a password, for everyone sees the spec of a job"
    if any(_matches(host, allowed.lower()) for allowed in hosts):
        return ""
    return f"webhooks may not call {host!r}; the operator of the service allows it with NAS_WEBHOOK_HOSTS={host}"


def _matches(host: str, allowed: str) -> bool:
    return allowed in ("*", host) or (allowed.startswith("*.") and host.endswith(allowed[1:]))


def payload(job: Job) -> dict[str, Any]:
    """What a webhook is sent, as JSON."""
    told = {name: getattr(job, name) for name in TOLD}
    return {"event": "job.ended", "job": told | {"ended_at": job.ended_at}}


class Webhooks:
    """Delivers what is due, all at once, each up to `ATTEMPTS` times.

    `leads` says whether this process is the one that delivers; `clock` gives seconds since the epoch.
    """

    def __init__(
        self,
        store: Store,
        hosts: Sequence[str],
        clock: Callable[[], float],
        leads: Callable[[], bool] = lambda: True,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._store = store
        self._hosts = hosts
        self._clock = clock
        self._timeout_s = timeout_s
        self._tried: dict[str, tuple[int, float]] = {}  # job id -> attempts, time of the next
        self._rounds = Rounds("webhooks", self.round, LOOK_S, leads)

    def start(self) -> None:
        self._rounds.start()

    def stop(self) -> None:
        """End soon; what it has not delivered is due when the service starts again."""
        self._rounds.stop()

    def round(self) -> None:
        """Try every webhook whose time has come, once."""
        now = self._clock()
        with self._store.read() as conn:
            due = jobs.with_webhook_due(conn)
        self._tried = {job.id: self._tried.get(job.id, (0, now)) for job in due}
        ready = [job for job in due if self._tried[job.id][1] <= now]
        if ready:
            for job, problem in zip(ready, asyncio.run(self._attempts(ready)), strict=True):
                self._note(job, problem, now)

    async def _attempts(self, ready: Sequence[Job]) -> list[str]:
        async with httpx.AsyncClient(timeout=self._timeout_s, trust_env=False, follow_redirects=False) as client:
            return await asyncio.gather(*(self._attempt(client, job) for job in ready))

    async def _attempt(self, client: httpx.AsyncClient, job: Job) -> str:
        """Why it was not delivered; empty where it was."""
        url = job.spec["webhook"]["url"]
        if problem := refusal(url, self._hosts):
            return problem
        try:
            async with asyncio.timeout(self._timeout_s), client.stream("POST", url, json=payload(job)) as response:
                return "" if response.is_success else f"the answer was {response.status_code}"
        except (TimeoutError, httpx.TimeoutException):
            return f"no answer within {self._timeout_s:g} s"
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            return f"the call failed: {error or type(error).__name__}"

    def _note(self, job: Job, problem: str, now: float) -> None:
        """Write how an attempt went once that is final; else set the time of the next."""
        attempts = self._tried[job.id][0] + 1
        self._tried[job.id] = (attempts, now + FIRST_PAUSE_S * 2 ** (attempts - 1))
        if problem and attempts < ATTEMPTS:
            return
        with self._store.write() as conn:
            jobs.settle_webhook(conn, job.id, delivered=not problem, attempts=attempts, message=problem, at=now)
