"""Keeping other processes out: real ones, that live, end and are killed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from device_agent.files import Taken, alone

CHILD = """
import sys
from pathlib import Path
from device_agent.files import alone
with alone(Path(sys.argv[1]), "profile"):
    print("at it", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another(path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that is at it until its input ends."""
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "at it\n"
        yield process
        process.kill()


def test_a_second_process_is_told_which_one_is_at_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "local-1t.lock"
    with another(path) as first:
        message = rf"another profile is under way, process {first.pid}; wait for its end"
        with pytest.raises(Taken, match=message), alone(path, "profile"):
            pass
        first.communicate()  # its input ends, and it with that
        with alone(path, "profile"):
            assert path.read_text() == str(os.getpid())
    assert not path.exists()


def test_a_process_that_was_killed_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "local-1t.lock"
    with another(path) as first:
        first.kill()
        first.wait()
        assert path.exists()
        with alone(path, "profile"):
            assert path.read_text() == str(os.getpid())


def test_what_fails_lets_others_in(tmp_path: Path) -> None:
    path = tmp_path / "local-1t.lock"
    with pytest.raises(KeyError), alone(path, "profile"):
        raise KeyError
    with alone(path, "profile"), pytest.raises(Taken, match=f"process {os.getpid()};"), alone(path, "profile"):
        pass
