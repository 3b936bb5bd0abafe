"""Where a request goes, on clusters that exist on paper only."""

from __future__ import annotations

import pytest

from workers.dispatchers.placement import Place, Pool, Worker
from workers.requests import Resources

CPU, WIDE, GPU = Resources(1), Resources(2), Resources(1, 1)


def pool(*workers: Worker, **nodes: Resources) -> Pool:
    return Pool(list(workers), nodes)


def worker(node: str, asked: Resources = CPU, *, idle: float | None = None, task: str = "task") -> Worker:
    return Worker(None, (task, asked), node, idle_since=idle)


def test_what_needs_no_gpu_leaves_the_nodes_with_gpus_to_others_while_it_can() -> None:
    nodes = {"with": Resources(8, 2), "without": Resources(1)}
    assert pool(**nodes).place(("task", CPU)) == Place("without")
    assert pool(worker("without"), **nodes).place(("task", CPU)) == Place("with")
    assert pool(**nodes).place(("task", GPU)) == Place("with")


def test_new_workers_spread_over_the_nodes() -> None:
    assert pool(worker("a"), a=Resources(4), b=Resources(4)).place(("task", CPU)) == Place("b")


def test_an_idle_worker_of_the_same_kind_is_taken_again() -> None:
    other, same = worker("a", idle=1.0, task="other"), worker("a", idle=2.0)
    assert pool(other, same, a=Resources(2)).place(("task", CPU)) == Place("a", same)


def test_no_more_idle_workers_go_than_have_to_and_none_where_there_is_room() -> None:
    idle = [worker("a", idle=float(since), task="other") for since in (3, 1, 2)]
    full = pool(*idle, a=Resources(3))
    assert full.place(("task", WIDE)) == Place("a", instead_of=(idle[1], idle[2]))
    assert pool(*idle, a=Resources(3), b=Resources(2)).place(("task", WIDE)) == Place("b")


def test_room_is_that_of_one_node() -> None:
    """One CPU is free here and one there."""
    halves = pool(worker("a"), worker("b"), a=Resources(2), b=Resources(2))
    assert halves.place(("task", WIDE)) is None
    assert halves.full(WIDE) == "no free slot: 2 of 4 CPUs in use"


def test_cpus_of_another_node_do_not_help_a_gpu() -> None:
    busy = pool(worker("with"), a=Resources(4), **{"with": Resources(1, 1)})
    assert busy.place(("task", GPU)) is None
    assert busy.full(GPU) == "no free slot: 1 of 1 CPUs on the nodes with GPUs in use"
    assert busy.kept_for(GPU) == {"with"}
    assert busy.place(("task", CPU), kept={"with"}) == Place("a")


def test_while_gpus_are_busy_the_cpus_beside_them_are_not_kept() -> None:
    busy = pool(worker("with", GPU), **{"with": Resources(4, 1)})
    assert busy.place(("task", GPU)) is None
    assert busy.full(GPU) == "no free slot: 1 of 1 GPUs in use"
    assert busy.kept_for(GPU) == set()
    assert busy.place(("task", CPU)) == Place("with")


def test_what_ends_on_a_kept_node_is_not_taken_by_who_came_later() -> None:
    idle = worker("with", idle=1.0)
    ended = pool(idle, **{"with": Resources(1, 1)})
    assert ended.place(("task", CPU), kept={"with"}) is None
    assert ended.place(("task", GPU)) == Place("with", instead_of=(idle,))


def test_a_wide_request_keeps_the_nodes_that_could_hold_it_and_no_others() -> None:
    busy = pool(worker("a"), a=Resources(2), b=Resources(1))
    assert busy.place(("task", WIDE)) is None
    assert busy.kept_for(WIDE) == {"a"}


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (Resources(1, 3), "3 GPUs asked for, the cluster has 2"),
        (Resources(12), "12 CPUs asked for, the cluster has 10"),
        (Resources(4, 1), "no single node of the cluster has 4 CPUs and 1 GPUs"),
        (Resources(8), None),
    ],
)
def test_what_no_node_can_ever_hold_is_told(asked: Resources, why: str | None) -> None:
    assert pool(a=Resources(8), b=Resources(2, 2)).infeasible(asked) == why


def test_fractions_of_a_gpu_add_up_to_the_whole() -> None:
    tenth = Resources(0.1, 0.1)
    workers = [worker("a", tenth) for _ in range(9)]
    assert pool(*workers, a=Resources(1, 1)).place(("task", tenth)) == Place("a")
    assert pool(*workers, worker("a", tenth), a=Resources(1, 1)).place(("task", tenth)) is None
