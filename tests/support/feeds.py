"""The poller of event streams without a service around it."""

from __future__ import annotations

from pathlib import Path

from nas_service.agents import SeenAgents
from nas_service.api.device_changes import DeviceChanges
from nas_service.api.feed import Feed
from nas_service.store import Store


def feed_of(store: Store, tables: Path) -> Feed:
    """Of this database and this folder, with no agent heard of."""
    return Feed(store, DeviceChanges(tables, SeenAgents()))
