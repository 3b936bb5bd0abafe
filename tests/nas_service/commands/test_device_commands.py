"""`nas device` as a user types it: profile a tiny space, list, check, and what is refused."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from math import inf
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from device_agent.measure import Protocol
from device_agent.setting import Setting
from latency_tables import forecast, load, subjects, survey, suspects
from nas_service import profiled
from nas_service.commands import device
from search_spaces import get_space

SPEC = {
    "space": {
        "name": "mobilenetv3",
        "options": {
            "backbone": [{"width": 8, "depth": 1, "stride": 1}],
            "resolution": [8],
            "ops": ["mbconv"],
            "width_factors": [1.0],
            "depth_offsets": [0],
            "skip": ["identity"],
            "activation": ["relu"],
            "kernel": [3, 5, 7],
            "expansion": [2, 3, 4],
            "hidden": 16,
            "stem": 8,
        },
    },
    "task": {"name": "digits", "epochs": 1},
    "budget": {"trials": 3},
}


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("NAS_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def spec(tmp_path) -> Path:
    path = tmp_path / "spec.yaml"
    path.write_text(yaml.safe_dump(SPEC))
    return path


@pytest.fixture
def moment(monkeypatch) -> None:
    """Two short visits instead of twenty."""
    moment = Protocol(visits=2, dropped=1, shortest=2, longest=3)
    for function in (device.profile_space, device.check_table):
        monkeypatch.setitem(function.__kwdefaults__, "protocol", moment)


def nas_device(*words: object) -> Result:
    return CliRunner().invoke(device.app, [str(word) for word in words])


def test_profile_list_and_check(home, spec, moment):
    profiled = nas_device("profile", "local", "--for", spec)
    assert profiled.exit_code == 0, profiled.stderr
    table = load(home / "tables" / "local-1t.json")
    assert f"{len(table.entries)} ops" in profiled.stdout

    (row,) = json.loads(nas_device("list", "--json").stdout)
    assert row["device"] == "local"
    assert row["hash"] == table.hash
    assert row["problem"] is None
    assert "local" in nas_device("list").stdout

    checked = json.loads(nas_device("check", "local", "--for", spec, "--networks", 3, "--json").stdout)
    assert checked["networks"] == 3
    assert {"mape", "within_5", "within_10", "tau", "bias", "noise_floor", "covered"} <= checked.keys()
    assert "3 unseen networks" in nas_device("check", "local", "--for", spec, "--networks", 3).stdout


def test_widths_that_are_cut_are_measured_and_interpolated(home, tmp_path, moment, monkeypatch):
    """The space has one network; those at random widths are what its table is calibrated and checked on."""
    monkeypatch.setattr(profiled, "CUT_NETWORKS", 4)
    monkeypatch.setitem(device.profile_space.__kwdefaults__, "networks", 4)
    one = {"kernel": [3], "expansion": [4], "se": [False], "width_factors": [2.0], "stem": 16}
    options = SPEC["space"]["options"] | one | {"backbone": [{"width": 16}]}
    strategy = {"name": "netadapt", "step": 2}
    path = tmp_path / "cut.yaml"
    path.write_text(yaml.safe_dump(SPEC | {"space": SPEC["space"] | {"options": options}, "strategy": strategy}))
    assert nas_device("profile", "local", "--for", path).exit_code == 0
    checked = json.loads(nas_device("check", "local", "--for", path, "--networks", 3, "--json").stdout)
    assert checked["networks"] == 3
    assert all(estimated > 0 for estimated in checked["estimated_ms"])
    path.write_text(yaml.safe_dump(SPEC | {"strategy": strategy | {"step": "wide"}}))
    refused = nas_device("profile", "local", "--for", path)
    assert (refused.exit_code, "strategy.step" in refused.stderr) == (2, True)


WHOLE = ("--space", "mobilenetv3", "--resolution", 8)
FEW_OPTIONS = [
    f"--option={key}={json.dumps(value)}" for key, value in SPEC["space"]["options"].items() if key != "resolution"
]


def test_a_whole_space_at_one_resolution(home, moment):
    profiled = nas_device("profile", "local", *WHOLE, *FEW_OPTIONS)
    assert profiled.exit_code == 0, profiled.stderr
    table = load(home / "tables" / "local-1t.json")
    said = " ".join(profiled.stderr.split())
    assert re.search(
        rf"to measure: {len(table.entries)} ops and {len(table.networks)} whole networks, about \d+ min", said
    )
    assert any("in_shape=3x8x8" in key for key in table.entries)
    assert any("outputs=1000" in key for key in table.entries)

    other = nas_device("profile", "local", *WHOLE, *FEW_OPTIONS, "--channels", 1, "--classes", 10)
    assert other.exit_code == 0, other.stderr
    new = load(home / "tables" / "local-1t.json").entries.keys() - table.entries.keys()
    assert f"to measure: {len(new)} ops and 12 whole networks" in " ".join(other.stderr.split())
    assert all("in_shape=1x8x8" in key or "outputs=10" in key for key in new)

    again = nas_device("profile", "local", *WHOLE, *FEW_OPTIONS)
    assert again.exit_code == 0
    assert "to measure" not in again.stderr


def test_the_default_options_are_those_of_the_space():
    whole = profiled.whole_space("mobilenetv3", 96, (), channels=3, classes=1000)
    assert whole.options == get_space("mobilenetv3", resolution=[96]).options


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "either --for SPEC.yaml, or --space NAME"),
        (("--for", "spec.yaml", *WHOLE), "either --for SPEC.yaml, or --space NAME"),
        (("--space", "mobilenetv9"), "space.name: there is no search space 'mobilenetv9'"),
        ((*WHOLE, "--option", "kernels=[3]"), "space.options.kernels:"),
        ((*WHOLE, "--option", "kernel"), "--option: 'kernel' is no option; write key=value"),
        ((*WHOLE, "--option", "kernel=[3"), "--option: '[3' is no value"),
    ],
)
def test_whole_spaces_that_do_not_fit(home, words, message):
    refused = nas_device("profile", "local", *words)
    assert refused.exit_code == 2
    assert message in refused.stderr
    assert not home.exists()


def test_threads_come_from_the_spec_unless_given(home, spec, moment):
    spec.write_text(yaml.safe_dump(SPEC | {"device": {"name": "local", "threads": 2}}))
    assert nas_device("profile", "local", "--for", spec).exit_code == 0
    assert nas_device("profile", "local", "--for", spec, "--threads", 1).exit_code == 0
    assert sorted(path.name for path in (home / "tables").iterdir()) == ["local-1t.json", "local-2t.json"]


def test_a_table_for_each_setting(home, spec, moment, monkeypatch):
    monkeypatch.setattr(suspects, "CLEARLY", inf)
    monkeypatch.setattr(survey, "NOISY", inf)
    monkeypatch.setitem(device.profile_space.__kwdefaults__, "networks", 4)
    few = SPEC["space"]["options"] | {"kernel": [3]}
    spec.write_text(yaml.safe_dump(SPEC | {"space": SPEC["space"] | {"options": few}}))
    setting = ("--threads", "all", "--precision", "int8", "--provider", "AzureExecutionProvider")
    made = nas_device("profile", "local", "--for", spec, *setting)
    assert made.exit_code == 0, made.stderr
    table = load(home / "tables" / "local-all-int8-Azure.json")
    assert table.runtime.setting == Setting("all", "int8", "AzureExecutionProvider")
    assert (table.runtime.cores, table.mismatch(setting=table.runtime.setting)) == (table.device.cores, None)
    (row,) = json.loads(nas_device("list", "--json").stdout)
    assert (row["setting"], row["threads"], row["precision"]) == ("all-int8-Azure", "all", "int8")
    checked = nas_device("check", "local", "--for", spec, *setting, "--networks", 2, "--json")
    assert json.loads(checked.stdout)["networks"] == 2
    other = nas_device("check", "local", "--for", spec, *setting[:4])
    assert (other.exit_code, "local-all-int8.json" in other.stderr) == (2, True)
    assert "--threads all --precision int8" in other.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--threads", "0"), "1 to 256, or all"),
        (("--threads", "every"), "1 to 256, or all"),
        (("--precision", "int4"), "float32, fp32, int8"),
        (("--provider", "gpu"), "such as CPUExecutionProvider"),
        (("--provider", "SlideRuleExecutionProvider"), "it offers:"),
    ],
)
def test_settings_that_cannot_be(home, spec, moment, words, message):
    refused = nas_device("profile", "local", "--for", spec, *words)
    assert refused.exit_code == 2
    assert message in " ".join(refused.stderr.replace("│", " ").split())
    assert not list(home.glob("tables/*.json"))


def test_an_op_that_the_runtime_does_not_run_is_named(home, spec, moment, monkeypatch):
    monkeypatch.setattr(subjects, "export_copies", lambda *_: b"rubbish")
    refused = nas_device("profile", "local", "--for", spec)
    assert (refused.exit_code, "onnxruntime cannot run '" in refused.stderr) == (2, True), refused.output
    assert not list(home.glob("tables/*.json"))


def test_what_measuring_needs_and_is_not_installed_is_named(home, spec, moment, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    refused = nas_device("profile", "local", "--for", spec)
    assert (refused.exit_code, "needs onnxruntime, which is not installed" in refused.stderr) == (2, True)
    assert not list(home.glob("tables/*.json"))


def test_a_table_of_another_machine_is_not_checked_on_this_one(home, spec, moment):
    assert nas_device("profile", "desk", "--for", spec).exit_code == 0
    path = home / "tables" / "desk-1t.json"
    table = load(path)
    replace(table, device=replace(table.device, cpu="a toaster")).save(path)
    refused = nas_device("check", "desk", "--for", spec)
    assert (refused.exit_code, "was measured on a toaster, and this is" in refused.stderr) == (2, True)


def test_list_without_tables_says_how_to_make_one(home):
    assert "nas device profile local" in nas_device("list").stdout
    assert json.loads(nas_device("list", "--json").stdout) == []


def test_list_shows_what_is_wrong_with_a_table(home):
    (home / "tables").mkdir(parents=True)
    (home / "tables" / "pi4-1t.json").write_text("{")
    (row,) = json.loads(nas_device("list", "--json").stdout)
    assert "not JSON" in row["problem"]
    assert "pi4-1t.json" in nas_device("list").stdout


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"space": {"name": "mobilenetv9"}}, "space.name: there is no search space 'mobilenetv9'; there are:"),
        ({"space": {"name": "mobilenetv3", "options": {"kernels": [3]}}}, "space.options.kernels:"),
        ({"task": {"name": "digitz"}}, "task.name: there is no task 'digitz'"),
        ({"budget": {"trials": 0}}, "budget.trials:"),
    ],
)
def test_specs_that_do_not_fit(home, spec, changes, message):
    spec.write_text(yaml.safe_dump(SPEC | changes))
    refused = nas_device("profile", "local", "--for", spec)
    assert refused.exit_code == 2
    assert message in refused.stderr
    assert not home.exists()


def test_other_bad_input(home, spec, tmp_path):
    (tmp_path / "bad.yaml").write_text("a: [")
    for words, message in (
        (("profile", "local", "--for", tmp_path / "none.yaml"), "No such file"),
        (("profile", "local", "--for", tmp_path / "bad.yaml"), "is not valid YAML"),
        (("profile", "../local", "--for", spec), "cannot be called '../local'"),
        (("check", "pi4", "--for", spec), "nas device profile pi4 --for SPEC.yaml"),
    ):
        refused = nas_device(*words)
        assert refused.exit_code == 2
        assert message in refused.stderr
        assert not home.exists()


def test_measures_what_a_budget_has_room_for_and_then_the_rest(home, spec, moment, monkeypatch):
    monkeypatch.setattr(forecast.Pace, "seconds", lambda _, visits: 10 * len(visits))
    first = nas_device("profile", "local", "--for", spec, "--budget", "7m")
    assert first.exit_code == 0, first.stderr
    said = " ".join(first.stderr.split())
    assert "to measure: 12 ops and 12 whole networks, about 6 min" in said
    left = int(re.search(r"(\d+) ops that are met less often do not fit into the budget", said)[1])
    table = home / "tables" / "local-1t.json"
    assert len(load(table).entries) == 12
    assert nas_device("profile", "local", "--for", spec, "--budget", "all").exit_code == 0
    assert len(load(table).entries) == 12 + left


@pytest.mark.parametrize(("budget", "reason"), [("1m", "the budget is less"), ("soon", "'soon' is no time")])
def test_a_budget_that_is_none_is_refused(home, spec, moment, monkeypatch, budget, reason):
    monkeypatch.setattr(forecast.Pace, "seconds", lambda _, visits: 10 * len(visits))
    refused = nas_device("profile", "local", "--for", spec, "--budget", budget)
    assert refused.exit_code == 2
    assert reason in refused.stderr
    assert not list(home.glob("tables/*.json"))


def test_says_when_a_space_has_more_ops_than_were_found(home, spec, moment, monkeypatch):
    few = replace(profiled.cover(*_bound(spec), most=30), exhausted=False)
    monkeypatch.setattr(profiled, "cover", lambda *_: few)
    said = nas_device("profile", "local", "--for", spec)
    assert said.exit_code == 0
    assert f"30 sampled architectures have {len(few.ops)} ops and still brought new ones" in " ".join(
        said.stderr.split()
    )


def _bound(spec: Path):
    import numpy as np

    return device._of_file(spec)[1], np.random.default_rng(0)
