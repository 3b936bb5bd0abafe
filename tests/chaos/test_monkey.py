"""The short form of `make chaos`, which see."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


def test_a_few_random_deaths_lose_nothing() -> None:
    program = Path(__file__).with_name("monkey.py")
    ended = subprocess.run(
        [sys.executable, program, "--blows", "4", "--seed", "3", "--json"], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    report = json.loads(ended.stdout.splitlines()[-1])
    assert report["found"] == []
    assert report["killed"] == {"coordinator": 1, "worker": 1, "node": 1, "database": 1}
    assert report["hindered"] == {"connections cut": 1, "coordinator stopped": 1, "disk full": 1}
    assert report["replayed"] > 0
