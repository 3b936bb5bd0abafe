"""Ray dispatcher: a pool of worker processes on one machine or a cluster. The only file that knows Ray.

A worker is an actor that runs one request at a time and streams its reports back. Workers are kept for the task and the
resources they were started for, shared by all jobs, given back when idle and replaced after a number of requests, so
that their memory comes back. Ray's own retries are off: the lease's `attempt` decides what runs again.
"""

from __future__ import annotations

import logging
import os
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import ray
from ray.exceptions import ActorUnavailableError, OutOfMemoryError, RayActorError, RayError, TaskCancelledError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from ..open_trials import OpenTrials
from ..requests import Cause, EvaluationRequest, Report, Resources, Runner
from ..run import reports_of, run, timeout_message
from ..tasks import Task
from ..versions import mismatch, needed, versions
from .base import ClusterStatus, DataCheck, NodeStatus, T, Unanswered
from .bundles import bundled
from .data_check import check_data
from .nodes import Nodes, Seen
from .placement import Key, Pool, Worker, total_of

OBJECT_STORE_BYTES = 128 * 2**20  # reports are small; weights go through artifacts
SMALLEST_CPUS = 0.1  # what a request of no CPUs counts as, so that their number stays bounded
LONGEST_WAIT_S = 0.5  # in one poll, so that time-outs are noticed
ANSWER_S = 50.0  # for what a worker is asked beside its trials; an agent waits 60 s for its own answer
READY_AGAIN_S = 30.0  # after which a worker of other versions is replaced by one that may have what it lacked


@dataclass(frozen=True)
class _Started:
    """The first word of a worker on a request: the node that it is on, and its versions."""

    node: str
    versions: dict[str, str]


class _Actor:
    """What runs in a worker process."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def run(self, request: EvaluationRequest, wanted: Mapping[str, str]) -> Iterator[list[Report] | _Started]:
        """That it started; then the reports, if it has the wanted versions."""
        context, here = ray.get_runtime_context(), versions()
        yield _Started(context.get_node_id(), here)
        if mismatch(wanted, here):
            return
        stopped = context.is_canceled
        if len(request.trials) > 1:
            for bundle in bundled(partial(reports_of, self._runner, request), stopped):  # noqa: UP028
                yield bundle
            return
        for report in reports_of(
            self._runner, request, stopped
        ):  # Ray calls `send`, which what is not a generator lacks
            yield [report]


@dataclass(eq=False)
class _Flight:
    """A submitted request; it has a worker and a stream once it was sent, and has started when the stream says so.

    `held` says why its last worker could not take it, `not_before` when another is tried.
    """

    request: EvaluationRequest
    trials: OpenTrials
    worker: Worker | None = None
    stream: Any = None
    started: bool = False
    kill_at: float = float("inf")
    held: str = ""
    not_before: float = float("-inf")


class RayDispatcher:
    """Runs requests on Ray: on the cluster at `address`, or on a Ray of its own on this machine where there is none.

    `cpus` limits the local Ray; `runner` evaluates requests (tests pass their own). A request that passes its time-out
    and does not stop within `grace_s` loses its worker process, as does a cancelled one. `own` are the coordinator's
    versions: a request waits where a worker has another version of the task's plug-in or of this project. Call
    `submit`, `poll` and `cancel` from one thread; what others ask meanwhile is told from what that one has learnt, and
    never waits for Ray.
    """

    def __init__(
        self,
        address: str = "",
        *,
        cpus: int | None = None,
        runner: Runner = run,
        idle_s: float = 60,
        recycle_after: int = 200,
        grace_s: float = 5,
        clock: Callable[[], float] = time.monotonic,
        own: Mapping[str, str] | None = None,
    ) -> None:
        self._owns_ray = _connect(address, cpus)
        self._is_remote = bool(address)
        self._runner = ray.put(runner)
        self._idle_s = idle_s
        self._recycle_after = recycle_after
        self._grace_s = grace_s
        self._clock = clock
        self._own = versions() if own is None else own
        self._pool = Pool()
        self._waiting: list[_Flight] = []
        self._short: set[Resources] = set()
        self._flights: list[_Flight] = []  # a request may come again before its last attempt has ended
        self._reports: list[Report] = []
        self._versions = versions()
        self._nodes = Nodes(ray.nodes, clock)
        self._looked_at: Seen | None = None  # what of them the pool has
        self._look_at_nodes()

    def submit(self, request: EvaluationRequest) -> None:
        flight = _Flight(request, OpenTrials(request))
        self._flights.append(flight)
        self._waiting.append(flight)
        if _footprint(request.resources) not in self._short:
            self._schedule()

    def poll(self, timeout_s: float = 0) -> list[Report]:
        self._enforce_deadlines()
        self._schedule()
        for flight in self._ready(0 if self._reports else min(timeout_s, LONGEST_WAIT_S)):
            self._collect(flight)
        self._release_idle()
        self._schedule()
        arrived, self._reports = self._reports, []
        return arrived

    def cancel(self, request_id: str) -> None:
        for flight in [f for f in self._flights if f.request.request_id == request_id]:
            self._reports += flight.trials.fail("cancelled", "the request was cancelled")
            if flight.stream is None:
                self._waiting.remove(flight)
                self._flights.remove(flight)
            else:
                ray.cancel(flight.stream)
                flight.kill_at = min(flight.kill_at, self._clock() + self._grace_s)

    def waiting_reason(self, request_id: str) -> str | None:
        flight = self._newest(request_id)
        if flight is None or flight.started:
            return None
        asked = _footprint(flight.request.resources)
        if flight.held:
            return flight.held
        if flight.worker is not None:
            return None if flight.worker.requests else "a worker process is starting"
        return self._pool.infeasible(asked) or self._pool.full(asked)

    def place(self, request_id: str) -> str | None:
        flight = self._newest(request_id)
        if flight is None or not flight.started or flight.worker is None:
            return None
        return self._nodes.seen.hosts.get(flight.worker.node)

    def cluster(self) -> ClusterStatus:
        total = total_of(self._nodes.known().living.values())
        free = _free(total, self._pool.busy)
        lacks = "" if total.cpus else "Ray has no living node; start one, or check NAS_RAY_ADDRESS"
        problem = self._nodes.problem or lacks
        return ClusterStatus("ray", total, free, len(self._pool.workers), self._versions, problem)

    def nodes(self) -> tuple[NodeStatus, ...]:
        seen, workers = self._nodes.known(), self._pool.by_node()
        each = (self._node(seen, node, workers.get(node, ())) for node in seen.living)
        return tuple(sorted(each, key=lambda node: node.name))

    def _node(self, seen: Seen, node: str, workers: Sequence[Worker]) -> NodeStatus:
        has, busy = seen.living[node], [worker for worker in workers if worker.idle_since is None]
        free = _free(has, total_of(worker.key[1] for worker in busy))
        return NodeStatus(seen.hosts[node], has, free, len(workers), len(busy), seen.accelerators[node])

    def check_data(self, task: Task, resources: Resources) -> DataCheck:
        if not self._is_remote:
            return DataCheck()
        return check_data(task, _footprint(resources), needed(task.name, self._own))

    def on_worker(self, function: Callable[[], T]) -> T:
        asked = ray.remote(_called).options(num_cpus=0, max_retries=2).remote(function)
        try:
            found: T = ray.get(asked, timeout=ANSWER_S)
        except RayError as error:
            ray.cancel(asked, force=True)
            raise Unanswered(str(getattr(error, "cause", "") or error).strip().splitlines()[-1][:300]) from error
        return found

    def close(self) -> None:
        for worker in list(self._pool.workers):
            self._kill(worker)
        self._flights.clear()
        self._waiting.clear()
        if self._owns_ray:
            ray.shutdown()

    def _newest(self, request_id: str) -> _Flight | None:
        return next((f for f in reversed(self._flights) if f.request.request_id == request_id), None)

    def _schedule(self) -> None:
        """Send what the cluster can hold, first come first served; what it can never hold does not block the others."""
        self._look_at_nodes()
        kept: set[str] = set()
        self._short.clear()  # of what there is not enough: who comes later and wants the same waits too
        for flight in list(self._waiting):
            asked = _footprint(flight.request.resources)
            if asked in self._short or self._clock() < flight.not_before:
                continue
            worker = self._worker_for((flight.request.task.get("name", ""), asked), kept)
            if worker is None:
                self._short.add(asked)
                kept |= self._pool.kept_for(asked)
                continue
            self._waiting.remove(flight)
            worker.idle_since = None
            flight.worker = worker
            flight.stream = worker.actor.run.remote(flight.request, self._wanted(flight.request))

    def _worker_for(self, key: Key, kept: set[str]) -> Worker | None:
        """An idle worker of this kind, or a new one, at the expense of idle workers of another kind."""
        place = self._pool.place(key, kept)
        if place is None:
            return None
        if place.worker is not None:
            return place.worker
        for other in place.instead_of:
            self._kill(other)
        # A node that dies meanwhile, or that others use too, is no reason to wait for it.
        there = NodeAffinitySchedulingStrategy(place.node, soft=True, _spill_on_unavailable=True)
        options = {"num_cpus": key[1].cpus, "num_gpus": key[1].gpus, "max_restarts": 0, "max_task_retries": 0}
        actor = ray.remote(_Actor).options(scheduling_strategy=there, **options).remote(self._runner)
        worker = Worker(actor, key, place.node)
        self._pool.workers.append(worker)
        return worker

    def _ready(self, timeout_s: float) -> list[_Flight]:
        """The flights that have something to say; waits up to `timeout_s` for the first."""
        sent = {flight.stream: flight for flight in self._flights if flight.stream is not None}
        if not sent:
            time.sleep(timeout_s)
            return []
        ray.wait(list(sent), num_returns=1, timeout=timeout_s, fetch_local=False)
        ready, _ = ray.wait(list(sent), num_returns=len(sent), timeout=0, fetch_local=False)
        return [sent[stream] for stream in ready]

    def _collect(self, flight: _Flight) -> None:
        """Take what has arrived of a stream, and its end."""
        try:
            while flight.stream is not None and ray.wait([flight.stream], timeout=0, fetch_local=False)[0]:
                self._take(flight, ray.get(next(flight.stream)))
        except StopIteration:
            self._land(flight, "error", "the worker ended without a result for this trial")
        except TaskCancelledError:
            end = self._land if flight.started else self._lose  # cancelled on its way, it may block an actor for ever
            end(flight, "cancelled", "the request was cancelled")
        except (RayActorError, ActorUnavailableError, OutOfMemoryError) as error:
            self._lose(flight, *_death(error))
        except RayError as error:
            self._lose(flight, "error", f"Ray could not run this request: {str(error).strip().splitlines()[-1][:300]}")

    def _take(self, flight: _Flight, message: list[Report] | _Started) -> None:
        if isinstance(message, list):
            self._reports += filter(flight.trials.note, message)
            return
        self._versions = message.versions
        if flight.worker is not None:
            flight.worker.node = message.node
        if problem := mismatch(self._wanted(flight.request), message.versions):
            self._hold(flight, problem)
            return
        flight.started = True
        if flight.request.timeout_s is not None:
            flight.kill_at = min(flight.kill_at, self._clock() + flight.request.timeout_s + self._grace_s)

    def _wanted(self, request: EvaluationRequest) -> dict[str, str]:
        return needed(request.task.get("name", ""), self._own)

    def _hold(self, flight: _Flight, problem: str) -> None:
        """Have it wait for a worker that sees what was installed meanwhile."""
        self._take_back(flight)
        flight.held, flight.not_before = problem, self._clock() + READY_AGAIN_S

    def _take_back(self, flight: _Flight) -> None:
        """Back into the queue, for it has not begun; its worker goes."""
        if flight.worker is not None:
            self._kill(flight.worker)
        flight.worker = flight.stream = None
        self._waiting.append(flight)

    def _land(self, flight: _Flight, cause: Cause, message: str) -> None:
        """The request is over and its worker free for the next one, or due for replacement."""
        self._reports += flight.trials.fail(cause, message)
        self._flights.remove(flight)
        worker = flight.worker
        if worker is None:
            return
        worker.requests += 1
        worker.idle_since = self._clock()
        if worker.requests >= self._recycle_after:
            self._kill(worker)

    def _lose(self, flight: _Flight, cause: Cause, message: str) -> None:
        """The request is over and its worker with it."""
        self._land(flight, cause, message)
        if flight.worker in self._pool.workers:
            self._kill(flight.worker)

    def _enforce_deadlines(self) -> None:
        now = self._clock()
        for flight in list(self._flights):
            if now >= flight.kill_at:
                self._lose(flight, "timeout", timeout_message(flight.request))

    def _release_idle(self) -> None:
        now = self._clock()
        for worker in list(self._pool.workers):
            if worker.idle_since is not None and now - worker.idle_since > self._idle_s:
                self._kill(worker)

    def _kill(self, worker: Worker) -> None:
        self._pool.workers.remove(worker)
        ray.kill(worker.actor, no_restart=True)

    def _look_at_nodes(self) -> None:
        seen = self._nodes.fresh()
        if seen is self._looked_at:
            return
        self._looked_at, self._pool.nodes = seen, seen.living
        lost = [worker for worker in self._pool.workers if worker.node not in seen.living]
        for flight in [flight for flight in self._flights if flight.worker in lost and not flight.started]:
            self._take_back(flight)
        for worker in lost:
            if worker.idle_since is not None:
                self._kill(worker)


def _called(function: Callable[[], T]) -> T:
    return function()


def _connect(address: str, cpus: int | None) -> bool:
    """Join the cluster at `address` or start one here; False where this process already had one.

    Raises ConnectionError where that does not work.
    """
    if ray.is_initialized():
        return False
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    where: dict[str, Any] = {"address": address}
    if not address:
        _keep_token_in_memory()
        local = {"num_cpus": cpus, "include_dashboard": False, "object_store_memory": OBJECT_STORE_BYTES}
        where = {"address": "local"} | local
    try:
        ray.init(**where, **quiet)
    except ConnectionError:
        raise
    except Exception as error:  # Ray has no class of its own for a node that did not start in time
        raise ConnectionError(str(error)) from error
    return True


def _keep_token_in_memory() -> None:
    """Ray would write the token of a local cluster into the home folder, which may be read-only."""
    if not {"RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"} & os.environ.keys():
        os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)


def _free(has: Resources, held: Resources) -> Resources:
    return Resources(max(0.0, has.cpus - held.cpus), max(0.0, has.gpus - held.gpus))


def _footprint(asked: Resources) -> Resources:
    return Resources(max(SMALLEST_CPUS, asked.cpus), asked.gpus)


def _death(error: RayError) -> tuple[Cause, str]:
    """Cause and message of a worker process that died."""
    said = " ".join(str(error).split())[:300]
    if isinstance(error, OutOfMemoryError) or "memory pressure" in said or "low on memory" in said:
        return "out_of_memory", f"the machine ran out of memory and Ray ended the worker; run fewer at once ({said})"
    return "crash", f"the worker process died; a native library may have crashed or something killed it ({said})"
