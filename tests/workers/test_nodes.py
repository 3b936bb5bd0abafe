"""The nodes of a cluster: who asks is told what is known, however long the cluster takes to answer."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event
from typing import Any

import pytest

from workers.dispatchers import nodes as module
from workers.dispatchers.nodes import AGE_S, SILENT_S, Nodes
from workers.requests import Resources


class Cluster:
    """One living node with so many CPUs and one that has gone; it answers while its gate is open."""

    def __init__(self) -> None:
        self.cpus = 1.0
        self.now = 0.0
        self.asked = 0
        self.answered = Event()
        self.gate = Event()
        self.gate.set()
        self.error: Exception | None = None
        self.nodes = Nodes(self.look, lambda: self.now)

    def look(self) -> list[dict[str, Any]]:
        self.asked += 1
        self.gate.wait()
        if self.error is not None:
            raise self.error
        told = [_node("a", self.cpus), _node("b", 9.0, alive=False)]
        self.answered.set()
        return told

    @property
    def living(self) -> dict[str, float]:
        return {name: has.cpus for name, has in self.nodes.known().living.items()}


def _node(name: str, cpus: float, *, alive: bool = True) -> dict[str, Any]:
    return {"NodeID": name, "Alive": alive, "Resources": {"CPU": cpus}, "NodeManagerHostname": f"host-{name}"}


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    monkeypatch.setattr(module, "MOMENT_S", 30.0)  # a cluster that answers does so within it
    made = Cluster()
    made.nodes.fresh()
    yield made
    made.gate.set()


def test_the_kind_of_accelerators_is_told() -> None:
    has = {"CPU": 8.0, "GPU": 2.0, "accelerator_type:H100": 1.0}
    told = [{"NodeID": "g", "Alive": True, "Resources": has, "NodeManagerHostname": "host-g"}, _node("a", 1.0)]
    seen = Nodes(lambda: told, lambda: 0.0).fresh()
    assert seen.accelerators == {"g": "H100", "a": ""}
    assert seen.living["g"] == Resources(8.0, 2.0)


def test_the_living_have_room_and_all_have_names(cluster: Cluster) -> None:
    seen = cluster.nodes.fresh()
    assert seen.living == {"a": Resources(1.0, 0.0)}
    assert seen.hosts == {"a": "host-a", "b": "host-b"}


def test_what_is_new_is_not_asked_for_again(cluster: Cluster) -> None:
    cluster.cpus, cluster.now = 2.0, AGE_S
    assert cluster.nodes.fresh() is cluster.nodes.known()
    assert cluster.asked == 1


def test_what_is_old_is_asked_for_by_whoever_comes(cluster: Cluster) -> None:
    cluster.cpus, cluster.now = 2.0, AGE_S + 1
    assert cluster.living == {"a": 2.0}
    cluster.cpus, cluster.now = 3.0, 2 * AGE_S + 2
    assert cluster.nodes.fresh().living == {"a": Resources(3.0, 0.0)}
    assert cluster.nodes.problem == ""


def test_a_cluster_that_does_not_answer_holds_up_nobody(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOMENT_S", 0.0)
    cluster.gate.clear()
    cluster.answered.clear()
    cluster.cpus, cluster.now = 2.0, AGE_S + 1
    assert [cluster.living for _ in range(5)] == [{"a": 1.0}] * 5
    assert cluster.nodes.problem == ""
    cluster.now += SILENT_S + 1
    assert cluster.nodes.problem == "Ray has not answered for 11 s; check its head node"
    cluster.living  # noqa: B018 - another one who asks
    cluster.gate.set()
    cluster.answered.wait()
    assert cluster.asked == 2
    assert cluster.nodes.fresh().living == {"a": Resources(2.0, 0.0)}


def test_a_cluster_that_fails_is_told_with_its_words_until_it_answers(cluster: Cluster) -> None:
    cluster.error, cluster.now = RuntimeError("the head\nis gone"), AGE_S + 1
    assert cluster.living == {"a": 1.0}
    assert cluster.nodes.problem == "Ray does not answer: the head is gone"
    with pytest.raises(RuntimeError, match="the head"):
        cluster.nodes.fresh()
    cluster.error = None
    assert cluster.living == {"a": 1.0}
    assert cluster.nodes.problem == ""
