"""Devices measured by agents: a real service over HTTP, real networks in onnxruntime, agents that come and go."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, replace
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import httpx
import pytest
import services
from tiny_device import SPEC, hurry, work

from device_agent import online
from device_agent.machine import Device, installed_onnxruntime, usable_cores
from device_agent.measure import Visit
from device_agent.orders import VERSION, Order, OtherVersion
from device_agent.server import Refused, Server
from device_agent.setting import Setting
from latency_tables import load
from latency_tables.coverage import FEWEST_OPS
from latency_tables.subjects import REFERENCE
from nas_service import access
from nas_service.access import Scope
from nas_service.client import ApiError, Client
from nas_service.store import campaigns as rows
from nas_service.store import keys


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)


@pytest.fixture
def client(service: services.Live) -> Iterator[Client]:
    with Client(service.url) as connected:
        yield connected


@pytest.fixture
def server(service: services.Live) -> Server:
    return Server(service.url)


def asking(
    device: Device | None = None, runtime: str = "1.31.0", agent: str = "a", version: int = VERSION
) -> dict[str, Any]:
    return {"version": version, "agent": agent, "device": asdict(device or Device.here("pi4")), "onnxruntime": runtime}


def order(server: Server, **changes: Any) -> Order:
    found = server.order(asking(**changes))
    assert found is not None
    return found


def visits(order: Order, milliseconds: float = 0.1) -> list[tuple[str, Visit]]:
    """Everything that an order asks for, without measuring it."""
    asked = [(one.subject, one.visits) for one in order.lacking] + [(order.reference, order.protocol.visits)]
    return [(subject, Visit(milliseconds + 0.2 * ("4 x" in subject), 5)) for subject, n in asked for _ in range(n)]


def test_an_agent_measures_what_a_job_needs(client: Client, server: Server, service: services.Live) -> None:
    assert not work(server)
    campaign = client.measure("pi4", SPEC)
    assert (campaign.state, campaign.made, campaign.machine) == ("waiting", 0, None)
    assert "waits for an agent on 'pi4'" in campaign.message
    seen = {one.device: one for one in client.agents()}["pi4"]
    assert seen.facts["cpu"] == Device.here("pi4").cpu
    assert work(server)
    assert not work(server)  # asking again, it hears that this was all
    done = client.campaign(campaign.id)
    assert (done.state, 0.9 < done.made / done.total < 1.1) == ("completed", True)
    assert done.machine is not None
    assert done.machine["device"]["cpu"] == Device.here("pi4").cpu
    table = load(service.app.state.service.settings.tables / "pi4-1t.json")
    assert (table.device.name, table.runtime.threads, len(table.networks)) == ("pi4", 1, 5)
    assert all(entry.latency_ms > 0 for entry in table.entries.values())
    assert client.devices()[0].problem == ""
    job = SPEC | {"device": {"name": "pi4"}, "objective": {"cost": "latency_ms", "target": 1.0}}
    assert client.preview(job).feasible_share == 1.0
    with service.app.state.service.store.read() as conn:
        assert rows.visits_of(conn, campaign.id) == []
    with pytest.raises(ApiError, match="lacks nothing for this job"):
        client.measure("pi4", SPEC)


def test_each_setting_has_a_table_of_its_own(client: Client, server: Server, service: services.Live) -> None:
    setting = {"threads": "all", "precision": "int8", "provider": "AzureExecutionProvider"}
    campaign = client.measure("pi4", SPEC, **setting)
    assert (campaign.threads, campaign.precision, campaign.provider) == tuple(setting.values())
    asked = order(server, runtime=installed_onnxruntime())
    assert asked.setting == Setting(**setting)
    assert b"QuantizeLinear" in server.network(asked, asked.reference)
    assert work(server)
    assert not work(server)
    assert client.campaign(campaign.id).state == "completed"
    table = load(service.app.state.service.settings.tables / "pi4-all-int8-Azure.json")
    assert (table.runtime.setting, table.runtime.cores) == (Setting(**setting), usable_cores())
    assert client.table("pi4", **setting)["hash"] == table.hash
    (listed,) = client.devices()
    assert (listed.threads, listed.precision, listed.provider, listed.problem) == (*setting.values(), "")
    job = SPEC | {"objective": {"cost": "latency_ms", "target": 1.0}}
    assert client.preview(job | {"device": {"name": "pi4", **setting}}).feasible_share == 1.0
    with pytest.raises(
        ApiError, match="with all threads, int8; measure one with: nas device profile pi4 --threads all"
    ):
        client.preview(job | {"device": {"name": "pi4", "threads": "all", "precision": "int8"}})


def test_an_agent_without_the_provider_refuses(client: Client, server: Server, service: services.Live) -> None:
    campaign = client.measure("pi4", SPEC, provider="SlideRuleExecutionProvider")
    said: list[str] = []
    assert online.work(server, "pi4", "a", said.append, lambda _: None)
    ended = client.campaign(campaign.id)
    assert (ended.state, ended.made) == ("failed", 0)
    assert re.search("has no SlideRuleExecutionProvider; it offers: .*CPUExecutionProvider", ended.message)
    assert ended.message in said[-1]
    assert not client.devices()


def test_all_cores_of_another_machine_do_not_add_to_a_table(client: Client, server: Server) -> None:
    client.measure("pi4", SPEC, threads="all")
    work(server)
    work(server)
    options = SPEC["space"]["options"] | {"kernel": [3, 5, 7]}
    more = client.measure("pi4", SPEC | {"space": SPEC["space"] | {"options": options}}, threads="all")
    cores = usable_cores()
    assert server.order(asking(replace(Device.here("pi4"), cores=cores + 1), installed_onnxruntime(), "b")) is None
    ended = client.campaign(more.id)
    assert (ended.state, f"cores {cores} where {cores + 1} runs here" in ended.message) == ("failed", True)


def test_a_table_is_extended_by_what_it_lacks(client: Client, server: Server, service: services.Live) -> None:
    client.measure("pi4", SPEC)
    work(server)
    work(server)
    path = service.app.state.service.settings.tables / "pi4-1t.json"
    before = load(path)
    options = SPEC["space"]["options"] | {"kernel": [3, 5, 7]}
    more = client.measure("pi4", SPEC | {"space": SPEC["space"] | {"options": options}})
    work(server)
    work(server)
    assert client.campaign(more.id).state == "completed"
    after = load(path)
    assert before.entries.items() < after.entries.items()


def test_at_most_so_many_ops_are_measured_and_the_next_ones_later(
    client: Client, server: Server, service: services.Live
) -> None:
    space = SPEC["space"] | {"options": SPEC["space"]["options"] | {"kernel": [3, 5, 7], "expansion": [2, 3, 4]}}
    wider, path = SPEC | {"space": space}, service.app.state.service.settings.tables / "pi4-1t.json"
    client.measure("pi4", wider, ops=FEWEST_OPS)
    assert work(server)
    work(server)
    first = load(path)
    assert len(first.entries) == FEWEST_OPS
    client.measure("pi4", wider)
    assert work(server)
    work(server)
    second = load(path)
    assert second.entries.items() > first.entries.items()
    with pytest.raises(ApiError, match="lacks nothing"):
        client.measure("pi4", wider)


def test_visits_count_once_however_often_they_are_sent(client: Client, server: Server) -> None:
    campaign = client.measure("pi4", SPEC)
    asked = order(server)
    made = visits(asked)
    server.visits(asked, 0, made[:10])
    server.visits(asked, 0, made[:10])
    server.visits(asked, 5, made[5:20])
    assert client.campaign(campaign.id).made == 20
    again = order(server)
    assert (again.attempt, again.made) == (asked.attempt + 1, 20)
    assert sum(one.visits for one in again.lacking) == sum(one.visits for one in asked.lacking) - 20
    with pytest.raises(Refused, match="handed out again"):
        server.visits(asked, 20, made[20:])
    with pytest.raises(Refused, match="visits 20 to 29 are missing"):
        server.visits(again, 30, made[20:])
    assert client.campaign(campaign.id).made == 20


def test_an_agent_that_dies_is_followed_by_another(client: Client, server: Server, service: services.Live) -> None:
    campaign = client.measure("pi4", SPEC)
    asked = order(server, agent="dies")
    server.visits(asked, 0, visits(asked)[:10])
    assert server.order(asking(agent="next")) is None  # it may be alive
    store = service.app.state.service.store
    with store.write() as conn:
        rows.add_visits(conn, rows.get(conn, campaign.id), [], lease_until=1.0)
    assert order(server, agent="next").made == 10
    with pytest.raises(Refused, match="handed out again"):
        server.visits(asked, 10, visits(asked)[10:20])


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (("a network that nobody asked for", 0.1, 5), "did not ask for"),
        ((REFERENCE.name, 0.0, 5), "0.0 ms"),
        ((REFERENCE.name, -1.0, 5), "-1.0 ms"),
        ((REFERENCE.name, 1e9, 5), "cannot be"),
        ((REFERENCE.name, 0.1, 0), "0 runs"),
        ((REFERENCE.name, 0.1, 2**40), f"{2**40} runs"),
    ],
)
def test_results_that_cannot_be_are_refused_and_nothing_is_stored(
    client: Client, server: Server, made: tuple[str, float, int], message: str
) -> None:
    campaign = client.measure("pi4", SPEC)
    asked = order(server)
    with pytest.raises(Refused, match=message):
        server.visits(asked, 0, [(REFERENCE.name, Visit(0.1, 5)), (made[0], Visit(*made[1:]))])
    assert client.campaign(campaign.id).made == 0


def test_another_device_of_the_same_name_is_refused(client: Client, server: Server) -> None:
    client.measure("pi4", SPEC)
    asked = order(server)
    server.visits(asked, 0, visits(asked)[:10])
    with pytest.raises(Refused, match=r"another device that is called 'pi4'.*cpu .* and not 'a toaster'"):
        server.order(asking(replace(Device.here("pi4"), cpu="a toaster")))
    with pytest.raises(Refused, match=r"onnxruntime '1\.31\.0' and not '1\.30\.0'"):
        server.order(asking(runtime="1.30.0"))


def test_a_table_of_another_machine_is_not_extended(client: Client, server: Server) -> None:
    client.measure("pi4", SPEC)
    work(server)
    work(server)
    options = SPEC["space"]["options"] | {"kernel": [3, 5, 7]}
    more = client.measure("pi4", SPEC | {"space": SPEC["space"] | {"options": options}})
    assert server.order(asking(replace(Device.here("pi4"), cpu="a toaster"), agent="b")) is None
    ended = client.campaign(more.id)
    assert (ended.state, "this is a toaster" in ended.message) == ("failed", True)


def test_what_another_agent_says_of_an_order_is_refused_and_nothing_is_stored(client: Client, server: Server) -> None:
    campaign = client.measure("pi4", SPEC)
    asked = order(server)
    another = replace(asked, agent="another")
    for say in (
        lambda: server.visits(another, 0, visits(asked)[:10]),
        lambda: server.cannot(another, asked.reference, "no kernel"),
        lambda: server.network(another, asked.reference),
    ):
        with pytest.raises(Refused, match="handed out to another agent"):
            say()
    found = client.campaign(campaign.id)
    assert (found.state, found.made) == ("measuring", 0)


def test_an_agent_of_another_version_is_told_where_the_right_one_is(
    client: Client, server: Server, service: services.Live
) -> None:
    client.measure("pi4", SPEC)
    with pytest.raises(Refused, match=rf"speaks version {VERSION} with agents, and yours speaks 2.*/agent\.pyz"):
        server.order(asking(version=2))
    with pytest.raises(OtherVersion, match="version 99"):
        Order.from_json({"version": 99})
    asked = order(server)
    old = {"attempt": asked.attempt, "first": 0, "visits": [[REFERENCE.name, 0.1, 5]]}
    posted = httpx.post(f"{service.url}/api/v1/agent/orders/{asked.campaign}/visits", json=old)
    assert (posted.status_code, "yours speaks None" in posted.json()["detail"]) == (409, True)
    assert client.campaign(asked.campaign).made == 0


def test_what_the_device_does_not_run_ends_the_campaign(client: Client, server: Server, monkeypatch) -> None:
    campaign = client.measure("pi4", SPEC)
    original = Server.network
    monkeypatch.setattr(
        Server,
        "network",
        lambda self, asked, subject: (
            b"rubbish" if "network" in subject and subject != REFERENCE.name else original(self, asked, subject)
        ),
    )
    assert work(server)
    ended = client.campaign(campaign.id)
    assert ended.state == "failed"
    assert "onnxruntime cannot run" in ended.message
    assert not client.devices()


def test_a_failure_of_what_was_not_handed_out_changes_nothing(client: Client, server: Server) -> None:
    campaign = client.measure("pi4", SPEC)
    asked = order(server)
    with pytest.raises(Refused, match="did not ask for 'another'"):
        server.cannot(asked, "another", "no kernel")
    with pytest.raises(Refused, match="did not ask for 'another'"):
        server.network(asked, "another")
    assert client.campaign(campaign.id).state == "measuring"


def test_a_campaign_that_is_cancelled_stops_its_agent(client: Client, server: Server, monkeypatch) -> None:
    campaign = client.measure("pi4", SPEC)
    monkeypatch.setattr(online, "AT_ONCE", 5)
    said: list[str] = []
    original = Server.visits

    def cancelled_meanwhile(self: Server, asked: Order, first: int, made: list[tuple[str, Visit]]) -> None:
        if first >= 10:
            client.cancel_campaign(campaign.id)
        original(self, asked, first, made)

    monkeypatch.setattr(Server, "visits", cancelled_meanwhile)
    assert online.work(server, "pi4", "a", said.append, lambda _: None)
    assert f"campaign {campaign.id}: campaign {campaign.id} is cancelled" in said
    assert [one.state for one in client.campaigns("pi4")] == ["cancelled"]
    with pytest.raises(ApiError, match="is cancelled already"):
        client.cancel_campaign(campaign.id)


def test_a_service_that_is_away_is_asked_again(client: Client, service: services.Live) -> None:
    said: list[str] = []
    paused: list[float] = []
    url = service.url
    with services.socket.create_server(("127.0.0.1", 0)) as nobody:
        away = f"http://127.0.0.1:{nobody.getsockname()[1]}"
    server = Server(
        away, say=said.append, pause=lambda s: paused.append(s) or setattr(server, "_url", url + "/api/v1/agent")
    )
    assert server.order(asking()) is None
    assert (paused, "asking again in 1 s" in said[0]) == ([1.0], True)


def test_a_key_of_scope_measure_opens_nothing_else(client: Client, service: services.Live) -> None:
    made = {scope.value: access.make("ann", scope, 1.0, None) for scope in Scope}
    with Client(service.url) as unkeyed:
        unkeyed.measure("pi4", SPEC)
    with service.app.state.service.store.write() as conn:
        for kept, _ in made.values():
            keys.add(conn, kept)
    assert Server(service.url, made["measure"][1]).order(asking()) is not None
    assert Server(service.url, made["admin"][1]).order(asking(agent="a")) is not None
    for scope in ("read", "submit"):
        with pytest.raises(Refused, match="needs a key of scope measure"):
            Server(service.url, made[scope][1]).order(asking())
    with pytest.raises(Refused, match="send a key"):
        Server(service.url).order(asking())
    with Client(service.url, key=made["measure"][1]) as agent:
        for call in (agent.devices, agent.campaigns, lambda: agent.submit(SPEC), lambda: next(agent.jobs())):
            with pytest.raises(ApiError, match="yours is one of scope measure"):
                call()
    assert httpx.get(f"{service.url}/agent.pyz").status_code == 200


def test_a_campaign_is_its_owners(client: Client, service: services.Live) -> None:
    campaign = client.measure("pi4", SPEC)
    made = {name: access.make(name, Scope.SUBMIT, 1.0, None) for name in ("ann", "bob")}
    with service.app.state.service.store.write() as conn:
        for kept, _ in made.values():
            keys.add(conn, kept)
    with Client(service.url, key=made["ann"][1]) as ann, Client(service.url, key=made["bob"][1]) as bob:
        own = ann.measure("pi5", SPEC)
        assert (own.owner, bob.campaign(own.id)) == ("ann", own)
        for other, found in ((bob, own), (ann, campaign)):
            with pytest.raises(ApiError, match="another owner's"):
                other.cancel_campaign(found.id)


def with_numpy_and_onnxruntime(folder: Path) -> dict[str, str]:
    """An environment in which a Python without its own packages finds these two, what they need, and nothing else."""
    folder.mkdir()
    names = ["numpy", "onnxruntime"]
    for name in names:  # grows meanwhile
        with suppress(PackageNotFoundError):
            found = distribution(name)
            for top in {path.parts[0] for path in found.files or ()} - {"..", "__pycache__"}:
                (folder / top).symlink_to(found.locate_file(top))
            needed = (re.split(r"[^\w.-]", one)[0] for one in found.requires or () if "extra ==" not in one)
            names.extend(one for one in needed if one not in names)
    return {"PYTHONPATH": str(folder)}


def test_the_program_needs_python_numpy_and_onnxruntime_only(
    client: Client, service: services.Live, tmp_path: Path
) -> None:
    """It is killed, and goes on; nothing of this project is on its path, nor anything else that is installed."""
    there = with_numpy_and_onnxruntime(tmp_path / "site")
    program = tmp_path / "agent.pyz"
    program.write_bytes(httpx.get(f"{service.url}/agent.pyz").content)
    with zipfile.ZipFile(program) as archive:
        assert all(name.startswith("device_agent/") for name in archive.namelist() if name != "__main__.py")
    campaign = client.measure("pi4", SPEC)
    python = [sys.executable, "-S"]
    lacking = subprocess.run([*python, "-c", "import torch"], env=there, capture_output=True, check=False)
    assert b"No module named 'torch'" in lacking.stderr
    command = [*python, str(program), "--server", service.url, "--name", "pi4"]
    running = subprocess.Popen(command, stderr=subprocess.DEVNULL, cwd=tmp_path, env=there)
    try:
        while client.campaign(campaign.id).made == 0:
            assert running.poll() is None
    finally:
        running.send_signal(signal.SIGKILL)
        running.wait()
    store = service.app.state.service.store
    with store.write() as conn:
        found = rows.get(conn, campaign.id)
        if found.state == "measuring":
            rows.add_visits(conn, found, [], lease_until=1.0)
    ended = subprocess.run([*command, "--once"], capture_output=True, text=True, check=False, cwd=tmp_path, env=there)
    assert ended.returncode == 0, ended.stderr
    assert client.campaign(campaign.id).state == "completed"
    wrong = subprocess.run([*python, str(program)], capture_output=True, text=True, check=False, env=there)
    assert (wrong.returncode, "--server URL with --name NAME" in wrong.stderr) == (2, True)


def test_an_agent_under_a_name_that_no_device_can_have_is_told_so(client: Client, server: Server) -> None:
    with pytest.raises(Refused, match="a device cannot be called 'pi 4'"):
        server.order(asking(Device.here("pi 4")))
    assert client.agents() == []


def test_bad_campaigns_are_refused(client: Client) -> None:
    for name, spec, message in (
        ("pi 4", SPEC, "cannot be called"),
        ("pi4", SPEC | {"space": {"name": "nope"}}, "nope"),
        ("pi4", {}, "space"),
    ):
        with pytest.raises(ApiError, match=message):
            client.measure(name, spec)
    with pytest.raises(ApiError, match="there is no campaign"):
        client.campaign("nope")
    assert json.loads(json.dumps([c.model_dump() for c in client.campaigns()])) == []
