"""Follows a guide as a reader does: files are written, commands and programs are run, in order, each must succeed.

A fenced block `yaml NAME` is a file to write; each `$ ` line of a `console` block a command; a `python` block a
program. Other blocks are for reading.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from processes import Server

GUIDES = Path(__file__).parents[2] / "docs"
LONGEST_S = 240
_FENCE = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Step:
    """One thing to do: its language, the file's name where it is one, its text."""

    language: str
    name: str
    text: str


def steps(guide: str) -> Iterator[Step]:
    """The blocks of docs/`guide`, a console block as one step a command."""
    for language, name, text in _FENCE.findall((GUIDES / guide).read_text(encoding="utf-8")):
        if language != "console":
            yield Step(language, name, text)
            continue
        yield from (Step("console", "", line[2:]) for line in text.splitlines() if line.startswith("$ "))


def follow(step: Step, folder: Path, environment: Mapping[str, str]) -> str:
    """Do it in `folder`; what it printed. Raises AssertionError with its output where it fails."""
    if step.name:
        (folder / step.name).write_text(step.text)
        return ""
    if step.language not in ("console", "python"):
        return ""
    command = ["bash", "-c", step.text] if step.language == "console" else [sys.executable, "-c", step.text]
    done = subprocess.run(
        command, cwd=folder, env=dict(environment), capture_output=True, text=True, timeout=LONGEST_S, check=False
    )
    assert done.returncode == 0, f"{step.text}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    return done.stdout


def surroundings(service: Server) -> dict[str, str]:
    """`nas` on the path, at the port of this service."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return service.environment | {"PATH": path, "NAS": service.url}


def newest_job(service: Server) -> dict[str, str]:
    """JOB as a reader would set it from what `submit` printed, once it has ended, and BEST, its best candidate."""
    with service.client() as client:
        newest = client.jobs_page(limit=1).items
        if not newest:
            return {}
        job = client.wait(newest[0].id)
        return {"JOB": job.id, "BEST": job.incumbent or ""}
