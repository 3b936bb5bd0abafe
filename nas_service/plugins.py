"""Every plug-in that this process sees: search spaces, strategies and tasks of installed packages."""

from __future__ import annotations

from search_spaces.plugins import Plugin
from search_spaces.registry import space_plugins
from workers.tasks.registry import task_plugins

from .strategies import strategy_plugins


def installed() -> list[Plugin]:
    """Plug-ins of all three groups; one that cannot be used says why in `problem`."""
    return [plugin for group in (space_plugins(), strategy_plugins(), task_plugins()) for plugin in group.listed]
