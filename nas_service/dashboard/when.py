"""Times on pages: how long ago, kept up to date in the browser, and the time itself in the zone of the viewer."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Final

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

UNITS: Final = (("d", 86400), ("h", 3600), ("min", 60))
SCRIPT: Final = """(() => {
    const UNITS = [['d', 86400], ['h', 3600], ['min', 60]], EVERY_MS = 30000;
    const zoned = new Intl.DateTimeFormat(undefined, {dateStyle: 'medium', timeStyle: 'long'});
    const ago = seconds => {
        const [unit, size] = UNITS.find(([, size]) => seconds >= size) || [];
        return unit ? `${Math.round(seconds / size)} ${unit} ago` : 'just now';
    };
    const tell = element => {
        const at = new Date(element.dateTime), told = element.dataset.before + ago((Date.now() - at) / 1000);
        const title = zoned.format(at);
        if (element.textContent !== told) element.textContent = told;
        if (element.title !== title) element.title = title;
    };
    const all = () => document.querySelectorAll('time[data-before]').forEach(tell);
    addEventListener('load', () => {
        all();
        new MutationObserver(all).observe(document.body, {childList: true, subtree: true});
        setInterval(all, EVERY_MS);
        document.addEventListener('visibilitychange', all);
    });
})()"""


def build() -> None:
    """In a page's head: what keeps its times up to date."""
    ui.add_head_html(f"<script>{SCRIPT}</script>")


def ago(at: float) -> str:
    """How long ago a time was, in its largest unit."""
    seconds = max(0.0, time.time() - at)
    for unit, size in UNITS:
        if seconds >= size:
            return f"{seconds / size:.0f} {unit} ago"
    return "just now"


def utc(at: float) -> datetime:
    """To the second."""
    return datetime.fromtimestamp(int(at), UTC)


class Ago(TextElement):
    """How long ago `at` was, after words `before` it. Without scripts it is as of now, and its time is told in UTC."""

    def __init__(self, at: float, before: str = "") -> None:
        super().__init__(tag="time", text=f"{before}{ago(at)}")
        self.show(at, before)

    def show(self, at: float, before: str = "") -> None:
        """The time as it now is."""
        self.props["datetime"] = utc(at).isoformat()
        self.props["data-before"] = before
        self.props["title"] = f"{utc(at):%Y-%m-%d %H:%M:%S} UTC"
        self.text = f"{before}{ago(at)}"
