"""Whatever comes in whichever order, the database stays sound, what has ended stays as it ended, and every job ends.

Two coordinators on one database, with workers that say what they are told to: also late, twice, or after their request
was given to others. People submit, pause, resume, cancel, extend, export and delete meanwhile; processes die, hang and
come again; time passes. After each step the rules of `invariants` are asked, and beside them a model: what the workers
said, and what was in the database a step before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import empty_stores
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine
from postgres_server import Postgres
from searches import TINY, Clock, Lab, Silence, spec
from sqlalchemy import Connection, select, union_all

from nas_service.api import control, extending, storage
from nas_service.api.views import ExtendRequest
from nas_service.errors import Conflict, ServiceError
from nas_service.store import Quota, Store, exports, jobs, quotas
from nas_service.store.invariants import RULES
from nas_service.store.schema import metadata
from workers.artifacts import ArtifactStore
from workers.requests import EvaluationRequest, Report

LEASE_S = 60
MOST_JOBS = 3
ROUNDS_TO_THE_END = 80
EXAMPLES = 10
STEPS = 40
GENERATIONS: dict[str, Any] = {  # requests of several trials
    "space": {"name": "wann"},
    "task": {"name": "landscape", "kind": "vector", "channels": 3, "outputs": 2, "sizes": [1, 1], "batch": 3},
    "objective": {"reward": "metric", "cost": "params"},
    "strategy": {"name": "wann", "population": 4, "generations": 2, "repetitions": 1, "tournament": 1},
    "workers": {},
}
SPECS = {
    "one by one": spec(3),
    "at once": spec(5, workers={"parallel": 3}),
    "met again": spec(6, space=TINY, workers={"parallel": 2}),
    "limited": spec(4, objective={"cost": "macs", "limits": {"macs": 900_000}}, workers={"parallel": 2}),
    "in hours": spec(5, workers={"parallel": 2}, budget={"trials": 5, "hours": 1}),
    "generations": spec(100, **GENERATIONS),
}
EVERY_RULE = union_all(*(query for rule in RULES.values() for query in rule()))  # one query, for it is asked often
STEADY = ("trials", "proposals", "exports")  # tables whose rows do not change any more once they have ended

labs = st.integers(0, 1)
picks = st.integers(0, 1000)  # one of what there is, modulo how many that are


def nothing() -> None:
    """What happens in between, mostly."""


@dataclass(frozen=True)
class Said:
    """What a worker said of a trial, under which attempt of its request."""

    request_id: str
    attempt: int
    trial_id: str
    state: str


class Disturbed(Store):
    """Before one of its next writes something else happens, once."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.disturb(0, nothing)

    def disturb(self, writes: int, what: Callable[[], None]) -> None:
        self._writes, self._what = writes, what

    @contextmanager
    def write(self) -> Iterator[Connection]:
        self._writes -= 1
        if self._writes < 0:
            what, self._what = self._what, nothing
            what()
        with super().write() as conn:
            yield conn


class TwoCoordinators(RuleBasedStateMachine):
    """`fresh` gives the URL of an empty database."""

    def __init__(self, fresh: Callable[[], str]) -> None:
        super().__init__()
        url = fresh()
        self.clock = Clock()
        self.store = Store(url)  # of those who ask and look
        self.labs = [Lab(Disturbed(url), Silence(), self.clock, LEASE_S) for _ in range(2)]
        self.numbers = count()
        self.said: set[Said] = set()
        self.before = self.read()
        self.asked: set[str] = set()  # jobs that somebody asked to go on since the last look

    # People.

    @initialize(kind=st.sampled_from(sorted(SPECS)))
    def begin(self, kind: str) -> None:
        self.submit(kind, "ann", 0)
        self.step(0, 2)

    @precondition(lambda self: len(self.jobs) < MOST_JOBS)
    @rule(kind=st.sampled_from(sorted(SPECS)), owner=st.sampled_from(["ann", "bob"]), seed=st.integers(0, 1))
    def submit(self, kind: str, owner: str, seed: int) -> None:
        name = f"j{next(self.numbers)}"
        self.labs[0].submit(SPECS[kind] | {"seed": seed}, name, owner)

    @precondition(lambda self: self.jobs)
    @rule(pick=picks, verb=st.sampled_from(["pause", "resume", "resume", "cancel"]))
    def control(self, pick: int, verb: str) -> None:
        job = self.job(pick)
        self.asked.add(job)
        with suppress(Conflict):
            control.control(self.service(), job, verb)

    @precondition(lambda self: self.jobs)
    @rule(pick=picks)
    def extend(self, pick: int) -> None:
        job = self.job(pick)
        self.asked.add(job)
        with suppress(ServiceError):
            extending.extend(self.service(), job, ExtendRequest(trials=2))

    @precondition(lambda self: self.jobs)
    @rule(pick=picks)
    def export(self, pick: int) -> None:
        with self.store.write() as conn:
            job = jobs.get(conn, self.job(pick))
            if job.incumbent is not None:
                exports.create(conn, job.id, job.incumbent, 1, self.clock())

    @precondition(lambda self: self.jobs)
    @rule(pick=picks)
    def delete(self, pick: int) -> None:
        with suppress(Conflict):
            storage.delete(self.service(), self.job(pick))

    @rule(owner=st.sampled_from(["ann", "bob"]), most=st.sampled_from([None, 1, 2]), trials=st.sampled_from([None, 2]))
    def limit(self, owner: str, most: int | None, trials: int | None) -> None:
        with self.store.write() as conn:
            quotas.put(conn, Quota(owner, most, trials))

    # Processes.

    @rule(lab=labs, times=st.integers(1, 4))
    def step(self, lab: int, times: int) -> None:
        for _ in range(times):
            self.labs[lab].coordinator.step()

    @precondition(lambda self: self.jobs)
    @rule(lab=labs, writes=st.integers(0, 3), pick=picks, what=st.sampled_from(["pause", "cancel", "extend", "take"]))
    def step_disturbed(self, lab: int, writes: int, pick: int, what: str) -> None:
        """In the midst of a step, between two of its transactions, somebody else acts."""
        acts = {"extend": lambda: self.extend(pick), "take": lambda: self.take(1 - lab)}
        self.labs[lab].store.disturb(writes, acts.get(what, lambda: self.control(pick, what)))
        self.labs[lab].coordinator.step()
        self.labs[lab].store.disturb(0, nothing)

    def take(self, lab: int) -> None:
        """The other one hangs until its leases have run out, and this one takes its jobs."""
        self.clock.now += LEASE_S + 1
        self.step(lab, 2)

    @rule(lab=labs)
    def die(self, lab: int) -> None:
        self.labs[lab].hire()

    @rule(seconds=st.sampled_from([1.0, LEASE_S / 2, LEASE_S + 1.0, 4000.0]))
    def wait(self, seconds: float) -> None:
        self.clock.now += seconds

    # Workers.

    @precondition(lambda self: self.sent)
    @rule(
        back=st.integers(0, 4),
        place=st.integers(0, 2),
        state=st.sampled_from(["completed", "completed", "failed", "crash", "nan", "progress"]),
    )
    def say(self, back: int, place: int, state: str) -> None:
        """Of one of the requests that were sent last, by the workers that had it."""
        lab, request = self.sent[-1 - back % len(self.sent)]
        self.report(lab, request, place % len(request.trials), state)
        lab.coordinator.step()

    @precondition(lambda self: self.outdated)
    @rule(pick=picks, state=st.sampled_from(["completed", "failed", "crash", "progress"]))
    def say_late(self, pick: int, state: str) -> None:
        """Of a request that others, or the same, have been sent again since."""
        lab, request = self.outdated[pick % len(self.outdated)]
        self.report(lab, request, 0, state)
        lab.coordinator.step()

    @precondition(lambda self: self.sent)
    @rule(lab=labs)
    def work(self, lab: int) -> None:
        """All that one coordinator's workers have is done, and heard of."""
        for of, request in self.sent:
            if of is self.labs[lab]:
                for trial in range(len(request.trials)):
                    self.report(of, request, trial, "completed")
        self.step(lab, 2)

    def report(self, lab: Lab, request: EvaluationRequest, place: int, state: str) -> None:
        trial = request.trials[place].trial_id
        accuracy = float("nan") if state == "nan" else (len(self.said) % 10) / 10
        end = {"nan": "completed", "crash": "failed"}.get(state, state)
        cause = {"crash": "crash", "failed": "error"}.get(state)
        self.said.add(Said(request.request_id, request.attempt, trial, "failed" if state == "nan" else end))
        lab.dispatcher.said.append(
            Report(request.request_id, request.attempt, trial, end, 1, {"val_accuracy": accuracy}, cause=cause)
        )

    # What holds after every step.

    @invariant()
    def the_database_is_sound(self) -> None:
        with self.store.read() as conn:
            assert conn.execute(EVERY_RULE).all() == []

    @invariant()
    def what_has_ended_stays_as_it_ended(self) -> None:
        before, now = self.before, self.read()
        for table in STEADY:
            for key, row in before[table].items():
                if has_ended(row) and key in now[table]:
                    assert now[table][key] == row
        for key, row in before["requests"].items():
            assert key not in now["requests"] or now["requests"][key].attempt >= row.attempt
        for key, row in before["jobs"].items():
            if key in now["jobs"]:
                self.moves_as_it_may(row, now["jobs"][key])
        for row in now["trials"].values():
            self.was_said(row, now["requests"][row.request_id,].attempt)
        self.before = now
        self.asked.clear()

    def moves_as_it_may(self, before: Any, now: Any) -> None:
        assert now.fence >= before.fence
        for counter in ("proposals", "trials", "completed", "failed", "events"):
            assert getattr(now, counter) >= getattr(before, counter)
        assert now.trials <= now.spec["budget"]["trials"]
        if before.state in (*jobs.FINAL, "paused") and now.state != before.state:
            assert now.id in self.asked
            assert before.state not in ("cancelled", "failed")

    def was_said(self, trial: Any, attempt: int) -> None:
        """A result is one that a worker gave under the attempt that its request had last."""
        if trial.state in ("completed", "failed"):
            assert Said(trial.request_id, attempt, trial.id, trial.state) in self.said

    def teardown(self) -> None:
        """Once nobody interferes every job ends, and a backup has every row."""
        try:
            self.bring_to_the_end()
        finally:
            for store in (self.store, *(lab.store for lab in self.labs)):
                store.close()

    def bring_to_the_end(self) -> None:
        for owner in ("ann", "bob"):
            self.limit(owner, None, None)
        for _ in range(ROUNDS_TO_THE_END):
            if all(job.state in jobs.FINAL for job in self.read()["jobs"].values()):
                break
            for job in self.jobs:
                with suppress(Conflict):
                    control.control(self.service(), job, "resume")
            for lab in range(2):
                self.work(lab)
            self.clock.now += LEASE_S / 3 + 1
        assert {job.state for job in self.read()["jobs"].values()} <= set(jobs.FINAL)
        self.the_database_is_sound()

    # Looking.

    @property
    def jobs(self) -> list[str]:
        return sorted(job_id for (job_id,) in self.before["jobs"])

    def job(self, pick: int) -> str:
        return self.jobs[pick % len(self.jobs)]

    @property
    def sent(self) -> list[tuple[Lab, EvaluationRequest]]:
        found = [(lab, request) for lab in self.labs for request in lab.dispatcher.submitted]
        return sorted(found, key=lambda each: (each[1].request_id, each[1].attempt))

    @property
    def outdated(self) -> list[tuple[Lab, EvaluationRequest]]:
        now = {row.id: row.attempt for row in self.before["requests"].values()}
        return [(lab, request) for lab, request in self.sent if request.attempt < now.get(request.request_id, 0)]

    def service(self) -> Any:
        """What the functions behind the API need of a service."""
        lab = self.labs[0]
        parts = {"coordinator": lab.coordinator, "dispatcher": lab.dispatcher, "artifacts": ArtifactStore("memory://")}
        return SimpleNamespace(store=self.store, clock=self.clock, **parts)

    def read(self) -> dict[str, dict[Any, Any]]:
        """Rows by table and primary key."""
        found = {}
        with self.store.read() as conn:
            for name in ("jobs", "requests", *STEADY):
                table = metadata.tables[name]
                keys = [column.name for column in table.primary_key]
                rows = conn.execute(select(table)).all()
                found[name] = {tuple(getattr(row, key) for key in keys): row for row in rows}
        return found


def has_ended(row: Any) -> bool:
    """A trial or an export that has a time of its end, a proposal that was told."""
    return (row.status if hasattr(row, "status") else row.ended_at) is not None


@pytest.fixture
def fresh(request: pytest.FixtureRequest, kind: str, tmp_path: Path) -> Callable[[], str]:
    """Gives the URL of a database without rows, each time it is called."""
    if kind == "postgresql":
        server: Postgres = request.getfixturevalue("postgres")
        return server.migrated
    numbers = count()
    return lambda: empty_stores.migrated(tmp_path / f"{next(numbers)}.sqlite")


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_whatever_comes_is_survived(fresh: Callable[[], str]) -> None:
    run_machine(
        lambda: TwoCoordinators(fresh),
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=HealthCheck,
        ),
    )
