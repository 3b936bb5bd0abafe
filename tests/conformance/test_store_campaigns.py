"""Measuring campaigns as the store keeps them, on both databases: taken by one agent, visits numbered."""

from __future__ import annotations

from dataclasses import replace

import pytest

from device_agent.measure import Visit
from device_agent.setting import CPU, Setting
from nas_service.errors import Conflict, NotFound
from nas_service.store import Campaign, Store, campaigns

LEASE_S = 60.0
MACHINE = {"device": {"cpu": "a CPU"}, "onnxruntime": "1.31.0"}
FIRST = Campaign(
    id="a",
    device="pi4",
    threads=1,
    precision="float32",
    provider=CPU,
    owner="ann",
    state="waiting",
    message="",
    protocol={"visits": 3},
    fresh=False,
    job_id=None,
    total=9,
    made=0,
    machine=None,
    agent=None,
    attempt=0,
    lease_until=None,
    created_at=1.0,
    ended_at=None,
)
PLAN = {"ops": ["an op"], "networks": []}
SECOND = replace(FIRST, id="b", created_at=2.0)
MADE = [("x", Visit(0.5, 5)), ("y", Visit(0.25, 4)), ("x", Visit(0.75, 3))]


@pytest.fixture
def kept(store: Store) -> Store:
    with store.write() as conn:
        for campaign in (SECOND, FIRST, replace(FIRST, id="c", device="pi5")):
            campaigns.add(conn, campaign, PLAN)
    return store


def claimed(store: Store, agent: str, at: float) -> Campaign | None:
    with store.write() as conn:
        return campaigns.claim(conn, "a", agent, MACHINE, at, LEASE_S)


def test_campaigns_are_found_newest_first_and_taken_oldest_first(kept: Store) -> None:
    with kept.read() as conn:
        assert campaigns.get(conn, "a") == FIRST
        assert campaigns.plan_of(conn, "a") == PLAN
        assert [c.id for c in campaigns.listed(conn, "pi4")] == ["b", "a"]
        assert {c.id for c in campaigns.listed(conn)} == {"a", "b", "c"}
        assert campaigns.open_of(conn, "pi4") == [FIRST, SECOND]
        with pytest.raises(NotFound, match="there is no campaign 'd'"):
            campaigns.get(conn, "d")


def test_a_setting_is_kept(store: Store) -> None:
    with store.write() as conn:
        campaigns.add(conn, replace(FIRST, threads="all", precision="int8", provider="CUDAExecutionProvider"), PLAN)
        assert campaigns.get(conn, "a").setting == Setting("all", "int8", "CUDAExecutionProvider")


def test_one_agent_has_it_until_its_lease_is_over(kept: Store) -> None:
    taken = claimed(kept, "one", 100.0)
    assert taken == replace(FIRST, state="measuring", agent="one", attempt=1, lease_until=160.0, machine=MACHINE)
    assert claimed(kept, "two", 160.0) is None
    again = claimed(kept, "one", 120.0)
    assert again is not None
    assert (again.attempt, again.lease_until) == (2, 180.0)
    other = claimed(kept, "two", 180.1)
    assert other is not None
    assert (other.attempt, other.agent) == (3, "two")


def test_visits_are_numbered_on_and_fenced(kept: Store) -> None:
    claimed(kept, "one", 100.0)
    for part in (MADE[:2], [], MADE[2:]):
        with kept.write() as conn:
            campaigns.add_visits(conn, campaigns.held(conn, "a", "one", 1), part, 200.0)
    claimed(kept, "two", 300.0)
    with kept.write() as conn:
        assert campaigns.visits_of(conn, "a") == MADE
        held = campaigns.held(conn, "a", "two", 2)
        assert (held.made, held.lease_until) == (3, 360.0)
        with pytest.raises(Conflict, match="handed out again since, as attempt 2"):
            campaigns.held(conn, "a", "one", 1)
        with pytest.raises(Conflict, match="handed out to another agent"):
            campaigns.held(conn, "a", "one", 2)
        with pytest.raises(Conflict, match="campaign b is waiting"):
            campaigns.held(conn, "b", "one", 0)
        with pytest.raises(NotFound):
            campaigns.held(conn, "d", "one", 0)


def test_those_under_way_say_how_far_they_are(kept: Store) -> None:
    claimed(kept, "one", 100.0)
    with kept.write() as conn:
        campaigns.add_visits(conn, campaigns.held(conn, "a", "one", 1), MADE, 200.0)
        campaigns.wait(conn, "a", "measures", 12)
        campaigns.end(conn, "b", "cancelled", "", 300.0)
        found = campaigns.under_way(conn)
    told = {one.id: (one.device, one.state, one.message, one.made, one.total) for one in found.open}
    assert told == {"a": ("pi4", "measuring", "measures", 3, 12), "c": ("pi5", "waiting", "", 0, 9)}
    assert found.campaigns == 3


def test_an_ended_campaign_keeps_no_visits_and_is_taken_by_nobody(kept: Store) -> None:
    claimed(kept, "one", 100.0)
    with kept.write() as conn:
        campaigns.add_visits(conn, campaigns.held(conn, "a", "one", 1), MADE, 200.0)
        campaigns.wait(conn, "a", "measures", 12)
        assert (campaigns.get(conn, "a").message, campaigns.get(conn, "a").total) == ("measures", 12)
        campaigns.end(conn, "a", "completed", "", 300.0)
        ended = campaigns.get(conn, "a")
        assert (ended.state, ended.ended_at, ended.agent, ended.made) == ("completed", 300.0, None, 3)
        assert campaigns.visits_of(conn, "a") == []
        assert [c.id for c in campaigns.open_of(conn, "pi4")] == ["b"]
    assert claimed(kept, "two", 900.0) is None
