"""Which trials under way are shown, and what is said of all of them."""

from __future__ import annotations

from told_views import job, trial

from nas_service.dashboard.job.trials_panel import SHOWN, chosen, held, placed, told


def test_running_trials_come_before_waiting_ones() -> None:
    trials = [trial(number=1, state="queued"), trial(number=2, waits="no room"), trial(number=4), trial(number=3)]
    assert [one.number for one in chosen(trials)] == [3, 4, 1, 2]
    assert len(chosen([trial(number=n) for n in range(40)])) == SHOWN


def test_waiting_trials_say_why() -> None:
    trials = [trial(), trial(waits="no free slot"), trial(waits="no free slot"), trial(state="queued")]
    assert (
        told(job(), trials, more=False) == "1 trial runs; 2 wait: no free slot; 1 waits: it will be sent to a worker."
    )
    assert told(job(reason="paused"), trials[3:], more=False) == "0 trials run; 1 waits: paused."


def test_those_that_are_not_shown_are_counted() -> None:
    many = [trial(number=n) for n in range(SHOWN + 1)]
    assert told(job(), many, more=False) == f"{SHOWN + 1} trials run. The first {SHOWN} are shown."
    assert told(job(), many, more=True).startswith(f"More than {SHOWN + 1} trials, of which {SHOWN + 1} run")


def test_what_running_trials_hold_is_told_by_machine() -> None:
    asks = job(spec={"workers": {"cpus": 1, "gpus": 0.5}})
    trials = [trial(worker=name) for name in ("node-a", "node-b", "node-a")]
    waiting = trial(state="queued", worker=None, waits="no free slot", started_at=None)
    assert held(asks, [*trials, waiting]) == "1 CPU and 0.5 GPUs each · 2 on node-a, 1 on node-b"
    assert held(asks, [waiting]) == ""
    assert held(job(spec={"workers": {"cpus": 2, "gpus": 0}}), trials[:1]) == "2 CPUs each · 1 on node-a"


def test_of_many_machines_those_with_most_trials_are_named() -> None:
    many = [trial(worker=f"node-{n % 6}") for n in range(12)]
    assert held(job(spec={"workers": {"cpus": 1, "gpus": 0}}), many).endswith(", 4 on 2 more machines")


def test_a_job_without_trials_says_why() -> None:
    assert told(job(), [], more=False) == "No trial is under way."
    assert told(job(reason="no free slot"), [], more=False) == "No trial is under way: no free slot."


def test_cards_stay_where_they_are_while_their_trials_run() -> None:
    before = placed({}, ["a", "b", "c"])
    assert before == {"a": 0, "b": 1, "c": 2}
    assert placed(before, ["a", "c", "d"]) == {"a": 0, "c": 2, "d": 1}
    assert sorted(placed(before, ["c", "a"]).values()) == [0, 1]  # of fewer trials none stands apart
    assert placed(before, []) == {}
