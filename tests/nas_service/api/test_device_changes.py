"""Which devices have changed since the last look: by their tables, their campaigns and their agents."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from made_tables import made_table

from device_agent.machine import Device
from latency_tables import table_path
from nas_service.agents import Agent, SeenAgents
from nas_service.api.device_changes import DeviceChanges
from nas_service.store.campaigns import Progress, UnderWay

NONE = UnderWay((), 0)
WAITING = Progress("a", "pi4", "waiting", "", 0, 9)


@pytest.fixture
def seen() -> SeenAgents:
    return SeenAgents()


@pytest.fixture
def changes(tmp_path: Path, seen: SeenAgents) -> DeviceChanges:
    found = DeviceChanges(tmp_path, seen)
    assert found.since_last(NONE) == []
    return found


def test_a_table_that_is_new_is_another_or_is_gone_names_its_device(changes: DeviceChanges, tmp_path: Path) -> None:
    table = made_table("pi4")
    path = table_path(tmp_path, "pi4", table.runtime.setting)
    table.save(path)
    assert [changes.since_last(NONE) for _ in range(2)] == [["pi4"], []]
    replace(table, drift=1.5).save(path)
    assert changes.since_last(NONE) == ["pi4"]
    (tmp_path / "odd-1t.json").write_text("{")
    assert changes.since_last(NONE) == ["odd-1t"]
    path.unlink()
    assert changes.since_last(NONE) == ["pi4"]


def test_a_campaign_names_its_device_as_it_begins_goes_on_and_ends(changes: DeviceChanges) -> None:
    other = WAITING._replace(id="b", device="zero")
    assert changes.since_last(UnderWay((WAITING, other), 2)) == ["pi4", "zero"]
    assert changes.since_last(UnderWay((WAITING, other), 2)) == []
    assert changes.since_last(UnderWay((WAITING, other._replace(made=1)), 2)) == ["zero"]
    assert changes.since_last(UnderWay((WAITING,), 2)) == ["zero"]


def test_a_campaign_that_came_or_went_between_two_looks_may_be_of_any_device(changes: DeviceChanges) -> None:
    assert changes.since_last(UnderWay((), 1)) == [""]
    assert changes.since_last(NONE) == [""]


def test_an_agent_is_told_of_once_however_often_it_asks(changes: DeviceChanges, seen: SeenAgents) -> None:
    agent = Agent("a", Device.here("pi4"), "1.20.0")
    told = []
    for at in (1.0, 2.0):
        seen.note(agent, at)
        told.append(changes.since_last(NONE))
    seen.note(replace(agent, onnxruntime="1.21.0"), 3.0)
    assert [*told, changes.since_last(NONE)] == [["pi4"], [], ["pi4"]]


def test_where_nobody_listened_nothing_is_known_to_have_changed(changes: DeviceChanges, seen: SeenAgents) -> None:
    changes.forget()
    seen.note(Agent("a", Device.here("pi4"), "1.20.0"), 1.0)
    assert changes.since_last(NONE) == []
