"""A full disk, of the database or of the artifacts: searches wait and say so, nothing fails, and they go on."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest
import services
from full_disk import SmallDisk, full
from postgres_server import Postgres
from processes import Server
from searches import Lab, spec
from services import ENDLESS, SPEC
from sqlalchemy import select

from nas_service.client import Client
from nas_service.coordinator import Coordinator
from nas_service.coordinator.retries import SURVIVABLE_FAILURES
from nas_service.retention import DiskBudget
from nas_service.room import FIRST_PAUSE_S, LONGEST_PAUSE_S, Room
from nas_service.store import Store, exports, requests, trials
from nas_service.store.invariants import broken
from nas_service.store.schema import proposals
from workers.artifacts import ArtifactStore
from workers.dispatchers import InlineDispatcher
from workers.requests import EvaluationRequest, Report, ShouldStop
from workers.run import run

TRIALS = 40
GLANCES, GLANCE_S = 1200, 0.05
LIMITED = {"cost": "macs", "limits": {"macs": 900_000}}
FULL_DATABASE = "waits for room: the disk of the database is full"


def history(lab: Lab) -> list[tuple[Any, ...]]:
    names = ("number", "candidate_id", "parents", "status", "reward")
    with lab.store.read() as conn:
        return [tuple(row) for row in conn.execute(select(*(proposals.c[n] for n in names)).order_by("number"))]


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in caplog.records if record.name == "nas_service.room"]


def assert_sound(store: Store) -> None:
    with store.read() as conn:
        assert list(broken(conn)) == []


# The database.


def search_through(full_disk: AbstractContextManager[None], lab: Lab, undisturbed: Lab) -> None:
    """A search whose disk fills up after five trials ends, once there is room, as the other one does."""
    wanted = spec(TRIALS, objective=LIMITED)
    lab.submit(wanted)
    lab.until(lambda job: job.completed >= 5)
    with full_disk:
        lab.until(lambda _: bool(lab.coordinator.lacks_room))
        for _ in range(20):
            lab.clock.now += FIRST_PAUSE_S
            lab.step()
        waiting = lab.coordinator.as_it_stands(lab.job())
        assert (waiting.state, waiting.failed) == ("running", 0)
        assert waiting.completed < TRIALS
        assert waiting.reason.startswith(FULL_DATABASE)
        assert_sound(lab.store)
    lab.clock.now += LONGEST_PAUSE_S
    done = lab.finish()
    assert (done.state, done.completed, done.failed, lab.coordinator.lacks_room) == ("finished", TRIALS, 0, "")
    assert_sound(lab.store)
    undisturbed.run(wanted)
    assert history(lab) == history(undisturbed)


def test_a_search_waits_while_the_disk_is_full_and_goes_on_as_if_nothing_had_happened(
    store: Store, make_lab: Callable[..., Lab], caplog: pytest.LogCaptureFixture
) -> None:
    lab = Lab(store)
    search_through(full(store), lab, make_lab())
    lab.dispatcher.close()
    begun, ended = said(caplog)
    assert begun.startswith(FULL_DATABASE)
    assert ended == "there is room on the disk again; what waited for it goes on"


@pytest.fixture
def small_disk() -> Iterator[SmallDisk]:
    try:
        with SmallDisk.mounted(32) as disk:
            yield disk
    except OSError as error:
        pytest.skip(f"this process may mount no disk that it could fill: {error}")


def test_a_disk_that_is_really_full_under_sqlite(small_disk: SmallDisk, make_lab: Callable[..., Lab]) -> None:
    store = Store(f"sqlite:///{small_disk.path}/nas.sqlite")
    store.migrate()
    lab = Lab(store)
    search_through(small_disk.filled(), lab, make_lab())
    lab.dispatcher.close()
    store.close()


def test_a_service_that_starts_on_a_full_disk_says_so(
    small_disk: SmallDisk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{small_disk.path}/nas.sqlite"
    store = Store(url)
    store.migrate()
    store.close()
    monkeypatch.setenv("NAS_DATABASE_URL", url)
    server = Server(tmp_path, ("--inline", "1"))
    with small_disk.filled(), pytest.raises(RuntimeError, match="the disk of the database is full; make room"):
        server.start()


def test_a_disk_that_is_really_full_under_postgresql(
    small_disk: SmallDisk, postgres: Postgres, make_lab: Callable[..., Lab]
) -> None:
    url = postgres.fresh(small_disk.path)
    store = Store(url)
    store.migrate()
    lab = Lab(store)
    search_through(small_disk.filled(), lab, make_lab())
    lab.dispatcher.close()
    store.close()
    postgres.drop(url)


def test_hours_that_a_search_waits_for_room_are_not_those_of_its_budget(store: Store) -> None:
    lab = Lab(store)
    lab.submit(spec(budget={"trials": TRIALS, "hours": 1}))
    lab.until(lambda job: job.completed >= 5)
    with full(store):
        lab.until(lambda _: bool(lab.coordinator.lacks_room))
        lab.clock.now += 10 * 3600
        lab.step()
    lab.clock.now += LONGEST_PAUSE_S
    assert lab.finish().completed == TRIALS
    lab.dispatcher.close()


def until(condition: Callable[[], bool]) -> None:
    for _ in range(GLANCES):
        if condition():
            return
        time.sleep(GLANCE_S)
    pytest.fail("waited in vain")


def test_the_service_says_that_it_waits_and_refuses_what_it_cannot_store(database_url: str, tmp_path: Path) -> None:
    with services.live(tmp_path, database=database_url) as running, Client(running.url) as client:
        store, job_id = running.app.state.service.store, client.submit(ENDLESS).id
        with full(store):
            until(lambda: client.job(job_id).reason.startswith(FULL_DATABASE))
            assert [job.reason.startswith(FULL_DATABASE) for job in client.jobs()] == [True]
            ready = httpx.get(f"{running.url}/readyz")
            assert (ready.status_code, ready.json()["checks"]["database"]) == (503, "ok")
            assert ready.json()["checks"]["disk"].startswith(FULL_DATABASE)
            until(lambda: httpx.post(f"{running.url}/api/v1/jobs", json=SPEC).json().get("title") == "The disk is full")
        before = client.job(job_id).completed
        until(lambda: client.job(job_id).completed > before)
        until(lambda: httpx.get(f"{running.url}/readyz").json()["ready"])
        assert FULL_DATABASE not in client.job(job_id).reason
    assert_sound(store)


# The artifacts.


class Files(ArtifactStore):
    """Artifacts on a disk that has room, or not."""

    full = False

    def put(self, data: bytes, suffix: str = "") -> str:
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().put(data, suffix)


class Storing:
    """Trials that leave a file; `asked` counts how often one was asked for."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self.asked = 0

    def __call__(self, request: EvaluationRequest, should_stop: ShouldStop) -> Iterator[Report]:
        self.asked += 1
        reports = [exported(request)] if request.kind == "export" else list(run(request, should_stop))
        self._files.put(request.request_id.encode())
        yield from reports


@pytest.fixture
def storing(store: Store, tmp_path: Path) -> Iterator[tuple[Lab, Files, Storing]]:
    files = Files(f"memory://{tmp_path}")
    runner = Storing(files)
    lab = Lab(store, InlineDispatcher(2, runner))
    disk = DiskBudget(store, files)
    lab.coordinator = Coordinator(store, lab.dispatcher, Path("/nowhere"), "memory://", lab.clock, disk=disk)
    yield lab, files, runner
    lab.dispatcher.close()


def test_trials_that_could_not_store_their_weights_are_run_again_when_there_is_room(
    storing: tuple[Lab, Files, Storing], caplog: pytest.LogCaptureFixture
) -> None:
    lab, files, runner = storing
    lab.submit(spec(10, workers={"parallel": 2}))
    lab.until(lambda job: job.completed >= 3)
    files.full = True
    waiting = lab.until(lambda job: "No space left on device" in job.reason and runner_rests(lab))
    assert (waiting.state, waiting.failed) == ("running", 0)
    assert lab.coordinator.lacks_room == waiting.reason
    asked = runner.asked
    for _ in range(2 * SURVIVABLE_FAILURES):
        lab.clock.now += LONGEST_PAUSE_S
        lab.step()
    assert runner.asked == asked
    files.full = False
    lab.clock.now += LONGEST_PAUSE_S
    done = lab.finish()
    assert (done.state, done.completed, done.failed) == ("finished", 10, 0)
    assert len(said(caplog)) == 2
    with lab.store.read() as conn:
        assert trials.counts(conn) == {"completed": 10}
    assert_sound(lab.store)


def runner_rests(lab: Lab) -> bool:
    with lab.store.read() as conn:
        return not requests.counts(conn, "running")


def test_a_disk_that_is_full_for_workers_alone_fails_no_trial_however_often(
    storing: tuple[Lab, Files, Storing],
) -> None:
    """That the coordinator finds room where it looks does not help a worker whose own disk is full."""
    lab, _, runner = storing
    runner._files = Files("memory://workers")
    runner._files.full = True
    lab.submit(spec(2))
    lab.until(lambda _: _tick(lab) and runner.asked > SURVIVABLE_FAILURES + 1)
    assert lab.job().failed == 0
    runner._files.full = False
    assert lab.until(lambda job: _tick(lab) and job.completed == 2).failed == 0


def test_exports_that_could_not_store_their_files_are_made_again_when_there_is_room(
    storing: tuple[Lab, Files, Storing],
) -> None:
    lab, files, runner = storing
    incumbent = lab.run(spec(2)).incumbent
    assert incumbent is not None
    files.full = True
    with lab.store.write() as conn:
        wanted = exports.create(conn, "j", incumbent, 1, lab.clock.now)
    lab.until(lambda _: bool(lab.coordinator.lacks_room) and runner_rests(lab))
    asked = runner.asked
    for _ in range(3):
        lab.clock.now += LONGEST_PAUSE_S
        lab.step()
    assert (runner.asked, export_state(lab, wanted.id)) == (asked, "queued")
    files.full = False
    lab.clock.now += LONGEST_PAUSE_S
    lab.until(lambda _: export_state(lab, wanted.id) == "completed")
    assert runner.asked == asked + 1
    assert_sound(lab.store)


def exported(request: EvaluationRequest) -> Report:
    return Report(request.request_id, request.attempt, request.trials[0].trial_id, "completed")


def export_state(lab: Lab, export_id: str) -> str:
    with lab.store.read() as conn:
        return exports.get(conn, export_id).state


def _tick(lab: Lab) -> bool:
    lab.clock.now += FIRST_PAUSE_S
    return True


# When to try again.


def test_pauses_grow_up_to_a_minute_and_begin_anew_after_a_long_time_with_room() -> None:
    def pause() -> float:
        now = at
        room.lacks("full", now)
        while room.waits(now):
            now += FIRST_PAUSE_S
        return now - at

    room, at = Room(), 0.0
    pauses = []
    for _ in range(9):
        pauses.append(pause())
        at += pauses[-1]
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    room.found()
    assert not room.waits(at)
    assert pause() == 60
    at += 3 * LONGEST_PAUSE_S
    assert pause() == 1
