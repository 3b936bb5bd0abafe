"""docs/jobs.md, followed word by word."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from guides import follow, steps
from services import Live

from nas_service.client import Client


def test_the_guide_works(live: Live, client: Client, tmp_path: Path) -> None:
    scripts = tmp_path / "bin"
    scripts.mkdir()
    (scripts / "nas").write_text(f'#!/bin/sh\nexec {sys.executable} -m nas_service "$@"\n')
    (scripts / "nas").chmod(0o755)
    environment = os.environ | {"NAS_SERVER": live.url, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"}
    said = "\n".join(follow(step, tmp_path, environment) for step in steps("jobs.md"))
    assert "of 1,000 sampled architectures meet the limits" in said
    assert "it ends after 30 trials" in said
    assert "is finished: all 30 trials of the budget have ended" in said
    assert "is deleted" in said
    assert "would be collected" in said
    assert "begins     with 10 networks of" in said
    assert "candidates each the intervals" in said
    beside, warm, copy, urgent = (client.job(job.id) for job in client.jobs())
    assert [copy.id, warm.id] == [(tmp_path / name).read_text().strip() for name in ("copy.txt", "warm.txt")]
    assert (copy.trials_budget, copy.strategy) == (5, "random")
    assert (urgent.priority, urgent.state) == (10, "cancelled")
    assert len(warm.spec["warm_start"]["resolved"]) == 10
    assert (beside.name, beside.spec["control"]) == ("beside chance", {"name": "random", "share": 0.2})
