"""The journal of visits: what survives a crash, and what does not count any more."""

from __future__ import annotations

import pytest

from latency_tables.journal import Journal
from latency_tables.measure import Visit

FACTS = {"runtime": {"threads": 1}}
FIRST, SECOND = Visit(0.25, 20), Visit(0.5, 10)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "new" / "local-1t.journal"
    journal = Journal(path, FACTS)
    journal.add("a", FIRST)
    journal.add("b", SECOND)
    journal.add("a", SECOND)
    return path


def test_goes_on_where_it_was(path):
    again = Journal(path, FACTS)
    assert again.visits == {"a": [FIRST, SECOND], "b": [SECOND]}
    again.add("b", FIRST)
    assert Journal(path, FACTS).visits["b"] == [SECOND, FIRST]


@pytest.mark.parametrize("cut", [1, 5, 12])
def test_a_line_that_was_cut_off_is_dropped(path, cut):
    """However few bytes of the last line are missing; only its line end may be, then it counts."""
    path.write_bytes(path.read_bytes()[:-cut])
    again = Journal(path, FACTS)
    assert again.visits["a"] == ([FIRST, SECOND] if cut == 1 else [FIRST])
    again.add("c", FIRST)
    assert Journal(path, FACTS).visits["c"] == [FIRST]


@pytest.mark.parametrize("damage", [b"\x00\x00\x00\n", b"3\n", b"[1, 2]\n", b"\xff\xfe\n"])
def test_what_follows_damage_is_dropped(path, damage):
    path.write_bytes(path.read_bytes() + damage + b'["d", 1.0, 1]\n')
    assert Journal(path, FACTS).visits == {"a": [FIRST, SECOND], "b": [SECOND]}


def test_other_facts_begin_anew(path):
    assert not Journal(path, {"runtime": {"threads": 2}}).visits
    assert not Journal(path, FACTS).visits


def test_discard_removes_the_file(path):
    Journal(path, FACTS).discard()
    assert not path.exists()


def test_without_a_path_nothing_is_written():
    journal = Journal()
    journal.add("a", FIRST)
    journal.discard()
    assert journal.visits == {"a": [FIRST]}
