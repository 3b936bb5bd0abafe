"""Latency tables over HTTP: listed, handed in, read back, refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path

import httpx
import pytest
import services
from made_tables import document, made_table
from services import SPEC

from latency_tables import LatencyTable
from nas_service.client import ApiError, Client


@pytest.fixture
def client(service: services.Live) -> Iterator[Client]:
    with Client(service.url) as connected:
        yield connected


@pytest.fixture(scope="module")
def table() -> LatencyTable:
    return made_table()


def test_a_table_is_taken_in_listed_read_back_and_used(
    client: Client, service: services.Live, table: LatencyTable, tmp_path: Path
) -> None:
    sent = document(table, tmp_path)
    taken = client.put_table("pi", sent)
    assert (taken.name, taken.threads, taken.hash, taken.ops, taken.problem) == (
        "pi",
        1,
        table.hash,
        len(table.entries),
        "",
    )
    assert client.devices() == [taken]
    assert client.table("pi") == sent
    assert client.table_summary("pi").calibration.errors is not None
    latency = {"objective": {"cost": "latency_ms", "limits": {"latency_ms": 4.0}}, "device": {"name": "pi"}}
    job = client.wait(client.submit(SPEC | latency).id)
    best = client.candidate(str(job.incumbent))
    assert best.latency_ms is not None
    assert best.latency_ms + (best.latency_error_ms or 0) <= 4.0
    service.app.state.service.settings.tables.joinpath("pi-1t.json").unlink()
    assert [op.latency_ms for op in client.candidate(best.id).architecture.ops] == [None] * len(best.architecture.ops)
    by_op = [op.latency_ms for op in best.architecture.ops]
    assert sum(latency for latency in by_op if latency) == pytest.approx(best.latency_ms, rel=0.01)


def test_a_table_that_was_changed_is_refused_and_nothing_is_kept(
    client: Client, service: services.Live, table: LatencyTable, tmp_path: Path
) -> None:
    sent = document(table, tmp_path)
    next(iter(sent["entries"].values()))["latency_ms"] = 0.5
    for bad in (sent, sent | {"schema": 99}, {}, {"entries": 1}):
        with pytest.raises(ApiError) as refusal:
            client.put_table("pi", bad)
        assert refusal.value.status == 422
        assert str(tmp_path) not in refusal.value.detail
    assert client.devices() == []
    assert not list(service.app.state.service.settings.tables.glob("*"))


@pytest.mark.parametrize("wrong", [{"latency_ms": 0}, {"latency_ms": -0.5}, {"latency_ms": None}, {}])
def test_a_table_with_times_that_cannot_be_is_refused_though_its_hash_fits(
    client: Client, service: services.Live, table: LatencyTable, tmp_path: Path, wrong: dict[str, float]
) -> None:
    sent = document(table, tmp_path)
    entry = next(iter(sent["entries"].values()))
    del entry["latency_ms"]
    entry |= wrong
    content = {key: part for key, part in sent.items() if key not in ("schema", "hash")}
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    sent["hash"] = blake2b(canonical.encode(), digest_size=16).hexdigest()
    with pytest.raises(ApiError, match=r"is damaged: entries\..*latency_ms") as refusal:
        client.put_table("pi", sent)
    assert refusal.value.status == 422
    assert not list(service.app.state.service.settings.tables.glob("*"))


def test_a_table_that_is_cut_off_is_refused(service: services.Live, table: LatencyTable, tmp_path: Path) -> None:
    text = json.dumps(document(table, tmp_path))
    there, kind = f"{service.url}/api/v1/devices/pi/table", {"Content-Type": "application/json"}
    refusal = httpx.put(there, content=text[: len(text) // 2], headers=kind)
    assert (refusal.status_code, "no JSON" in refusal.json()["detail"]) == (422, True)
    assert not list(service.app.state.service.settings.tables.glob("*"))


@pytest.mark.parametrize(
    ("runtime", "wrong"),
    [
        ({"threads": 0}, "1 to 256, or all"),
        ({"precision": "int4"}, "a precision is"),
        ({"provider": "gpu"}, "provider"),
    ],
)
def test_a_table_of_a_setting_that_cannot_be_is_refused(
    client: Client, table: LatencyTable, tmp_path: Path, runtime: dict[str, object], wrong: str
) -> None:
    sent = document(table, tmp_path)
    with pytest.raises(ApiError, match=f"is damaged: runtime.*{wrong}"):
        client.put_table("pi", sent | {"runtime": sent["runtime"] | runtime})
    assert client.devices() == []


def test_what_may_differ_is_allowed_by_name(client: Client, table: LatencyTable, tmp_path: Path) -> None:
    of_another = replace(table, device=replace(table.device, name="local", cpu="a toaster"))
    older = replace(of_another, runtime=replace(table.runtime, onnxruntime="0.1"))
    client.put_table("local", document(older, tmp_path))
    job = SPEC | {"objective": {"cost": "latency_ms", "limits": {"latency_ms": 4.0}}}

    def priced(*allow: str) -> float | None:
        return client.preview(job | {"device": {"name": "local", "allow": list(allow)}}).feasible_share

    with pytest.raises(ApiError, match=r"onnxruntime '0\.1' where .* runs here"):
        priced("cpu")
    with pytest.raises(ApiError, match=r"was measured on a toaster, and this is .*name under device.allow what may"):
        priced("onnxruntime")
    with pytest.raises(ApiError, match="allow"):
        priced("everything")
    assert priced("cpu", "onnxruntime")


def test_a_table_of_another_device_is_refused(client: Client, table: LatencyTable, tmp_path: Path) -> None:
    with pytest.raises(ApiError, match="measured on 'pi'"):
        client.put_table("laptop", document(table, tmp_path))


def test_a_table_of_another_runtime_is_listed_with_its_problem_and_refused_for_jobs(
    client: Client, table: LatencyTable, tmp_path: Path
) -> None:
    old = replace(table, runtime=replace(table.runtime, onnxruntime="0.1"))
    assert "onnxruntime '0.1'" in client.put_table("pi", document(old, tmp_path)).problem
    latency = {"objective": {"cost": "latency_ms", "limits": {"latency_ms": 4.0}}, "device": {"name": "pi"}}
    with pytest.raises(ApiError, match="nas device profile pi") as refusal:
        client.submit(SPEC | latency)
    assert refusal.value.field == "device.name"


def test_a_damaged_table_is_listed_with_its_problem_and_not_summed_up(client: Client, service: services.Live) -> None:
    folder = service.app.state.service.settings.tables
    folder.mkdir(parents=True)
    (folder / "broken-1t.json").write_text("{")
    assert "damaged" in client.devices()[0].problem
    with pytest.raises(ApiError, match="damaged") as refusal:
        client.table_summary("broken")
    assert refusal.value.status == 422


def test_a_table_is_summed_up_for_its_number_of_threads(client: Client, table: LatencyTable, tmp_path: Path) -> None:
    client.put_table("pi", document(table, tmp_path))
    found = client.table_summary("pi")
    assert sum(kind.ops for kind in found.kinds) == len(table.entries)
    assert len(found.calibration.networks) == len(table.networks)
    assert (found.finalists.networks, found.finalists.errors) == ((), None)
    with pytest.raises(ApiError, match="with 2 thread") as refusal:
        client.table_summary("pi", threads=2)
    assert refusal.value.status == 404


@pytest.mark.parametrize("name", ["nope", "..", "a b", "%00"])
def test_a_device_that_is_none_is_refused(client: Client, name: str) -> None:
    with pytest.raises(ApiError) as refusal:
        client.table(name)
    assert refusal.value.status in (404, 422)
    with pytest.raises(ApiError) as refusal:
        client.table_summary(name)
    assert refusal.value.status in (404, 422)
