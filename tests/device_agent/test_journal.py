"""The journal of visits: what survives a crash, and what does not count any more."""

from __future__ import annotations

import pytest

from device_agent.journal import Journal
from device_agent.measure import Visit

FACTS = {"runtime": {"threads": 1}}
FIRST, SECOND = Visit(0.25, 20), Visit(0.5, 10)
MADE = [("a", FIRST), ("b", SECOND), ("a", SECOND)]


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "new" / "local-1t.journal"
    journal = Journal(path, FACTS)
    for subject, visit in MADE:
        journal.add(subject, visit)
    return path


def test_goes_on_where_it_was(path):
    again = Journal(path, FACTS)
    assert again.made == MADE
    again.add("b", FIRST)
    assert Journal(path, FACTS).made == [*MADE, ("b", FIRST)]


@pytest.mark.parametrize("cut", [1, 5, 12])
def test_a_line_that_was_cut_off_is_dropped(path, cut):
    """However few bytes of the last line are missing; only its line end may be, then it counts."""
    path.write_bytes(path.read_bytes()[:-cut])
    again = Journal(path, FACTS)
    assert again.made == (MADE if cut == 1 else MADE[:-1])
    again.add("c", FIRST)
    assert Journal(path, FACTS).made[-1] == ("c", FIRST)


@pytest.mark.parametrize("damage", [b"\x00\x00\x00\n", b"3\n", b"[1, 2]\n", b"\xff\xfe\n"])
def test_what_follows_damage_is_dropped(path, damage):
    path.write_bytes(path.read_bytes() + damage + b'["d", 1.0, 1]\n')
    assert Journal(path, FACTS).made == MADE


def test_other_facts_begin_anew(path):
    assert not Journal(path, {"runtime": {"threads": 2}}).made
    assert not Journal(path, FACTS).made


def test_discard_removes_the_file(path):
    Journal(path, FACTS).discard()
    assert not path.exists()


def test_without_a_path_nothing_is_written():
    journal = Journal()
    journal.add("a", FIRST)
    journal.discard()
    assert journal.made == [("a", FIRST)]
