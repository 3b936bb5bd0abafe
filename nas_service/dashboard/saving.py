"""Buttons that save what a page shows, as a picture or as the numbers in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from nicegui import ui

from .csv_text import csv_text, file_name

SHARPNESS: Final = 2  # pixels of a saved picture for one on the page
LINES: Final = "'stroke', 'stroke-width', 'stroke-dasharray', 'stroke-linecap'"
LOOKS: Final = f"['fill', {LINES}, 'font-size', 'font-weight', 'opacity']"
SAVE_DRAWING: Final = f"""(shown, name) => {{  // an svg or img, as it is or, where the file is called so, as png
    const png = name.endsWith('.png');
    const behind = getComputedStyle(shown.closest('.sheet') || document.body).backgroundColor;
    const save = address => {{
        const link = document.createElement('a');
        link.href = address;
        link.download = name;
        link.click();
    }};
    const drawn = () => {{  // with the looks that its classes have in the theme of this page
        const copy = shown.cloneNode(true), box = shown.viewBox.baseVal, of = [...copy.querySelectorAll('*')];
        shown.querySelectorAll('*').forEach((one, place) => {{
            const style = getComputedStyle(one);
            for (const look of {LOOKS}) of[place].setAttribute(look, style.getPropertyValue(look));
            of[place].removeAttribute('class');
        }});
        const paper = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
        for (const [key, value] of [['width', '100%'], ['height', '100%'], ['fill', behind]])
            paper.setAttribute(key, value);
        copy.prepend(paper);
        copy.removeAttribute('class');
        copy.setAttribute('width', box.width);
        copy.setAttribute('height', box.height);
        copy.setAttribute('font-family', getComputedStyle(shown).fontFamily);
        return URL.createObjectURL(new Blob([new XMLSerializer().serializeToString(copy)], {{type: 'image/svg+xml'}}));
    }};
    const address = shown.localName === 'svg' ? drawn() : shown.src;
    if (!png) return save(address);
    const image = new Image();
    image.onload = () => {{
        const canvas = document.createElement('canvas'), pen = canvas.getContext('2d');
        canvas.width = {SHARPNESS} * image.width;
        canvas.height = {SHARPNESS} * image.height;
        if (shown.localName === 'img') {{
            pen.fillStyle = getComputedStyle(shown).backgroundColor;
            pen.fillRect(0, 0, canvas.width, canvas.height);
        }}
        pen.drawImage(image, 0, 0, canvas.width, canvas.height);
        canvas.toBlob(blob => save(URL.createObjectURL(blob)));
    }};
    image.src = address;
}}"""


def save_row() -> ui.row:
    """Where the buttons stand, below what they save."""
    return ui.row().classes("saves")


def save_button(name: str, kind: str) -> ui.button:
    """`name` says what is saved, `kind` as what."""
    button = ui.button(kind, color=None).props("flat dense no-caps size=sm").classes("muted")
    button.props["aria-label"] = f"{name} as {kind}"
    return button


def save_numbers(name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """As CSV, at the browser of who looks."""
    ui.download.content(csv_text(rows), file_name(name, "csv"), "text/csv")
