"""Past events of a kind as the store gives them, on both databases."""

from __future__ import annotations

import pytest
from rows import add_job

from nas_service.store import Store, events

KINDS = {
    "all": [8, 7, 6, 5, 4, 3, 2, 1],
    "ends": [8, 7, 6, 5, 4, 2, 1],
    "job": [8, 7, 6, 1],
    "failures": [7, 6, 5],
}


@pytest.mark.parametrize("looked_through", [3, 1000])
@pytest.mark.parametrize("kind", events.KINDS)
def test_past_events_of_a_kind_newest_first(
    store: Store, kind: events.Kind, looked_through: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "LOOKED_THROUGH", looked_through)
    told: list[tuple[str, dict[str, object]]] = [
        ("trial", {"state": "completed"}),
        ("epoch", {"state": "failed"}),
        ("trials", {"completed": 3}),
        ("trial", {"state": "failed"}),
        ("export", {"state": "failed"}),
        ("webhook", {"delivered": False}),
        ("webhook", {"delivered": True}),
    ]
    with store.write() as conn:
        add_job(conn)
        events.append(conn, "j", 1.0, told)
    found: list[int] = []
    below: int | None = 9
    with store.read() as conn:
        while below is not None:
            page, below = events.before(conn, "j", below, kind=kind, limit=2)
            found += [event.seq for event in page]
        assert found == KINDS[kind]
        assert events.before(conn, "j", 9, after=7, kind="all", limit=5)[0][0].seq == 8
        assert events.before(conn, "j", 9, after=8, kind="all", limit=5) == ([], None)
