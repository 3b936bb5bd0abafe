"""Which devices have changed from one look to the next: their latency tables, the campaigns there, agents heard of."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from nas_service.agents import SeenAgents
from nas_service.store.campaigns import UnderWay

from . import tables

Known = Mapping[tuple[object, ...], object]  # by what it is of, the name of the device first


class DeviceChanges:
    """Remembers what there was at the last look. Of files it reads when they were written, and what is in new ones."""

    def __init__(self, folder: Path, seen: SeenAgents) -> None:
        self._folder, self._seen = folder, seen
        self._known: Known | None = None

    def forget(self) -> None:
        """Nobody wants to know; the next look is a first one."""
        self._known = None

    def since_last(self, measuring: UnderWay) -> list[str]:
        """Names of devices, none at the first look. An empty one is of a campaign that came or went unseen."""
        before, now = self._known, self._now(measuring)
        self._known = now
        if before is None:
            return []
        found = {str(key[0]) for key in before.keys() | now.keys() if before.get(key) != now.get(key)}
        return sorted(found - {""} or found)

    def _now(self, measuring: UnderWay) -> Known:
        """Of a campaign that has ended nothing changes any more, but that there is one more or less."""
        found: dict[tuple[object, ...], object] = {("", "campaigns"): measuring.campaigns}
        found |= {(one.device, "campaign", one.id): one for one in measuring.open}
        found |= {(one.agent.device.name, one.agent.device): one.agent.onnxruntime for one in self._seen.newest_first()}
        for table in tables.listed(self._folder):
            setting = (table.threads, table.precision, table.provider)
            found[table.name, "table", *setting] = (table.hash, table.problem, table.written_at)
        return found
