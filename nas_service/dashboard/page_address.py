"""The address of a page as the place where a view is kept: who passes it on shows others the same."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import urlencode

from nicegui import ui

_KEEP: Final = """
const url = new URL(location), values = %s;
for (const name in values) values[name] ? url.searchParams.set(name, values[name]) : url.searchParams.delete(name);
history.replaceState(history.state, '', url);
"""


def comparison(jobs: Iterable[str] = (), candidates: Iterable[str] = ()) -> str:
    """The page of these beside each other."""
    named = {"jobs": ",".join(jobs), "candidates": ",".join(candidates)}
    query = urlencode({kind: ids for kind, ids in named.items() if ids}, safe=",")
    return f"/compare?{query}" if query else "/compare"


def listed(ids: str) -> tuple[str, ...]:
    """The ids of `A,B`, each once."""
    return tuple(dict.fromkeys(filter(None, map(str.strip, ids.split(",")))))


def given() -> dict[str, str]:
    """What the address said when the page was opened. Only while the page is being built."""
    return dict(ui.context.client.request.query_params)


def keep(values: Mapping[str, str]) -> None:
    """Write these into the address, leave out the empty ones, and leave alone what other parts have written there."""
    ui.run_javascript(_KEEP % json.dumps(dict(values)))
