"""Which artifacts stay: what is needed does, what is not goes, and a disk budget holds while searches run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import empty_stores
import pytest
from digits_search import BY_MACS
from rows import add_job, add_trials, report
from searches import Lab, spec
from sqlalchemy import insert, update

from nas_service.coordinator import Coordinator
from nas_service.retention import CHECK_EVERY_S, ORPHAN_GRACE_S, DiskBudget, Sweep, needed, sweep
from nas_service.store import Job, Store, artifacts, candidates, fronts, jobs, trials
from nas_service.store.candidates import Result
from nas_service.store.schema import exports, proposals
from nas_service.store.schema import jobs as job_table
from workers.artifacts import ArtifactStore
from workers.dispatchers import InlineDispatcher
from workers.requests import EvaluationRequest, Report, ShouldStop
from workers.run import run
from workers.weights import load_weights

WEIGHTS_BYTES = 1000


@pytest.fixture(params=["file", "memory"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> ArtifactStore:
    return ArtifactStore((tmp_path / "artifacts").as_uri() if request.param == "file" else f"memory://{tmp_path}")


def weights(number: int) -> bytes:
    return bytes([number]) * WEIGHTS_BYTES


def finished_job(store: Store, files: ArtifactStore, job_id: str = "j", count: int = 5) -> list[str]:
    """A job whose trials left weights; candidates 1 and 3 are its front, 3 its incumbent. Names by trial."""
    names = [files.put(weights(n), ".safetensors") for n in range(count)]
    with store.write() as conn:
        add_job(conn, job_id)
        add_trials(conn, range(count), job_id)
        trials.finish(
            conn, [replace(report(n, 1, job_id=job_id), artifacts={"weights": names[n]}) for n in range(count)], 3.0
        )
        value = {1: (0.5, 10.0), 3: (0.9, 30.0)}
        results = [_result(job_id, n, *value.get(n, (0.1, 90.0))) for n in range(count)]
        candidates.save(conn, results)
        fronts.take_in(conn, job_id, {}, results)
        jobs.set_incumbent(conn, job_id)
        conn.execute(update(proposals).where(proposals.c.job_id == job_id).values(status="completed"))
        jobs.move(conn, job_id, jobs.LIVE, "finished", "", 4.0)
    return names


def _result(job_id: str, number: int, value: float, cost: float) -> Result:
    return Result(
        f"{job_id}.c{number}", "completed", "", feasible=True, metrics={}, value=value, cost=cost, reward=value
    )


def kept(store: Store, files: ArtifactStore, names: list[str]) -> list[int]:
    """Positions of the files that are there; rows have to agree."""
    there = [i for i, name in enumerate(names) if files.exists(name)]
    with store.read() as conn:
        assert {names.index(name) for name in artifacts.names(artifacts.left_by_trials(conn))} == set(there)
    return there


def test_front_and_incumbent_of_a_job_that_ended_stay(store: Store, files: ArtifactStore) -> None:
    names = finished_job(store, files)
    expected = Sweep(kept=2, kept_bytes=2000, collected=3, collected_bytes=3000)
    assert sweep(store, files, time.time(), dry_run=True) == expected
    assert kept(store, files, names) == [0, 1, 2, 3, 4]
    assert sweep(store, files, time.time()) == expected
    assert kept(store, files, names) == [1, 3]
    assert sweep(store, files, time.time()).collected == 0


def test_exports_stay_and_so_do_weights_that_one_under_way_may_read(store: Store, files: ArtifactStore) -> None:
    names = finished_job(store, files)
    model = files.put(b"model", ".onnx")
    row = {
        "job_id": "j",
        "request_id": "j.r0",
        "epochs": 1,
        "progress": {},
        "metrics": {},
        "details": {},
        "created_at": 1,
    }
    with store.write() as conn:
        done = {"id": "j.e1", "candidate_id": "j.c2", "state": "completed", "artifacts": {"model.onnx": model}}
        waiting = {"id": "j.e2", "candidate_id": "j.c4", "state": "queued", "artifacts": {}}
        conn.execute(insert(exports), [row | done, row | waiting])
    sweep(store, files, time.time())
    assert files.exists(model)
    assert kept(store, files, names) == [1, 3, 4]


def test_living_parents_and_partial_trials_of_a_running_job_stay(store: Store, files: ArtifactStore) -> None:
    names = finished_job(store, files)
    with store.write() as conn:
        running = {"state": "running", "strategy_state": {"population": [2]}}
        conn.execute(update(job_table).values(**running))
        add_trials(conn, [5])
        conn.execute(update(proposals).where(proposals.c.number == 5).values(parents=[4]))
        conn.execute(update(trials.trials).where(trials.trials.c.id == "j.t0").values(full=False))
    sweep(store, files, time.time())
    assert kept(store, files, names) == [0, 1, 2, 3, 4]


def test_what_a_trial_under_way_starts_from_or_leaves_again_stays(store: Store, files: ArtifactStore) -> None:
    names = finished_job(store, files)
    with store.write() as conn:
        add_job(conn, "k")
        add_trials(conn, [0, 1], "k")
        table = trials.trials
        conn.execute(update(table).where(table.c.id == "k.t0").values(initial_weights=names[0]))
        conn.execute(update(table).where(table.c.id == "k.t1").values(key="j2"))
        assert {names[0], names[2]} <= needed(conn)
    sweep(store, files, time.time())
    assert kept(store, files, names) == [0, 1, 2, 3]


def test_files_that_no_row_names_wait_for_a_report_that_may_come(store: Store, files: ArtifactStore) -> None:
    name = files.put(b"just stored")
    assert sweep(store, files, time.time()).collected == 0
    assert sweep(store, files, time.time() + ORPHAN_GRACE_S + 60).collected == 1
    assert not files.exists(name)


class Storing:
    """Trials that leave weights of their own."""

    def __init__(self, files: ArtifactStore) -> None:
        self._files = files
        self._count = 0

    def __call__(self, request: EvaluationRequest, should_stop: ShouldStop) -> Iterator[Report]:
        for said in run(request, should_stop):
            self._count += 1
            name = self._files.put(self._count.to_bytes(2, "big") * (WEIGHTS_BYTES // 2))
            yield replace(said, artifacts={"weights": name})


def budgeted(tmp_path: Path, limit: int) -> tuple[Lab, ArtifactStore]:
    store = empty_stores.opened(tmp_path / "nas.sqlite")
    files = ArtifactStore(f"memory://{tmp_path}")
    lab = Lab(store, InlineDispatcher(1, Storing(files)))
    disk = DiskBudget(store, files, limit)
    lab.coordinator = Coordinator(store, lab.dispatcher, Path("/nowhere"), "memory://", lab.clock, disk=disk)
    return lab, files


def used(files: ArtifactStore) -> int:
    return sum(size for _, size in files.sizes())


def test_a_disk_budget_holds_while_a_search_runs(tmp_path: Path) -> None:
    lab, files = budgeted(tmp_path, limit=20 * WEIGHTS_BYTES)
    lab.submit(spec(40, strategy={"name": "random"}))
    most = 0

    def look(job: Job) -> bool:
        nonlocal most
        most = max(most, used(files))
        lab.clock.now += CHECK_EVERY_S
        return job.state == "finished"

    assert lab.until(look).completed == 40
    assert most <= 21 * WEIGHTS_BYTES  # one trial ends between two looks
    with lab.store.read() as conn:
        assert needed(conn) <= {name for name, _ in files.sizes()}
    lab.dispatcher.close()
    lab.store.close()


def test_where_all_that_is_left_is_needed_searches_wait_and_say_why(tmp_path: Path) -> None:
    lab, files = budgeted(tmp_path, limit=WEIGHTS_BYTES // 2)
    lab.submit(spec(5, strategy={"name": "random"}))
    lab.until(lambda job: job.completed >= 1)
    lab.clock.now += CHECK_EVERY_S
    waiting = lab.until(lambda job: "NAS_ARTIFACT_BUDGET_BYTES" in job.reason)
    assert waiting.state == "running"
    assert 1 <= waiting.completed < 5
    with lab.store.write() as conn:
        conn.execute(update(trials.trials).values(artifacts={}))
    for name, _ in list(files.sizes()):
        files.delete(name)
    lab.clock.now += CHECK_EVERY_S
    assert lab.finish().completed == 5
    lab.dispatcher.close()
    lab.store.close()


def test_trained_weights_of_the_incumbent_outlive_a_collection_in_any_store(tmp_path: Path) -> None:
    lab, files = budgeted(tmp_path, limit=10**9)
    lab.coordinator = Coordinator(lab.store, InlineDispatcher(1), Path("/nowhere"), f"memory://{tmp_path}", lab.clock)
    lab.submit(BY_MACS | {"budget": {"trials": 3}, "workers": {"parallel": 1}})
    done = lab.finish()
    stored = {name for name, _ in files.sizes()}
    assert len(stored) == 3
    sweep(lab.store, files, time.time())
    with lab.store.read() as conn:
        (best,) = (one for one in artifacts.left_by_trials(conn) if one.candidate_id == done.incumbent)
    assert load_weights(files, best.names["weights"])
    assert {name for name, _ in files.sizes()} <= stored
    lab.dispatcher.close()
    lab.store.close()
