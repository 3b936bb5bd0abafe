"""Columns of `ui.table`: text wraps on the left, numbers stand on the right and in one line."""

from __future__ import annotations

from typing import Any

LINK = '<q-td :props="props"><a :href="props.row.page">{{ props.value }}</a></q-td>'  # to the page of the row


def text(name: str, label: str, *, wide: bool = False) -> dict[str, Any]:
    """With `wide`, not on a narrow screen."""
    return _column(name, label, "left", "text", wide=wide)


def word(name: str, label: str) -> dict[str, Any]:
    """Text that does not wrap."""
    return _column(name, label, "left", "number", wide=False)


def number(name: str, label: str, *, wide: bool = False) -> dict[str, Any]:
    """With `wide`, not on a narrow screen."""
    return _column(name, label, "right", "number", wide=wide)


def _column(name: str, label: str, align: str, classes: str, *, wide: bool) -> dict[str, Any]:
    hidden = " wide" if wide else ""
    return {
        "name": name,
        "label": label,
        "field": name,
        "align": align,
        "classes": classes + hidden,
        "headerClasses": hidden.strip(),
    }
