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
    assert "95 % interval" in said
    jobs = {name: client.job((tmp_path / f"{name}.txt").read_text().strip()) for name in ("copy", "warm", "beside")}
    assert {job.id for job in client.jobs()} == {job.id for job in jobs.values()}
    assert (jobs["copy"].trials_budget, jobs["copy"].strategy) == (5, "random")
    assert len(jobs["warm"].spec["warm_start"]["resolved"]) == 10
    assert jobs["beside"].spec["control"] == {"name": "random", "share": 0.2}
