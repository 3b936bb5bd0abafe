"""A page that follows what it shows: looked at anew when the service says that it has changed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection

from nicegui import app, background_tasks, ui
from nicegui.slot import Slot

from nas_service.client import ApiError

from ..part import Part
from .live import LiveClient, Watch

SLOW_S = 15.0  # for what changes without an event: pace and time left, why a job waits
REST_S = 0.5  # after a look, though another topic may have changed
LIVELY_S = 2.0  # for what is under way: learning curves, progress of exports, workers

Look = Callable[[], Awaitable[None]]
Patience = Callable[[], float]


def slow() -> float:
    return SLOW_S


def lively() -> float:
    return LIVELY_S


async def follow(client: LiveClient, look: Look, topics: Collection[str], patience: Patience = slow) -> None:
    """Look now, and again whenever a topic changes, or when nothing was heard of it for `patience`.

    It is never more often than the hub's pause, and ends with the page.
    """
    watch = client.hub.watch(client.key, topics)
    ui.context.client.on_delete(lambda: client.hub.leave(watch))
    await look()
    following = background_tasks.create(_follow(client, watch, look, patience, ui.context.slot), name="follow a page")

    def end() -> None:
        following.cancel()

    ui.context.client.on_delete(end)


async def _follow(client: LiveClient, watch: Watch, look: Look, patience: Patience, slot: Slot) -> None:
    page = slot.parent.client
    await page.connected()
    with slot:
        while not page.is_deleted:
            await watch.news(max(patience(), client.hub.pause_s))
            try:
                await look()
            except Exception as error:  # noqa: BLE001 - as NiceGUI's timers do: the next look may succeed
                app.handle_exception(error)
            client.hub.looked()
            await asyncio.sleep(REST_S)


def said(look: Look, away: Part[str], what: str) -> Look:
    """The same look; where the service does not answer, `away` says `what` is so, and why, until it does."""

    async def tried() -> None:
        try:
            await look()
        except ApiError as error:
            away.show(f"{what}: {error}")
        else:
            away.hide()

    return tried
