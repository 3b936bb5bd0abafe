"""A part of a page that is read beside the page itself, so that a large job does not keep the rest of it waiting."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Hashable

from nicegui import background_tasks, ui

from nas_service.client import ApiError

AGAIN_S = 15.0
CONFLICT = 409  # which asking again does not change


class Later:
    """Reads when what it depends on has changed, one time after another, and says what is wrong where it cannot.

    `read` draws into elements that are there already and answers with what to say, or with an empty text.
    """

    def __init__(self, what: str, read: Callable[[], Awaitable[str]]) -> None:
        self._what = what
        self._read = read
        self._seen: Hashable = None
        self._reading = False
        self._note = ui.label("reading …").classes("muted text-sm text")

    def look(self, state: Hashable, *, final: bool) -> None:
        """Read, where it was not yet read in this state; what changes meanwhile is read the next time.

        Until the state is final, it is read again after a while all the same: an answer of a large job may be of a
        moment before.
        """
        state = state, None if final else int(time.monotonic() / AGAIN_S)
        if state == self._seen or self._reading:
            return
        self._seen, self._reading = state, True
        background_tasks.create(self._go(), name=self._what)

    async def _go(self) -> None:
        try:
            self._say(await self._read(), wrong=False)
        except ApiError as error:
            self._seen = self._seen if error.status == CONFLICT else None
            self._say(f"{self._what} cannot be read: {error}", wrong=True)
        finally:
            self._reading = False

    def _say(self, text: str, *, wrong: bool) -> None:
        self._note.text = text
        self._note.classes(add="danger" if wrong else "muted", remove="muted" if wrong else "danger")
        self._note.set_visibility(bool(text))
