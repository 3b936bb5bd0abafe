"""A Ray cluster on this machine whose nodes a test may kill, and add to."""

from __future__ import annotations

import os
import secrets
import signal
from contextlib import suppress
from typing import Any

import psutil
from ray.cluster_utils import Cluster

BARE = {"include_dashboard": False, "include_log_monitor": False, "no_monitor": True}  # starts sooner
NOTICED = {"health_check_period_ms": 300, "health_check_timeout_ms": 10_000}  # a death, after five looks in vain
BUSY = "ray::_Actor.run"


class RayNodes:
    """The head, to which coordinators connect, has no CPUs and so runs no trials."""

    def __init__(self) -> None:
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))  # for those who connect from other processes
        self._cluster = Cluster()
        self._cluster.add_node(num_cpus=0, _system_config=NOTICED, **BARE)
        self._nodes: dict[str, Any] = {}

    @property
    def address(self) -> str:
        return str(self._cluster.address)

    @property
    def ids(self) -> list[str]:
        """Of the nodes beside the head, those that were not killed."""
        return list(self._nodes)

    def add(self, **resources: float) -> str:
        """The id of a new node."""
        node = self._cluster.add_node(**resources, **BARE)
        self._nodes[str(node.node_id)] = node
        return str(node.node_id)

    def kill(self, node_id: str) -> None:
        """Kill -9 of a node's raylet. Its workers go on until they notice."""
        os.kill(self._raylet(self._nodes.pop(node_id)), signal.SIGKILL)

    def busy_workers(self) -> list[psutil.Process]:
        """The processes in which trials run at this moment."""
        found = []
        for node in self._nodes.values():
            with suppress(psutil.NoSuchProcess):
                found += psutil.Process(self._raylet(node)).children(recursive=True)
        return [process for process in found if _title(process).startswith(BUSY)]

    def stop(self) -> None:
        self._cluster.shutdown()

    def _raylet(self, node: Any) -> int:
        pid: int = node.all_processes["raylet"][0].process.pid
        return pid


def _title(process: psutil.Process) -> str:
    with suppress(psutil.NoSuchProcess):
        return " ".join(process.cmdline())
    return ""
