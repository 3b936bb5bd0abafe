"""Clocks that are set an hour forwards or backwards: leases and budgets go on by the time that has passed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest
from searches import TABLES, Clock, Silence, spec, submit
from sqlalchemy import text

from nas_service.coordinator import Coordinator
from nas_service.store import Job, Store, clock, jobs, requests
from nas_service.store.clock import DRIFT_S, SYNC_EVERY_S, DatabaseClock

HOUR = 3600.0
LEASE_S = 60.0
SETTABLE = (
    "CREATE TABLE told (at double precision)",
    "INSERT INTO told VALUES (0)",
    "CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS 'SELECT to_timestamp(at) FROM told'",
)
IN_HOURS = spec(9, workers={"parallel": 2}, budget={"trials": 9, "hours": 0.5})


@dataclass
class World:
    """What clocks show here: the machine's, its count of passed seconds, and with PostgreSQL the server's."""

    store: Store
    wall: Clock = field(default_factory=Clock)
    passed: Clock = field(default_factory=Clock)

    def passes(self, seconds: float) -> None:
        self.passed.now += seconds
        self.is_set(seconds)

    def is_set(self, by: float) -> None:
        """Somebody sets the clock."""
        self.wall.now += by
        if not self.store.sqlite:
            with self.store.write() as conn:
                conn.execute(text("UPDATE public.told SET at = :at"), {"at": self.wall.now})

    def hire(self) -> tuple[Coordinator, Silence]:
        """A coordinator of a new process, with workers that say nothing."""
        self.store.presence.leave()
        workers = Silence()
        return Coordinator(self.store, workers, TABLES, "memory://", DatabaseClock(self.store), LEASE_S), workers

    def job(self) -> Job:
        with self.store.read() as conn:
            return jobs.get(conn, "j")

    def held(self) -> dict[str, int]:
        with self.store.read() as conn:
            return requests.held(conn, [f"j.r{n}" for n in range(2)])


@pytest.fixture
def world(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    made = World(Store(empty_url))
    if not made.store.sqlite:
        _make_settable(made.store)
    made.store.migrate()
    made.is_set(by=0)
    monkeypatch.setattr(clock, "time", SimpleNamespace(time=made.wall))
    monkeypatch.setattr(clock, "_running", made.passed)
    yield made
    made.store.close()


def _make_settable(store: Store) -> None:
    """From the next connection on a function of our own stands before the server's clock, which no test can set."""
    with store.write() as conn:
        for statement in SETTABLE:
            conn.exec_driver_sql(statement)
        conn.exec_driver_sql(f"ALTER DATABASE {store.engine.url.database} SET search_path = public, pg_catalog")
    store.engine.dispose()


@pytest.mark.parametrize("by", [HOUR, -HOUR])
def test_time_goes_on_as_it_has_passed(world: World, by: float) -> None:
    now = DatabaseClock(world.store)
    before = now()
    world.is_set(by)
    for minute in range(1, 4):
        world.passes(SYNC_EVERY_S + 1)
        assert now() == before + minute * (SYNC_EVERY_S + 1)


def test_a_clock_that_runs_otherwise_is_followed_where_machines_do_not_agree(world: World) -> None:
    now = DatabaseClock(world.store)
    before = now()
    for _ in range(3):
        world.passes(SYNC_EVERY_S + 1)
        world.is_set(DRIFT_S / 2)
        now()
    followed = 0 if world.store.sqlite else 3 * DRIFT_S / 2
    assert now() == before + 3 * (SYNC_EVERY_S + 1) + followed


@pytest.mark.parametrize("by", [HOUR, -HOUR])
def test_a_clock_that_is_set_ends_no_job_and_takes_nothing_back(world: World, by: float) -> None:
    coordinator, workers = world.hire()
    submit(world.store, IN_HOURS)
    for _ in range(3):
        coordinator.step()
    assert world.held() == {"j.r0": 1, "j.r1": 1}
    until = world.job().lease_until
    world.is_set(by)
    for _ in range(4):
        world.passes(LEASE_S / 2)
        coordinator.step()
    job = world.job()
    assert (job.state, job.fence, world.held()) == ("running", 1, {"j.r0": 1, "j.r1": 1})
    assert len(workers.submitted) == 2
    assert job.lease_until == until + 2 * LEASE_S
    assert job.active_seconds <= 2 * LEASE_S


@pytest.mark.parametrize("by", [HOUR, -HOUR])
def test_the_hours_of_a_budget_are_those_that_passed(world: World, by: float) -> None:
    coordinator, _ = world.hire()
    submit(world.store, IN_HOURS)
    coordinator.step()
    world.is_set(by)
    for _ in range(59):
        world.passes(30)
        coordinator.step()
    assert world.job().state == "running"
    for _ in range(3):
        world.passes(30)
        coordinator.step()
    assert (world.job().state, world.job().reason) == ("finished", "the budget of 0.5 hours is used up")


@pytest.mark.parametrize("by", [HOUR, -HOUR])
def test_a_new_process_goes_on_at_once_whatever_its_clock_says(world: World, by: float) -> None:
    coordinator, _ = world.hire()
    submit(world.store, IN_HOURS)
    for _ in range(3):
        coordinator.step()
    world.is_set(by)
    coordinator, workers = world.hire()
    for _ in range(3):
        coordinator.step()
    job = world.job()
    assert (job.state, job.holder, job.fence) == ("running", world.store.presence.name, 2)
    assert world.held() == {"j.r0": 2, "j.r1": 2}
    assert len(workers.submitted) == 2
    assert 0 <= job.active_seconds <= LEASE_S
