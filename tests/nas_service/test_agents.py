"""Which agents were heard of."""

from __future__ import annotations

from dataclasses import replace

from device_agent.machine import Device
from nas_service.agents import MOST_SEEN, Agent, Seen, SeenAgents


def agent(device: str, id_: str = "a") -> Agent:
    return Agent(id_, replace(Device.here("pi4"), name=device), "1.20.0")


def test_a_device_is_listed_once_by_its_newest_agent() -> None:
    seen = SeenAgents()
    for at, one in enumerate([agent("pi4"), agent("zero"), agent("pi4", "restarted")]):
        seen.note(one, float(at))
    assert seen.newest_first() == [Seen(agent("pi4", "restarted"), 2.0), Seen(agent("zero"), 1.0)]


def test_two_machines_under_one_name_are_two() -> None:
    seen = SeenAgents()
    seen.note(agent("pi4"), 0.0)
    seen.note(replace(agent("pi4"), device=replace(agent("pi4").device, cpu="a toaster")), 1.0)
    assert [one.agent.device.cpu == "a toaster" for one in seen.newest_first()] == [True, False]


def test_the_oldest_ones_are_forgotten() -> None:
    seen = SeenAgents()
    for number in range(MOST_SEEN + 5):
        seen.note(agent(f"d{number}"), float(number))
    found = seen.newest_first()
    assert (len(found), found[-1].agent.device.name) == (MOST_SEEN, "d5")
