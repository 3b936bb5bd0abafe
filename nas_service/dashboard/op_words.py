"""Entries of latency tables in words. Pure: plain text, to be shown as such."""

from __future__ import annotations

from collections.abc import Sequence

from nas_service.api.table_views import EntryView

SILENT = (("stride", "1"), ("se_gate", "hard_sigmoid"))  # as they mostly are


def spelled(key: str) -> tuple[str, str]:
    """An op's key as its kind with the map that it reads, and its other properties, those that say nothing left out."""
    kind, _, rest = key.removesuffix(")").partition("(")
    values = dict(part.partition("=")[::2] for part in rest.split(",") if "=" in part)
    read = values.pop("in_shape", "").replace("x", "×")
    gated = values.get("se_channels", "0") != "0"
    told = [
        f"{name.replace('_', ' ')} {value}"
        for name, value in values.items()
        if (name, value) not in SILENT and value not in ("", "0", "none") and (gated or name != "se_gate")
    ]
    return f"{kind} {read}".strip(), " · ".join(told)


def digits(latency_ms: float) -> str:
    """Three that say something, for ops take microseconds or seconds."""
    return f"{latency_ms:,.0f}" if latency_ms >= 100 else f"{latency_ms:#.3g}"


def cost(entry: EntryView) -> str:
    """With its spread."""
    return f"{digits(entry.latency_ms)} ± {entry.spread_ms:.1g} ms"


def maps(smallest: Sequence[int] | None, largest: Sequence[int] | None) -> str:
    """From the smallest map to the largest one; one of them where they are the same."""
    told = dict.fromkeys("×".join(map(str, shape)) for shape in (smallest, largest) if shape)
    return " to ".join(told) or "–"


def spread(entry: EntryView) -> str:
    """Of its measurements, as a share of what it costs."""
    return f"{entry.spread_ms / entry.latency_ms:.1%}"
