"""Tables, campaigns and agents as people read them."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Any

import pytest

from device_agent.machine import Device
from device_agent.setting import USUAL, Setting
from nas_service.api.device_views import AgentView, CampaignView, DeviceView
from nas_service.dashboard.devices.device_words import (
    agent_row,
    campaign_row,
    device_address,
    drift,
    named,
    protocol,
    remarks,
    table_row,
)

PI = Device("pi4", "Cortex-A72", 4, "Linux", "3.11.2")
FACTS = asdict(PI) | {"onnxruntime": "1.20.1", "networks": 40, "relative_error": 0.0312}


def device(**changes: Any) -> DeviceView:
    known = {"name": "pi4", "threads": 1, "hash": "h", "ops": 931, "facts": FACTS, "problem": ""}
    return DeviceView.model_validate(known | {"written_at": time.time() - 7300} | changes)


def campaign(**changes: Any) -> CampaignView:
    known: dict[str, Any] = {"id": "c", "device": "pi4", "threads": 1, "owner": "", "state": "completed", "message": ""}
    known |= {"made": 30, "total": 120, "machine": None, "created_at": time.time() - 200, "ended_at": None}
    return CampaignView.model_validate(known | changes)


def test_a_table_in_words() -> None:
    row = table_row(device())
    assert (row.machine, row.runtime, row.setting) == ("Cortex-A72 · 4 cores · Linux", "onnxruntime 1.20.1", "1 thread")
    assert (row.ops, row.calibration, row.error) == ("931 ops", "calibrated on 40 networks", "± 3.1%")
    assert row.written_at == pytest.approx(time.time() - 7300, abs=60)
    assert row.remarks == ()
    assert table_row(device(facts=FACTS | {"networks": 0})).calibration == "not calibrated"


def test_a_table_that_cannot_be_read_has_its_problem_alone() -> None:
    row = table_row(device(name="pi4-2t", threads=0, hash="", ops=0, facts={}, problem="damaged", written_at=None))
    assert (row.readable, row.written_at, row.error) == (False, None, "–")
    assert [remark.text for remark in row.remarks] == ["damaged"]
    assert row.address == "/devices/pi4-2t"
    assert named("a-b-16t") == ("a-b", Setting(16))
    assert named("odd") == ("odd", USUAL)
    assert named("pi4-all-int8-CUDA") == ("pi4", Setting("all", "int8", "CUDAExecutionProvider"))


def test_remarks_begin_with_the_gravest() -> None:
    found = remarks(device(problem="another runtime", doubt="too high", drift=1.3))
    assert [remark.tone for remark in found] == ["danger", "warning", "muted"]
    assert "1.30 times slower" in found[-1].text
    assert drift(1.02) == ""


@pytest.mark.parametrize(
    ("name", "setting", "address"),
    [
        ("pi4", USUAL, "/devices/pi4"),
        ("pi4", Setting("all", "int8"), "/devices/pi4?threads=all&precision=int8"),
        ("a/<b>?", Setting(0), "/devices/a%2F%3Cb%3E%3F"),
    ],
)
def test_addresses_are_quoted(name: str, setting: Setting, address: str) -> None:
    assert device_address(name, setting) == address


@pytest.mark.parametrize(
    ("changes", "said", "under_way"),
    [
        ({"state": "waiting", "message": "waits for an agent on 'pi4'"}, "waits for an agent on 'pi4'", True),
        ({"verdict": "off by 2 %", "job_id": "j"}, "off by 2 %", False),
        ({"job_id": "j"}, "the finalists were measured", False),
        ({}, "what was measured is in the latency table", False),
        ({"state": "failed", "message": "no kernel"}, "no kernel", False),
    ],
)
def test_a_campaign_says_what_it_waits_for_or_what_came_of_it(
    changes: dict[str, Any], said: str, *, under_way: bool
) -> None:
    row = campaign_row(campaign(**changes))
    assert (row.said, row.under_way) == (said, under_way)


def test_a_campaign_says_how_far_it_is() -> None:
    row = campaign_row(campaign(state="measuring", machine={"device": asdict(PI)}, created_at=5.0))
    assert (row.done, row.visits, row.when, row.at) == (0.25, "30 of about 120 visits", "began", 5.0)
    assert row.machine == "Cortex-A72 · 4 cores · Linux"
    assert campaign_row(campaign(made=130)).done == 1.0
    ended = campaign_row(campaign(ended_at=7.0))
    assert (ended.when, ended.at) == ("ended", 7.0)


def test_an_agent_says_what_runs_on_its_device() -> None:
    row = agent_row(AgentView(device="pi4", facts=asdict(PI), onnxruntime="1.20.1", seen_at=5.0))
    assert (row.runtime, row.seen_at) == ("onnxruntime 1.20.1, python 3.11.2", 5.0)


def test_how_a_table_was_measured() -> None:
    known = {"visits": 20, "longest": 15, "quantile": 0.1, "of_runs": 0.1}
    assert protocol({"protocol": known}) == "20 visits of up to 15 runs each, 10% quantile of both"
    assert protocol({}) == "not told"
