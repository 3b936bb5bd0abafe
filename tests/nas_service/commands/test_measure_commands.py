"""`nas device` for a device elsewhere, as a user types it: over a service, and by a file that is carried."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import asdict
from io import StringIO
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest
import services
import yaml
from rich.console import Console
from tiny_device import MOMENT, SPEC, hurry
from typer.testing import CliRunner, Result

from device_agent import online
from device_agent.machine import Device
from device_agent.orders import VERSION, Order, Wanted
from device_agent.server import Server
from device_agent.setting import USUAL, Setting
from latency_tables import Coverage, load
from latency_tables.subjects import REFERENCE
from latency_tables.survey import Plan, Survey
from nas_service.client import ApiError
from nas_service.commands import app, measure
from search_spaces import Signature, get_space
from search_spaces.export_format import EXPORTER


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NAS_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "spec.yaml"
    path.write_text(yaml.safe_dump(SPEC))
    return path


def nas(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def service(home: Path) -> Iterator[services.Live]:
    with services.live(home) as running:
        yield running


def test_measure_follows_the_agent(service: services.Live, spec: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "POLL_S", 0.05)
    server = Server(service.url)
    ends = []

    def agent() -> None:
        while not ends:
            online.work(server, "pi4", "a", lambda _: None, lambda _: None)

    thread = Thread(target=agent)
    thread.start()
    try:
        measured = nas("device", "measure", "pi4", "--for", spec, "--server", service.url)
    finally:
        ends.append(True)
        thread.join()
    assert (measured.exit_code, "pi4 is measured" in measured.stdout) == (0, True), measured.output
    assert "pi4" in nas("device", "list").stdout


def test_measure_without_waiting_and_what_is_refused(service: services.Live, spec: Path) -> None:
    there = ("--no-wait", "--server", service.url)
    planned = nas("device", "measure", "pi4", "--for", spec, "--json", *there)
    assert json.loads(planned.stdout)["state"] == "waiting"
    said = nas("device", "measure", "pi5", "--for", spec, *there)
    assert (said.exit_code, "is waiting: waits for an agent on 'pi5'" in said.stdout) == (0, True)
    spec.write_text(yaml.safe_dump(SPEC | {"space": {"name": "nope"}}))
    refused = nas("device", "measure", "pi4", "--for", spec, *there)
    assert (type(refused.exception), "no search space 'nope'" in str(refused.exception)) == (ApiError, True)


def test_the_time_that_is_left_is_shown_while_an_agent_measures() -> None:
    bars, now = measure._bar("measuring"), [0.0]
    bars.get_time = lambda: now[0]
    task = bars.add_task("", total=1000)
    for now[0], done in ((10.0, 100), (70.0, 160), (130.0, 220)):
        bars.update(task, completed=done)
    console = Console(file=StringIO(), width=120)
    console.print(bars)
    assert "22% 0:02:10 left 0:13:00" in console.file.getvalue()


def test_the_agent_says_what_it_lacks() -> None:
    refused = nas("device", "agent", "--name", "pi4")
    assert refused.exit_code == 2


def test_a_bundle_is_carried_there_and_back(home: Path, spec: Path, tmp_path: Path) -> None:
    written = nas("device", "bundle", "pi4", "--for", spec)
    assert written.exit_code == 0, written.output
    assert "on pi4: python3 pi4.pyz; then, back here: nas device take pi4.visits.json" in written.stdout
    ran = subprocess.run([sys.executable, "pi4.pyz"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (ran.returncode, "pi4.visits.json" in ran.stdout) == (0, True), ran.stderr
    assert not (tmp_path / "pi4.journal").exists()
    taken = nas("device", "take", "pi4.visits.json")
    assert taken.exit_code == 0, taken.output
    table = load(home / "tables" / "pi4-1t.json")
    assert (table.device.name, len(table.networks), f"{len(table.entries)} ops" in taken.stdout) == ("pi4", 5, True)
    assert table.reference is not None
    nothing = nas("device", "bundle", "pi4", "--for", spec)
    assert (nothing.exit_code, "lacks nothing for this job" in nothing.stderr) == (2, True)


def test_a_bundle_of_int8_networks_on_all_cores(home: Path, spec: Path, tmp_path: Path) -> None:
    asked = SPEC | {"device": {"name": "pi4", "threads": "all", "precision": "int8"}}
    spec.write_text(yaml.safe_dump(asked))
    assert nas("device", "bundle", "pi4", "--for", spec).exit_code == 0
    with zipfile.ZipFile(tmp_path / "pi4.pyz") as held:
        networks = [held.read(name) for name in held.namelist() if name.startswith("networks/")]
    assert all(b"QuantizeLinear" in network for network in networks)
    subprocess.run([sys.executable, "pi4.pyz"], cwd=tmp_path, capture_output=True, check=True)
    taken = nas("device", "take", "pi4.visits.json")
    assert taken.exit_code == 0, taken.output
    table = load(home / "tables" / "pi4-all-int8.json")
    assert (table.runtime.setting, table.runtime.cores) == (Setting("all", "int8"), table.device.cores)
    said = json.loads((tmp_path / "pi4.visits.json").read_text())
    said["device"]["cores"] += 1
    (tmp_path / "other.json").write_text(json.dumps(said))
    refused = nas("device", "take", "other.json")
    there = table.device.cores
    assert (refused.exit_code, f"cores {there} where {there + 1} runs here" in refused.stderr) == (2, True)


def test_a_bundle_whose_provider_the_device_lacks_says_what_there_is(home: Path, spec: Path, tmp_path: Path) -> None:
    asked = ("--provider", "SlideRuleExecutionProvider")
    assert nas("device", "bundle", "pi4", "--for", spec, *asked).exit_code == 0
    ran = subprocess.run([sys.executable, "pi4.pyz"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (ran.returncode, "it offers:" in ran.stderr, "CPUExecutionProvider" in ran.stderr) == (2, True, True)
    assert not (tmp_path / "pi4.visits.json").exists()


def test_a_published_int8_table_has_its_own_file(home: Path, tmp_path: Path) -> None:
    row = "FirstConvBlock,32,3,16,3,0.0,2,relu,0.21"
    (tmp_path / "blocks.csv").write_text(f"block,hw,cin,cout,kernel,expand,stride,act,ms\n{row}\n")
    made = nas("device", "import", "phone", "blocks.csv", "--precision", "int8")
    assert made.exit_code == 0, made.output
    assert "device: {name: phone, precision: int8, allow: [onnxruntime, exporter]}" in made.stdout
    table = load(home / "tables" / "phone-1t-int8.json")
    assert table.mismatch(setting=Setting(1, "int8"), allow=["onnxruntime", "exporter"]) is None


def test_a_csv_as_a_spreadsheet_saves_it_is_read(home: Path, tmp_path: Path) -> None:
    row = "FirstConvBlock,32,3,16,3,0.0,2,relu,0.21"
    (tmp_path / "blocks.csv").write_text(f"\ufeffblock,hw,cin,cout,kernel,expand,stride,act,ms\n{row}\n")
    assert nas("device", "import", "phone", "blocks.csv", "--error", "nan").exit_code == 2
    assert not (home / "tables").exists()
    assert nas("device", "import", "phone", "blocks.csv").exit_code == 0
    assert len(load(home / "tables" / "phone-1t.json").entries) == 1


def test_a_bundle_that_was_stopped_goes_on(home: Path, spec: Path, tmp_path: Path) -> None:
    nas("device", "bundle", "pi4", "--for", spec)
    killed = """if True:
        import os, signal, sys
        from pathlib import Path
        sys.path.insert(0, "pi4.pyz")
        from device_agent.bundle import measure_bundle
        stop = lambda now: now.total - now.done > 20 or os.kill(os.getpid(), signal.SIGKILL)
        measure_bundle(Path("pi4.pyz"), stop)
    """
    assert subprocess.run([sys.executable, "-c", killed], cwd=tmp_path, check=False).returncode < 0
    kept = (tmp_path / "pi4.journal").read_text().splitlines()[1:]
    subprocess.run([sys.executable, "pi4.pyz"], cwd=tmp_path, capture_output=True, check=True)
    made = json.loads((tmp_path / "pi4.visits.json").read_text())["visits"]
    assert [json.loads(line) for line in kept] == made[: len(kept)]
    assert nas("device", "take", "pi4.visits.json").exit_code == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda said: said.update(version=0), "visits of version 0 cannot be taken"),
        (lambda said: said["visits"].append(["nonsense", 0.1, 5]), "nobody asked for 'nonsense'"),
        (lambda said: said["visits"].append([REFERENCE.name, 0.0, 5]), "0.0 ms"),
        (lambda said: said.update(visits=said["visits"][:5]), "lack visits"),
        (lambda said: said.pop("device"), "no file of visits"),
        (lambda said: said["plan"].update(ops=["nonsense"]), "there is no op 'nonsense'"),
        (lambda said: said["plan"].pop("fresh"), "no file of visits that an agent wrote: 'fresh'"),
        (lambda said: said["device"].update(name=5), "no file of visits"),
        (lambda said: said["device"].update(cores="many"), "is damaged: device.cores"),
        (lambda said: said["device"].update(colour="blue"), "colour"),
        (lambda said: said.update(onnxruntime=5), "is damaged: runtime.onnxruntime"),
        (lambda said: said["order"]["setting"].update(threads=0), "the number of threads is 1 to 256"),
        (lambda said: said["order"]["setting"].update(precision="int4"), "a precision is one of"),
        (lambda said: said["order"]["protocol"].update(visits=0) or said.update(visits=[]), "lack visits"),
        (lambda said: said["order"]["protocol"].update(quantile=7), "no file of visits"),
        (lambda said: said["visits"].append([REFERENCE.name, "soon", 5]), "no file of visits"),
        (lambda said: said["visits"].append([REFERENCE.name, 0.1, float("inf")]), "no file of visits"),
    ],
)
def test_visits_that_cannot_be_are_refused_and_nothing_is_stored(
    home: Path, tmp_path: Path, carried: dict[str, Any], change: Callable[[Any], object], message: str
) -> None:
    said = json.loads(json.dumps(carried))
    change(said)
    (tmp_path / "back.json").write_text(json.dumps(said))
    refused = nas("device", "take", "back.json")
    assert (refused.exit_code, message in refused.stderr) == (2, True), refused.stderr
    assert not (home / "tables").exists()


def test_what_is_no_file_of_visits_or_no_bundle_is_refused(home: Path, tmp_path: Path) -> None:
    (tmp_path / "back.json").write_text("{")
    assert "it is no JSON" in nas("device", "take", "back.json").stderr
    assert "cannot be used" in nas("device", "take", "nowhere.json").stderr
    offline = subprocess.run(
        [sys.executable, "-m", "device_agent", "--offline", str(tmp_path / "back.json")],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (offline.returncode, "no bundle of orders" in offline.stderr) == (2, True)


@pytest.fixture(scope="module")
def carried(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A file of visits as a bundle writes it, with made-up milliseconds."""
    space = get_space("mobilenetv3", **SPEC["space"]["options"]).bind(Signature("image", 1, 10, (8, 64)))
    rng = np.random.default_rng(0)
    networks = list({a.hash: a for a in (space.architecture(space.sample(rng)) for _ in range(60))}.values())
    ops = {op.key: op for network in networks for op in network.ops}
    survey = Survey(Plan.of(Coverage(tuple(ops.values()), 60, exhausted=True), networks[:5], None), MOMENT)
    lacking = survey.lacking([])
    order = Order("offline", 0, USUAL, MOMENT, REFERENCE.name, tuple(Wanted(s.name, n) for s, n in lacking))
    visits = [[s.name, 0.1 + 0.3 * ("4 x" in s.name), 5] for s, n in lacking for _ in range(n)]
    return {
        "version": VERSION,
        "order": order.to_json(),
        "device": asdict(Device.here("pi4")),
        "onnxruntime": "1.31.0",
        "plan": {"device": "pi4", "exporter": EXPORTER, "fresh": False, **survey.plan.to_json()},
        "visits": [*visits, *([REFERENCE.name, 0.2, 5] for _ in range(MOMENT.visits))],
    }
