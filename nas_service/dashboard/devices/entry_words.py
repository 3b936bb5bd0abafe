"""Entries of latency tables in words. Pure: plain text, to be shown as such."""

from __future__ import annotations

from collections.abc import Sequence

from nas_service.api.table_views import EntryView

from .. import wording


def spelled(key: str) -> tuple[str, str]:
    """An op's key as what it is and the map that it reads, and its other properties with the channels that it gives."""
    op = wording.keyed(key)
    given = op.fields.get("out_channels", op.fields.get("outputs"))
    channels = "" if given is None else f"gives {given}"
    return " ".join(filter(None, (wording.title(op), wording.reads(op)))), " · ".join(
        filter(None, (channels, wording.details(op)))
    )


def digits(latency_ms: float) -> str:
    """Three that say something, for ops take microseconds or seconds."""
    return f"{latency_ms:,.0f}" if latency_ms >= 100 else f"{latency_ms:#.3g}"


def cost(entry: EntryView) -> str:
    """With its spread."""
    return f"{digits(entry.latency_ms)} ± {entry.spread_ms:.1g} ms"


def maps(smallest: Sequence[int] | None, largest: Sequence[int] | None) -> str:
    """From the smallest map to the largest one; one of them where they are the same."""
    told = dict.fromkeys(wording.shape(shape) for shape in (smallest, largest) if shape)
    return " to ".join(told) or "–"


def spread(entry: EntryView) -> str:
    """Of its measurements, as a share of what it costs."""
    return f"{entry.spread_ms / entry.latency_ms:.1%}"
