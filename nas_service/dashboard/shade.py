"""Light and dark: what the viewer chose, or what their system says, without a page that is first in the wrong one.

The choice is in the cookie `theme`, and what it comes to in `shade`, so that the service draws charts in it at once. A
viewer who comes for the first time, or whose system has changed, is asked when the page is there.
"""

from __future__ import annotations

import json
from typing import Final, Protocol
from weakref import WeakSet

from nicegui import Client, context, ui
from nicegui.elements.mixins.text_element import TextElement
from nicegui.events import GenericEventArguments

from nas_service.palette import DARK, LIGHT, variables

CHOICES: Final = ("auto", "light", "dark")
STYLE: Final = f"""
:root {{ {variables(LIGHT)} color-scheme: light; }}
:root.dark {{ {variables(DARK)} color-scheme: dark; }}
body {{ --q-primary: var(--accent) !important; --q-negative: var(--danger) !important;
        --q-dark: var(--sheet) !important; --q-dark-page: var(--paper) !important; }}
@layer theme {{ .dark .bg-primary, .dark .bg-negative {{ color: var(--sheet) !important; }} }}
.theme {{ background: transparent; color: var(--muted); font-size: 13px; cursor: pointer; }}
.theme option {{ background: var(--sheet); color: var(--ink); }}
"""
SCRIPT: Final = """(() => {
    const YEAR = 31536000, system = matchMedia('(prefers-color-scheme: dark)');
    const chosen = () => (document.cookie.match(/(?:^|; )theme=(light|dark)/) || [])[1];
    const isDark = () => chosen() ? chosen() === 'dark' : system.matches;
    const keep = (name, value, age) => document.cookie = `${name}=${value};path=/;max-age=${age};samesite=lax`;
    let told;  // what the service believes, once it is connected
    const apply = () => {
        const dark = isDark();
        keep('shade', dark ? 'dark' : 'light', YEAR);
        document.documentElement.classList.toggle('dark', dark);
        if (told === undefined) return;
        Quasar.Dark.set(dark);
        if (dark !== told) emitEvent('shade', told = dark);
    };
    window.chooseTheme = theme => { keep('theme', theme, theme === 'auto' ? 0 : YEAR); apply(); };
    window.followTheme = drawn => { told = drawn; apply(); };
    system.addEventListener('change', apply);
    apply();
})()"""


class Drawn(Protocol):
    """What is drawn by the service in the colours of a theme."""

    def redraw(self) -> None: ...


class Shade:
    """Of one page: whether it is `dark`, and who draws anew when that changes."""

    def __init__(self, client: Client) -> None:
        known = {"dark": True, "light": False}
        self._known = known.get(client.request.cookies.get("shade", ""))
        self._chosen = client.request.cookies.get("theme", "auto")
        self._followers: WeakSet[Drawn] = WeakSet()

    @property
    def dark(self) -> bool:
        return bool(self._known)

    def join(self, drawn: Drawn) -> None:
        self._followers.add(drawn)

    def build(self) -> None:
        """In the page's head: everything but charts changes in the browser by itself."""
        ui.add_css(STYLE)
        ui.add_head_html(f"<script>{SCRIPT}</script>")
        self._mode = ui.dark_mode(self._known)
        ui.on("shade", self._changed)
        context.client.on_connect(self._compare)

    def switch(self) -> None:
        """Where the viewer chooses."""
        with ui.element("select").classes("theme") as element:
            for choice in CHOICES:
                option = TextElement(tag="option", text=choice).props(f"value={choice}")
                option.props["selected"] = choice == self._chosen
        element.props["aria-label"] = "theme"
        element.on("change", js_handler="event => chooseTheme(event.target.value)")

    def _compare(self, client: Client) -> None:
        with client:
            ui.run_javascript(f"followTheme({json.dumps(self._known)})")

    def _changed(self, told: GenericEventArguments) -> None:
        self._known = self._mode.value = bool(told.args)
        for drawn in list(self._followers):
            drawn.redraw()


_SHADES: dict[str, Shade] = {}  # by the ids of clients, until these are deleted


def of_page() -> Shade:
    """That of the page which is being built or changed."""
    client = context.client
    if client.id not in _SHADES:
        _SHADES[client.id] = Shade(client)
        client.on_delete(lambda: _SHADES.pop(client.id, None))
    return _SHADES[client.id]
