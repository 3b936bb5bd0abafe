"""Who measures: what an agent says of itself, and those that were heard of."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from threading import Lock
from typing import Any

from device_agent.machine import Device
from device_agent.setting import Setting
from latency_tables.runtime import Runtime

MOST_SEEN = 200  # devices


@dataclass(frozen=True)
class Agent:
    """Who asks: its name for itself, the device that it runs on, and the onnxruntime there."""

    id: str
    device: Device
    onnxruntime: str

    @property
    def machine(self) -> dict[str, Any]:
        return {"device": asdict(self.device), "onnxruntime": self.onnxruntime}

    def runtime(self, setting: Setting) -> Runtime:
        return Runtime.of(self.onnxruntime, setting, self.device.cores)


@dataclass(frozen=True)
class Seen:
    """An agent, and when it last asked for an order, in seconds since the epoch."""

    agent: Agent
    at: float


class SeenAgents:
    """The newest agent on each machine that asked this process for an order since it began.

    Two machines under one name are two: who looks should see that they are.
    """

    def __init__(self) -> None:
        self._seen: dict[Device, Seen] = {}
        self._lock = Lock()

    def note(self, agent: Agent, at: float) -> None:
        with self._lock:
            self._seen.pop(agent.device, None)
            self._seen[agent.device] = Seen(agent, at)
            if len(self._seen) > MOST_SEEN:
                del self._seen[next(iter(self._seen))]

    def newest_first(self) -> list[Seen]:
        with self._lock:
            return list(reversed(self._seen.values()))
