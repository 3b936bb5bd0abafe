"""The nodes of a cluster as they were last seen, for whoever must not wait until a cluster answers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..requests import Resources

AGE_S = 2.0  # how old what is known may be
MOMENT_S = 0.1  # for which an answer is waited for; Ray gives one in some milliseconds
SILENT_S = 10.0  # after which a cluster that owes an answer is taken for gone
KIND = "accelerator_type:"

Look = Callable[[], Sequence[Mapping[str, Any]]]


@dataclass(frozen=True)
class Seen:
    """What the living nodes have, by their ids, and which accelerators; `hosts` are the names of all."""

    living: Mapping[str, Resources] = field(default_factory=dict)
    hosts: Mapping[str, str] = field(default_factory=dict)
    accelerators: Mapping[str, str] = field(default_factory=dict)


class Nodes:
    """`look` asks the cluster, as `ray.nodes` does, and may take long or fail; `clock` gives seconds.

    `seen` is what is known, as of `seen_at`.
    """

    def __init__(self, look: Look, clock: Callable[[], float]) -> None:
        self._look = look
        self._clock = clock
        self._lock = threading.Lock()
        self._failed = ""  # why the last look did
        self._asked_at: float | None = None  # of the look that is under way in a thread of its own
        self.seen = Seen()
        self.seen_at = float("-inf")

    def fresh(self) -> Seen:
        """Asked for, where what is known is old: this waits for the cluster."""
        if self._is_old():
            self._ask()
        return self.seen

    def known(self) -> Seen:
        """At once, or after a moment: where it is old, the cluster is asked beside, and who comes later knows."""
        if self._is_old() and (asked := self._begin()) is not None:
            asked.join(MOMENT_S)
        return self.seen

    @property
    def problem(self) -> str:
        """Why what is known may no longer be so, in a sentence, or an empty text."""
        asked_at = self._asked_at
        if asked_at is not None and self._clock() - asked_at > SILENT_S:
            return f"Ray has not answered for {self._clock() - asked_at:.0f} s; check its head node"
        return f"Ray does not answer: {self._failed}" if self._failed else ""

    def _is_old(self) -> bool:
        return self._clock() - self.seen_at > AGE_S

    def _begin(self) -> threading.Thread | None:
        """A look in a thread of its own; None where one is under way."""
        with self._lock:
            if self._asked_at is not None:
                return None
            self._asked_at = self._clock()
        beside = threading.Thread(target=self._ask_beside, name="look at the nodes", daemon=True)
        beside.start()
        return beside

    def _ask_beside(self) -> None:
        try:
            self._ask()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told
            self._failed = " ".join(str(error).split())[:300] or type(error).__name__
        finally:
            self._asked_at = None

    def _ask(self) -> None:
        asked_at = self._clock()
        nodes = self._look()
        self.seen = Seen(
            {node["NodeID"]: _has(node["Resources"]) for node in nodes if node["Alive"]},
            {node["NodeID"]: node["NodeManagerHostname"] for node in nodes},
            {node["NodeID"]: _accelerator(node["Resources"]) for node in nodes if node["Alive"]},
        )
        self.seen_at, self._failed = asked_at, ""


def _has(resources: Mapping[str, float]) -> Resources:
    return Resources(resources.get("CPU", 0.0), resources.get("GPU", 0.0))


def _accelerator(resources: Mapping[str, float]) -> str:
    """Ray names the kind of a node's GPUs as a resource."""
    return next((name.removeprefix(KIND) for name in sorted(resources) if name.startswith(KIND)), "")
