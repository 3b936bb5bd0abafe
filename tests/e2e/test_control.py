"""Pause, resume and cancel from the command line, in the middle of trials."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from digits_search import ENDLESS, STEADY
from processes import Server

from nas_service.client import Client
from nas_service.commands import main

Written = Callable[[Mapping[str, Any]], Path]


def submitted(server: Server, path: Path) -> str:
    return server.nas("submit", path).strip()


def first_epoch(client: Client, job: str) -> None:
    """Wait until a trial is under way."""
    next(event for event in client.events(job) if event.type == "epoch")


def test_a_paused_job_lets_its_trials_end_and_goes_on_when_resumed(
    server: Server, client: Client, written: Written, capsys: pytest.CaptureFixture[str]
) -> None:
    job = submitted(server, written(STEADY))
    first_epoch(client, job)
    with pytest.raises(SystemExit):  # within this process: another may start for as long as the whole job takes
        main(["pause", job, "--server", server.url])
    assert "is paused" in capsys.readouterr().out
    server.until(lambda: not list(client.trials(job)))
    held = client.job(job)
    assert held.state == "paused"
    assert 0 < held.completed < STEADY["budget"]["trials"]
    assert "is running" in server.nas("resume", job)
    done = client.wait(job)
    assert (done.state, done.completed, done.failed) == ("finished", STEADY["budget"]["trials"], 0)


def test_a_cancelled_job_stops_its_trials_and_gives_the_workers_back(
    server: Server, client: Client, written: Written
) -> None:
    job = submitted(server, written(ENDLESS | {"seed": 1}))
    first_epoch(client, job)
    assert "is cancelled" in server.nas("cancel", job)
    assert {trial.state for trial in client.trials(job, state="cancelled")} == {"cancelled"}
    assert not list(client.trials(job))
    server.until(lambda: client.cluster().free == client.cluster().total)
    assert "cancelled" in server.nas("show", job)


def test_what_is_over_stays_so(server: Server, client: Client, written: Written) -> None:
    job = submitted(server, written(ENDLESS | {"seed": 2}))
    client.cancel(job)
    assert "cancelled" in server.nas("resume", job, code=2)
