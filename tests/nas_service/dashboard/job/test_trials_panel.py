"""Which trials under way are shown, and what is said of all of them."""

from __future__ import annotations

from told_views import job, trial

from nas_service.dashboard.job.trials_panel import SHOWN, chosen, told


def test_running_trials_come_before_waiting_ones() -> None:
    trials = [trial(number=1, state="queued"), trial(number=2, waits="no room"), trial(number=4), trial(number=3)]
    assert [one.number for one in chosen(trials)] == [3, 4, 1, 2]
    assert len(chosen([trial(number=n) for n in range(40)])) == SHOWN


def test_waiting_trials_say_why() -> None:
    trials = [trial(), trial(waits="no free slot"), trial(waits="no free slot"), trial(state="queued")]
    assert told(job(), trials, more=False) == "1 runs; 2 wait: no free slot; 1 waits: it will be sent to a worker."
    assert told(job(reason="paused"), trials[3:], more=False) == "0 run; 1 waits: paused."


def test_those_that_are_not_shown_are_counted() -> None:
    many = [trial(number=n) for n in range(SHOWN + 1)]
    assert told(job(), many, more=False) == f"{SHOWN + 1} run. The first {SHOWN} are shown."
    assert told(job(), many, more=True).startswith(f"More than {SHOWN + 1} trials, of which {SHOWN + 1} run")


def test_a_job_without_trials_says_why() -> None:
    assert told(job(), [], more=False) == "No trial is under way."
    assert told(job(reason="no free slot"), [], more=False) == "No trial is under way: no free slot."
