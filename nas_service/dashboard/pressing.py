"""Clicks on pages that change all the time: what is pressed stays where it is until it is released.

A browser makes a click of a press and a release on one element. Were that drawn anew in between, there would be none,
and whoever clicked would have to do it again. So what the service tells meanwhile is heard afterwards. (A click before
the page has its WebSocket needs nothing of ours: NiceGUI keeps it until then.)
"""

from __future__ import annotations

from typing import Final

from nicegui import ui

SCRIPT: Final = """(() => {
    const PRESSED = 'a, button, label, summary, [role=button]', LONGEST_MS = 5000, CLICK_MS = 50;
    let held = false, end, told = [];
    const hold = socket => {
        if (!socket || socket.held) return;
        socket.held = socket.onevent;
        socket.onevent = packet => held ? told.push([socket, packet]) : socket.held(packet);
    };
    const release = () => {
        held = false;
        for (const [socket, packet] of told.splice(0)) socket.held(packet);
    };
    const within = ms => {
        clearTimeout(end);
        end = setTimeout(release, ms);
    };
    addEventListener('pointerdown', event => {
        if (!event.target.closest?.(PRESSED)) return;
        hold(window.socket);
        held = true;
        within(LONGEST_MS);
    }, true);
    for (const type of ['pointerup', 'pointercancel']) addEventListener(type, () => held && within(CLICK_MS), true);
})()"""


def build() -> None:
    """In a page's head: what keeps its clicks."""
    ui.add_head_html(f"<script>{SCRIPT}</script>")
