"""A part of a page that is read beside the page itself, so that a large job does not keep the rest of it waiting."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Hashable
from typing import Final

from nicegui import background_tasks, ui
from nicegui.events import GenericEventArguments

from nas_service.client import ApiError

AGAIN_S: Final = 15.0  # an answer of a large job that runs may be of a moment before, and is read again
UNSEEN_S: Final = 60.0  # between two readings of what is not in the window
NEAR_PX: Final = 300  # of the window is in it
CONFLICT: Final = 409  # which asking again does not change
SIGHTED: Final = f"""vnode => new IntersectionObserver(
    entries => emit(entries.at(-1).isIntersecting), {{rootMargin: '{NEAR_PX}px'}}).observe(vnode.el)"""


class Later:
    """Reads when what it depends on has changed, one time after another, and says what is wrong where it cannot.

    `part` is what shows it: while that is not in the window of the viewer, it is read seldom, and at once when it comes
    there. `read` draws into elements that are there already and answers with what to say, or with an empty text.
    """

    def __init__(self, what: str, read: Callable[[], Awaitable[str]], part: ui.element) -> None:
        self._what = what
        self._read = read
        self._state: Hashable = None
        self._final = self._in_sight = self._reading = False
        self._seen: Hashable = None  # the state in which it was read
        self._at = 0.0
        self._note = ui.label("reading …").classes("muted text-sm text")
        part.on("vnodeMounted", self._sighted, js_handler=SIGHTED)

    def look(self, state: Hashable, *, final: bool) -> None:
        """Read, where it is time to; what changes meanwhile is read the next time."""
        self._state, self._final = state, final
        if not self._reading and self._is_due():
            self._seen, self._at, self._reading = state, time.monotonic(), True
            background_tasks.create(self._go(), name=self._what)

    def _is_due(self) -> bool:
        rested_s = time.monotonic() - self._at
        if self._state == self._seen:
            return self._in_sight and not self._final and rested_s >= AGAIN_S
        return self._seen is None or self._final or self._in_sight or rested_s >= UNSEEN_S

    def _sighted(self, event: GenericEventArguments) -> None:
        self._in_sight = bool(event.args)
        if self._in_sight and self._state is not None:
            self.look(self._state, final=self._final)

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
