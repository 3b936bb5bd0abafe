"""The best networks of a job, measured: by an agent elsewhere, and by the service itself where it is the device."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import services
from tiny_device import SPEC, hurry, work

from device_agent.machine import Device
from device_agent.server import Server
from latency_tables import load
from latency_tables.table import Entry, LatencyTable
from nas_service import finalists, local_agent
from nas_service.api.device_views import FinalistsView
from nas_service.client import ApiError, Client
from workers.dispatchers import Unanswered

WAIT_S = 120


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)
    monkeypatch.setattr(finalists, "LOOK_S", 0.05)
    monkeypatch.setattr(local_agent, "LOOK_S", 0.05)


@pytest.fixture
def client(service: services.Live) -> Iterator[Client]:
    with Client(service.url) as connected:
        yield connected


@pytest.fixture
def server(service: services.Live) -> Server:
    return Server(service.url)


def spec(device: str, **changes: Any) -> dict[str, Any]:
    objective = {"cost": "latency_ms", "target": 1.0}
    return SPEC | {"device": {"name": device}, "objective": objective, "measure": {"finalists": 2}} | changes


def until(found: Callable[[], bool]) -> None:
    end = time.monotonic() + WAIT_S
    while not found():
        assert time.monotonic() < end
        time.sleep(0.05)


def ended(client: Client, device: str) -> str:
    """A job on a device whose table is there."""
    job = client.submit(spec(device)).id
    until(lambda: client.job(job).final)
    assert client.job(job).state == "finished"
    return job


def measured(client: Client, job: str) -> FinalistsView:
    until(lambda: client.finalists(job).state not in ("waiting", "measuring"))
    return client.finalists(job)


def profiled(client: Client, server: Server, device: str = "pi4") -> None:
    client.measure(device, SPEC)
    assert work(server, device)
    work(server, device)


def tables(service: services.Live) -> Path:
    folder: Path = service.app.state.service.settings.tables
    return folder


def doctored(service: services.Live, **changes: Any) -> LatencyTable:
    """The table of pi4 with something else in it, which jobs from now on see."""
    path = tables(service) / "pi4-1t.json"
    table = replace(load(path), **changes)
    table.save(path)
    return table


def test_an_agent_measures_the_finalists_of_a_job(client: Client, server: Server) -> None:
    profiled(client, server)
    job = client.submit(spec("pi4")).id
    assert client.finalists(job) == FinalistsView(
        state="waiting", message="they are measured when the job has ended", networks=()
    )
    until(lambda: client.finalists(job).campaign is not None)
    waiting = client.finalists(job)
    assert (waiting.state, waiting.message) == ("waiting", "waits for an agent on 'pi4'")
    assert client.campaign(waiting.campaign or "").job_id == job
    assert work(server)
    assert not work(server)
    found = measured(client, job)
    assert found.state == "completed"
    ranked = sorted(client.pareto(job), key=lambda one: -(one.reward or 0))
    assert {one.candidate_id for one in found.networks} >= {ranked[0].id}
    assert len(found.networks) == 2
    known = {one.id: one for one in client.candidates(job)}
    for one in found.networks:
        assert one.estimated_ms == known[one.candidate_id].latency_ms
        assert one.error_ms == known[one.candidate_id].latency_error_ms
        assert one.measured_ms > 0
    assert found.inside == sum(one.inside for one in found.networks)
    assert found.slowdown is not None
    summed_up = client.table_summary("pi4").finalists
    assert [(one.job_id, one.measured_ms) for one in summed_up.networks] == [
        (job, one.measured_ms) for one in found.networks
    ]
    assert summed_up.errors is not None
    assert summed_up.errors.mape == pytest.approx(found.mape)
    assert client.campaign(found.campaign or "").verdict.startswith("estimates were off by")
    told = [event.data for event in client.events(job) if event.type == "finalists"]
    assert told == [{"networks": 2, "problem": ""}, {"state": "completed", "problem": found.message}]


def test_finalists_are_measured_in_the_setting_of_their_table(client: Client, server: Server) -> None:
    setting = {"threads": "all", "precision": "int8"}
    client.measure("pi4", SPEC, **setting)
    assert work(server)
    work(server)
    job = client.submit(spec("pi4") | {"device": {"name": "pi4", **setting}}).id
    until(lambda: client.finalists(job).campaign is not None)
    campaign = client.campaign(client.finalists(job).campaign or "")
    assert (campaign.threads, campaign.precision) == ("all", "int8")
    assert work(server)
    work(server)
    assert measured(client, job).state == "completed"


def test_the_service_measures_its_own_machine(client: Client, service: services.Live) -> None:
    campaign = client.measure("local", SPEC)
    until(lambda: client.campaign(campaign.id).state not in ("waiting", "measuring"))
    done = client.campaign(campaign.id)
    assert (done.state, done.message) == ("completed", "")
    assert load(tables(service) / "local-1t.json").device.cpu == Device.here("local").cpu
    found = measured(client, ended(client, "local"))
    assert (found.state, len(found.networks)) == ("completed", 2)


def test_a_table_that_is_wrong_says_so_and_is_calibrated_anew(
    client: Client, server: Server, service: services.Live
) -> None:
    profiled(client, server)
    path = tables(service) / "pi4-1t.json"
    right = load(path)
    calibration = replace(right.calibration, scale=9 * right.calibration.scale, base_ms=9 * right.calibration.base_ms)
    wrong = doctored(service, calibration=calibration)
    job = client.submit(spec("pi4", measure={"finalists": 3}, objective={"cost": "latency_ms", "target": 9.0})).id
    until(lambda: client.finalists(job).campaign is not None)
    work(server)
    work(server)
    found = measured(client, job)
    assert found.recalibrated
    assert found.inside == 0
    assert (found.bias or 0) > 1
    assert "calibrated anew" in found.message
    after = load(path)
    assert after.calibration.scale < wrong.calibration.scale / 2
    (device,) = client.devices()
    assert "too high for 3 measured networks, of which 0 took what their intervals said" in device.doubt
    assert client.job(job).fingerprints["table"] == wrong.hash != after.hash


def test_a_device_that_got_slower_is_told_and_changes_no_table(
    client: Client, server: Server, service: services.Live
) -> None:
    profiled(client, server)
    reference = load(tables(service) / "pi4-1t.json").reference
    assert reference is not None
    table = doctored(service, reference=Entry(reference.latency_ms / 5, reference.spread_ms, reference.runs))
    job = ended(client, "pi4")
    until(lambda: client.finalists(job).campaign is not None)
    work(server)
    work(server)
    found = measured(client, job)
    assert (found.slowdown or 0) > 2
    assert "times as long as when its table was made" in found.message
    assert client.devices()[0].facts["cpu"] == table.device.cpu


def test_finalists_whose_table_is_gone_are_a_failed_campaign(
    client: Client, server: Server, service: services.Live
) -> None:
    profiled(client, server)
    job = ended(client, "pi4")
    until(lambda: client.finalists(job).campaign is not None)
    (tables(service) / "pi4-1t.json").unlink()
    work(server)
    work(server)
    found = measured(client, job)
    assert found.state == "failed"
    assert "that priced these networks is gone" in found.message
    told = [event.data for event in client.events(job) if event.type == "finalists"]
    assert told[-1] == {"state": "failed", "problem": found.message}


def test_an_extended_job_is_measured_again(client: Client, server: Server) -> None:
    profiled(client, server)
    job = ended(client, "pi4")
    until(lambda: client.finalists(job).campaign is not None)
    first = client.finalists(job).campaign
    work(server)
    work(server)
    client.extend(job, trials=1)
    until(lambda: client.finalists(job).campaign != first)
    assert client.finalists(job).state == "waiting"


def test_a_cancelled_campaign_is_told_to_its_job(client: Client, server: Server) -> None:
    profiled(client, server)
    job = ended(client, "pi4")
    until(lambda: client.finalists(job).campaign is not None)
    client.cancel_campaign(client.finalists(job).campaign or "")
    assert client.finalists(job).state == "cancelled"
    told = [event.data for event in client.events(job) if event.type == "finalists"]
    assert told[-1] == {"state": "cancelled", "problem": "cancelled"}


def test_a_cancelled_job_has_no_finalists(client: Client, server: Server, service: services.Live) -> None:
    profiled(client, server)
    service.workers.open.clear()
    job = client.submit(spec("pi4")).id
    client.cancel(job)
    assert client.finalists(job).state == "none"


def test_the_service_asks_again_while_no_worker_answers(
    client: Client, service: services.Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    dispatcher = service.app.state.service.dispatcher
    answering, refused = dispatcher.on_worker, []

    def on_worker(function: Callable[[], object]) -> object:
        if len(refused) < 2:
            refused.append(1)
            raise Unanswered("no worker is there")
        return answering(function)

    monkeypatch.setattr(dispatcher, "on_worker", on_worker)
    campaign = client.measure("local", SPEC)
    until(lambda: client.campaign(campaign.id).state not in ("waiting", "measuring"))
    assert (client.campaign(campaign.id).state, len(refused)) == ("completed", 2)


def test_what_cannot_be_measured_is_refused(client: Client, server: Server) -> None:
    profiled(client, server)
    with pytest.raises(ApiError, match="this objective reads no latency_ms") as refused:
        client.submit(spec("pi4", objective={"cost": "macs", "target": 1e6}))
    assert (refused.value.status, refused.value.field) == (422, "measure")
    for wrong in (0, 51, "all"):
        with pytest.raises(ApiError) as refused:
            client.submit(spec("pi4", measure={"finalists": wrong}))
        assert (refused.value.status, refused.value.field) == (422, "measure.finalists")
    job = client.submit(spec("pi4") | {"measure": None}).id
    with pytest.raises(ApiError, match=f"nas clone {job} --set measure.finalists=5") as refused:
        client.finalists(job)
    assert refused.value.status == 404


def test_a_job_without_a_candidate_has_none(client: Client, server: Server) -> None:
    profiled(client, server)
    limits = {"val_loss": 1e-9}
    job = client.submit(spec("pi4", objective={"cost": "latency_ms", "target": 1.0, "limits": limits})).id
    until(lambda: client.job(job).final)

    def told() -> list[dict[str, Any]]:
        return [event.data for event in client.events(job) if event.type == "finalists"]

    assert client.job(job).state == "finished"
    until(lambda: bool(told()))
    assert client.finalists(job).state == "none"
    assert told() == [{"networks": 0, "problem": "no candidate was evaluated in full and is within the limits"}]
