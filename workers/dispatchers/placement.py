"""Where a request can run: the nodes of a cluster, and the workers that are kept on them.

Room is counted by node, for CPUs of one do not help a request whose GPU is in another. First come first served, but
nobody waits for what others are short of: see `Pool.kept_for`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..requests import Resources

ROUNDING = 1e-9  # of sums of fractions

Key = tuple[str, Resources]


@dataclass(eq=False)
class Worker:
    """A worker process: what it was started for (the task's name, resources), and where; `actor` is Ray's."""

    actor: Any
    key: Key
    node: str
    requests: int = 0
    idle_since: float | None = None


@dataclass(frozen=True)
class Place:
    """An idle worker, or room for a new one on a node once the idle ones `instead_of` which it comes have gone."""

    node: str
    worker: Worker | None = None
    instead_of: tuple[Worker, ...] = ()


@dataclass
class _Node:
    """What a node has, and its workers."""

    id: str
    has: Resources
    busy: list[Worker] = field(default_factory=list)
    idle: list[Worker] = field(default_factory=list)

    @property
    def room(self) -> Resources:
        """What no busy worker holds."""
        return _less(self.has, total_of(worker.key[1] for worker in self.busy))

    def instead_of(self, asked: Resources) -> tuple[Worker, ...]:
        """The idle workers that have to go before this fits, those that have been idle for longest first."""
        free = _less(self.room, total_of(worker.key[1] for worker in self.idle))
        gone: list[Worker] = []
        for worker in sorted(self.idle, key=lambda worker: worker.idle_since or 0.0):
            if _fits(asked, free):
                break
            gone.append(worker)
            free = total_of((free, worker.key[1]))
        return tuple(gone)


@dataclass
class Pool:
    """The workers that there are, and the living nodes by their ids."""

    workers: list[Worker] = field(default_factory=list)
    nodes: Mapping[str, Resources] = field(default_factory=dict)

    @property
    def total(self) -> Resources:
        return total_of(self.nodes.values())

    @property
    def busy(self) -> Resources:
        return total_of(worker.key[1] for worker in self.workers if worker.idle_since is None)

    def by_node(self) -> dict[str, list[Worker]]:
        """The workers of each node that has some."""
        found: dict[str, list[Worker]] = defaultdict(list)
        for worker in list(self.workers):
            found[worker.node].append(worker)
        return found

    def place(self, key: Key, kept: Collection[str] = ()) -> Place | None:
        """Where a request can go at this moment, if not to one of the nodes `kept` for others; None: it has to wait.

        What needs no GPU goes to nodes without, as long as these have room; and workers are kept rather than replaced.
        """
        asked = key[1]
        nodes = [node for node in self._able(asked) if node.id not in kept and _fits(asked, node.room)]
        nodes.sort(key=lambda node: (0 if asked.gpus else node.has.gpus, -node.room.cpus))
        for node in nodes:
            same = next((worker for worker in node.idle if worker.key == key), None)
            if same is not None:
                return Place(node.id, same)
        places = [Place(node.id, instead_of=node.instead_of(asked)) for node in nodes]
        return min(places, key=lambda place: len(place.instead_of), default=None)

    def kept_for(self, asked: Resources) -> set[str]:
        """The nodes whose next free CPUs are for a request that has to wait, and not for those that came later.

        Where it is GPUs that are missing, CPUs may be used meanwhile.
        """
        return {node.id for node in self._able(asked) if _fits(Resources(0, asked.gpus), node.room)}

    def infeasible(self, asked: Resources) -> str | None:
        """Why no node can ever hold this, or None."""
        total = self.total
        if asked.gpus > total.gpus:
            return f"{asked.gpus:g} GPUs asked for, the cluster has {total.gpus:g}"
        if asked.cpus > total.cpus:
            return f"{asked.cpus:g} CPUs asked for, the cluster has {total.cpus:g}"
        if not any(_fits(asked, has) for has in self.nodes.values()):
            return f"no single node of the cluster has {asked.cpus:g} CPUs and {asked.gpus:g} GPUs"
        return None

    def full(self, asked: Resources) -> str:
        """What is used up on the nodes that could hold this."""
        nodes = self._able(asked)
        total = total_of(node.has for node in nodes)
        used = _less(total, total_of(node.room for node in nodes))
        if asked.gpus and not self.kept_for(asked):
            return f"no free slot: {used.gpus:g} of {total.gpus:g} GPUs in use"
        where = " on the nodes with GPUs" if asked.gpus else ""
        return f"no free slot: {used.cpus:g} of {total.cpus:g} CPUs{where} in use"

    def _able(self, asked: Resources) -> list[_Node]:
        """The nodes that can hold this when nothing else runs there."""
        able = {node: _Node(node, has) for node, has in self.nodes.items() if _fits(asked, has)}
        for worker in self.workers:
            if worker.node in able:
                node = able[worker.node]
                (node.busy if worker.idle_since is None else node.idle).append(worker)
        return list(able.values())


def total_of(parts: Iterable[Resources]) -> Resources:
    """All of them together."""
    listed = list(parts)
    return Resources(sum(part.cpus for part in listed), sum(part.gpus for part in listed))


def _less(has: Resources, held: Resources) -> Resources:
    return Resources(has.cpus - held.cpus, has.gpus - held.gpus)


def _fits(asked: Resources, free: Resources) -> bool:
    return asked.cpus <= free.cpus + ROUNDING and asked.gpus <= free.gpus + ROUNDING
