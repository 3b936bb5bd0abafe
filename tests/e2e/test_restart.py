"""kill -9 of the service in the middle of a search: it is started again, and who watched sees every event once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from digits_search import STEADY
from processes import Server

TRIALS = 10


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Server]:
    """A service of its own, with Ray, that a test may kill."""
    running = Server(tmp_path)
    running.start()
    yield running
    running.stop()


def test_a_stream_goes_on_across_a_killed_service(mortal: Server) -> None:
    with mortal.client() as client:
        job = client.submit(STEADY | {"budget": {"trials": TRIALS}}).id
        stream = client.events(job)
        seen = [next(stream)]
        while sum(event.type == "trial" for event in seen) < 3:
            seen.append(next(stream))
        mortal.kill()
        mortal.start()
        seen += stream  # the client takes the stream up again by itself, after the last event it saw
        done = client.job(job)
        replayed = list(client.events(job, after=seen[4].seq))
        trials = list(client.trials(job, state="completed"))
    ended = [event.data["trial"] for event in seen if event.type == "trial"]
    assert [event.seq for event in seen] == list(range(1, len(seen) + 1))
    assert replayed == seen[5:]
    assert (done.state, done.completed, done.failed) == ("finished", TRIALS, 0)
    assert sorted(ended) == sorted({trial.id for trial in trials})
