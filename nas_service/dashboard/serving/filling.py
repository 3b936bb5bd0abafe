"""Pages that do not wait for what is slow to read: their browser loads its scripts meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from nicegui import background_tasks, ui

PATIENCE_S = 0.1


async def soon(fill: Callable[[], Awaitable[object]], place: ui.element, patience_s: float = PATIENCE_S) -> None:
    """Begin to fill a page that is being built, and return when that is done, or after a moment.

    What is read by then is in the page itself, so that one that is quick appears whole; the rest follows over its
    WebSocket. What `fill` adds without saying where is added to `place`.
    """

    async def run() -> None:
        with place:
            await fill()

    await asyncio.wait({background_tasks.create(run(), name="fill a page")}, timeout=patience_s)


async def together(place: ui.element, *fills: Awaitable[object]) -> None:
    """Await all of them at once. What they add without saying where is added to `place`."""

    async def run(one: Awaitable[object]) -> None:
        with place:
            await one

    await asyncio.gather(*map(run, fills))
