"""Networks that tests measure again and again, each exported once in a process: that takes longer than measuring."""

from __future__ import annotations

from functools import cache

import pytest

from latency_tables import subjects

CACHED = {exports.__name__: cache(exports) for exports in (subjects.export_copies, subjects.export_network)}


def once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, cached in CACHED.items():
        monkeypatch.setattr(subjects, name, cached)
