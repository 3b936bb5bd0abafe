"""What a job aims at: devices and costs to choose from, and what choosing one changes."""

from __future__ import annotations

from typing import Any

import pytest

from device_agent.setting import Setting
from nas_service.api.device_views import DeviceView
from nas_service.dashboard.devices.targets import Target, aimed, target_of, targets


def device(name: str, problem: str = "") -> DeviceView:
    return DeviceView(name=name, threads=4, hash="h", ops=3, facts={}, problem=problem)


LOCAL = Target("latency_ms", "local")
PI = Target("latency_ms", "pi", Setting(4))
PI_INT8 = Target("latency_ms", "pi", Setting("all", "int8"))
MACS = Target("macs")


@pytest.mark.parametrize(
    ("spec", "target"),
    [
        ({}, Target()),
        ({"device": {}}, LOCAL),
        ({"device": {"name": "pi", "threads": 4}}, PI),
        ({"device": {"name": "pi", "threads": "all", "precision": "int8"}}, PI_INT8),
        ({"objective": {"cost": "macs"}}, MACS),
        ({"objective": {"cost": "macs"}, "device": {"name": "pi", "threads": 4}}, Target("macs", "pi", Setting(4))),
        ({"objective": "half writ", "device": ["a"]}, Target()),
        ({"objective": {"cost": ["a"]}, "device": {"name": 3, "threads": "x"}}, Target("['a']", "3")),
    ],
)
def test_a_spec_aims_at_something_also_half_written(spec: dict[str, Any], target: Target) -> None:
    assert target_of(spec) == target


def test_measured_devices_come_first_and_what_the_spec_names_is_always_there() -> None:
    labels = list(targets([device("pi"), device("old", "another runtime")], LOCAL).values())
    assert labels == [
        "pi, 4 threads",
        "old, 4 threads (cannot be used)",
        "no device: limit MACs",
        "no device: limit parameters",
        "local, 1 thread (not measured)",
    ]
    assert len(targets([], MACS)) == 2


def test_from_device_to_device_the_limit_stays() -> None:
    spec = {"device": {"name": "local", "allow": ["cpu"]}, "objective": {"limits": {"latency_ms": 3}}}
    assert aimed(spec, PI) == spec | {"device": {"name": "pi", "allow": ["cpu"], "threads": 4}}


def test_a_limit_in_another_unit_goes_and_others_stay() -> None:
    spec = {"device": {"name": "pi"}, "objective": {"target": 2, "limits": {"latency_ms": 3, "params": 9}}}
    counted = aimed(spec, MACS)
    assert counted == {"objective": {"cost": "macs", "limits": {"params": 9}}}
    assert aimed(counted, PI) == {
        "objective": {"limits": {"params": 9}},
        "device": {"name": "pi", "threads": 4},
    }


@pytest.mark.parametrize("target", [PI, PI_INT8, LOCAL, MACS, Target("params")])
def test_what_was_chosen_is_what_the_spec_aims_at(target: Target) -> None:
    assert target_of(aimed({"objective": {"cost": "macs", "limits": {"macs": 3}}}, target)) == target
