"""Questions before something happens that cannot be taken back, or that needs a number."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from nicegui import ui


async def confirmed(question: str, consequence: str, verb: str, *, keep: str) -> bool:
    """Whether the viewer says `verb` and not `keep`, which has the focus; closing the dialog is keeping."""
    with _dialog(question, consequence) as dialog, ui.row().classes("w-full justify-end"):
        ui.button(keep, on_click=lambda: dialog.submit(keep)).props("flat no-caps autofocus color=primary")
        ui.button(verb, on_click=lambda: dialog.submit(verb)).props("unelevated no-caps color=negative")
    return bool(await dialog == verb)


async def number_of(question: str, consequence: str, label: str, verb: str, suggestion: int) -> int | None:
    """A whole number of at least 1; None where the viewer thinks better of it."""

    def submit() -> None:
        if wanted.validate():
            dialog.submit(int(wanted.value))

    with _dialog(question, consequence) as dialog:
        least = {"a whole number of at least 1": lambda value: value is not None and value >= 1}
        wanted = ui.number(label, value=suggestion, min=1, precision=0, validation=least).on("keydown.enter", submit)
        wanted.classes("w-full").props("autofocus outlined dense color=primary")
        with ui.row().classes("w-full justify-end"):
            ui.button("leave it", on_click=lambda: dialog.submit(None)).props("flat no-caps color=primary")
            ui.button(verb, on_click=submit).props("unelevated no-caps color=primary")
    answer: int | None = await dialog
    return answer


@contextmanager
def _dialog(question: str, consequence: str) -> Iterator[ui.dialog]:
    """Gone when it is hidden; add to it below what it says."""
    with ui.dialog() as dialog, ui.card().style("gap:12px;width:420px;max-width:92vw"):
        ui.label(question).classes("text-base font-medium").style("overflow-wrap:anywhere")
        ui.label(consequence).classes("muted text-sm").style("overflow-wrap:anywhere")
        yield dialog
    dialog.on("hide", dialog.delete)
