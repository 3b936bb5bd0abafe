"""Jobs over HTTP: their lives, their lists, and what is read from them."""

from __future__ import annotations

import httpx
import pytest
from services import ENDLESS, SPEC, Live

from nas_service.client import ApiError, Client
from nas_service.pareto import pareto_front


def test_a_submitted_job_is_created_at_its_location_with_its_defaults(http: httpx.Client) -> None:
    answer = http.post("/api/v1/jobs", json=SPEC)
    assert answer.status_code == 201
    job = http.get(answer.headers["Location"]).json()
    assert job["id"] == answer.json()["id"]
    assert job["spec"]["strategy"] == {
        "name": "evolution",
        "population": 24,
        "sample": 8,
        "removes": "oldest",
        "inherit": False,
    }
    assert job["spec"]["seed"] == 0
    assert job["fingerprints"]["space"] == 1


def test_an_idempotency_key_makes_one_job(http: httpx.Client) -> None:
    key = {"Idempotency-Key": "once"}
    first, again = (http.post("/api/v1/jobs", json=SPEC, headers=key) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    other = http.post("/api/v1/jobs", json=SPEC | {"seed": 1}, headers=key)
    assert other.status_code == 409
    assert first.json()["id"] in other.json()["detail"]


@pytest.mark.parametrize("key", ["", "x" * 201, "caf\u00e9"])
def test_a_key_that_cannot_be_kept_is_refused(http: httpx.Client, key: str) -> None:
    answer = http.post("/api/v1/jobs", json=SPEC, headers=[(b"Idempotency-Key", key.encode("latin-1"))])
    assert (answer.status_code, answer.json()["field"]) == (422, "Idempotency-Key")


def test_a_list_gives_every_job_once_newest_first(client: Client) -> None:
    mine = [client.submit(SPEC | {"name": f"job {i}", "seed": i}).id for i in range(5)]
    listed, cursor = [], None
    while True:
        page = client.jobs_page(cursor=cursor, limit=2)
        listed += [job.id for job in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert listed[:5] == mine[::-1]
    assert len(set(listed)) == len(listed)


def test_lists_can_be_narrowed_to_a_state(client: Client, finished: str) -> None:
    assert finished in {job.id for job in client.jobs(state="finished")}
    assert finished not in {job.id for job in client.jobs(state="failed")}


def test_lists_can_be_searched_by_a_part_of_the_name_whatever_its_case(client: Client) -> None:
    percent, other = (client.submit(SPEC | {"name": name}).id for name in ("Half: 50% of it", "half: 500 of it"))
    assert [job.id for job in client.jobs(name="HALF: 50")] == [other, percent]
    assert [job.id for job in client.jobs(name="50%")] == [percent]
    assert list(client.jobs(name="no such name")) == []


def test_a_listed_job_has_the_figures_of_its_incumbent_and_its_pace(client: Client, finished: str) -> None:
    listed = next(job for job in client.jobs() if job.id == finished)
    best = client.candidate(listed.incumbent)
    assert (listed.metric, listed.best_value) == ("val_accuracy", best.metrics["val_accuracy"])
    assert listed.best_latency_ms == best.latency_ms
    assert listed.trials_per_minute == pytest.approx(20 / listed.active_seconds * 60, rel=0.051)  # two digits
    assert listed.seconds_left is None
    job = client.job(finished)
    assert (job.trials_per_minute, job.seconds_left) == (listed.trials_per_minute, None)


def test_a_job_can_be_paused_resumed_and_cancelled(client: Client, live: Live) -> None:
    live.workers.open.clear()
    job = client.submit(ENDLESS).id
    assert client.pause(job).state == "paused"
    assert client.pause(job).state == "paused"
    assert client.resume(job).state == "running"
    ended = client.cancel(job)
    assert (ended.state, ended.final) == ("cancelled", True)
    assert client.cancel(job).state == "cancelled"
    live.workers.open.set()
    assert client.trials_page(job).items == []
    with pytest.raises(ApiError, match=r"is cancelled; only a paused one can resume") as refusal:
        client.resume(job)
    assert refusal.value.status == 409


def test_candidates_come_in_pages_as_proposed_or_by_reward(client: Client, finished: str) -> None:
    proposed = list(client.candidates(finished))
    pages = [client.candidates_page(finished, limit=7)]
    while pages[-1].next:
        pages.append(client.candidates_page(finished, limit=7, cursor=pages[-1].next))
    assert [c.id for page in pages for c in page.items] == [c.id for c in proposed]
    assert [c.number for c in proposed] == sorted(c.number for c in proposed)
    ranked = client.candidates_page(finished, order="reward", limit=6)
    rest = client.candidates_page(finished, order="reward", cursor=ranked.next)
    rewards = [c.reward for c in ranked.items + rest.items]
    assert rewards == sorted((c.reward for c in proposed if c.reward is not None), reverse=True)


def test_infeasible_candidates_say_which_limit_they_break(client: Client, finished: str) -> None:
    refused = client.candidates_page(finished, state="infeasible").items
    assert refused
    assert all("over the limit of 5,000,000" in candidate.reason for candidate in refused)


def test_points_are_the_population_and_their_front_is_the_front(client: Client, finished: str) -> None:
    points, front = client.points(finished), client.pareto(finished)
    columns = (points.id, points.value, points.cost, points.reward, points.latency_ms, points.feasible)
    assert {len(column) for column in columns} == {20}
    assert [points.id[i] for i in points.front] == [candidate.id for candidate in front]
    assert points.front == pareto_front(list(zip(points.value, points.cost, strict=True)))
    assert points.cost_name == "macs"


def test_points_are_those_of_a_window_and_few_of_them(client: Client, finished: str) -> None:
    every = client.points(finished)
    middle = sorted(every.cost)[9]
    some = client.points(finished, most=12)
    window = client.points(finished, within=(0, middle, 0, 1))
    assert (len(every.id), len(some.id), len(window.id)) == (20, 12, 10)
    assert {some.id[i] for i in some.front} == {every.id[i] for i in every.front}
    assert (some.total, some.matching, window.total, window.matching) == (20, 20, 20, 10)


@pytest.mark.parametrize(
    ("query", "field"),
    [("most=9", "most"), ("most=20001", "most"), ("within=1,2,3", "within"), ("within=2,1,0,1", "within")],
)
def test_points_that_cannot_be_given_are_refused(http: httpx.Client, finished: str, query: str, field: str) -> None:
    answer = http.get(f"/api/v1/jobs/{finished}/points?{query}")
    assert (answer.status_code, answer.json()["field"]) == (422, field)


def test_points_that_are_known_are_not_sent_again(http: httpx.Client, finished: str) -> None:
    path = f"/api/v1/jobs/{finished}/points?most=12"
    tag = http.get(path).headers["etag"]
    assert http.get(path, headers={"If-None-Match": tag}).status_code == 304


def test_the_incumbent_has_the_best_reward(client: Client, finished: str) -> None:
    job = client.job(finished)
    best = client.candidates_page(finished, order="reward", limit=1).items[0]
    assert (job.incumbent, job.best_reward) == (best.id, best.reward)


def test_a_candidate_shows_its_architecture_lineage_and_trials(client: Client) -> None:
    spec = SPEC | {"strategy": {"name": "evolution", "population": 4, "sample": 2}}
    job = client.wait(client.submit(spec).id)
    child = next(c for c in client.candidates(job.id) if c.parents and c.reward is not None)
    shown = client.candidate(child.id)
    assert sum(op.macs for op in shown.architecture.ops) == child.macs
    assert sum(op.params for op in shown.architecture.ops) == child.params
    assert shown.architecture.ops[0].in_shape == shown.architecture.input_shape
    assert shown.lineage[-1].id == child.parents[0]
    assert shown.lineage[0].parents == []
    assert shown.trials[0].metrics["val_accuracy"] == child.metrics["val_accuracy"]


def test_trials_show_their_learning_curve_and_log(client: Client) -> None:
    job = client.wait(client.submit(SPEC | {"task": {"name": "landscape", "epochs": 3}, "budget": {"trials": 3}}).id)
    trial = client.trials_page(job.id, state="completed").items[0]
    assert [point["epoch"] for point in trial.curve] == [1, 2, 3]
    assert client.trial(trial.id) == trial
    log = client.trial_log(trial.id)
    assert "epoch 3: val_accuracy" in log
    assert "state: completed, 20" in log
    assert "s after its start" in log
    assert "queued 20" in log


def test_open_trials_are_those_under_way(client: Client, live: Live) -> None:
    live.workers.open.clear()
    job = client.submit(ENDLESS | {"seed": 99}).id
    next(event for event in client.events(job) if event.type == "job" and event.data["state"] == "running")
    while not (found := client.trials_page(job).items):
        pass
    assert {trial.state for trial in found} <= {"queued", "running"}
    client.cancel(job)
    live.workers.open.set()


def test_the_catalogue_names_what_a_spec_may_name(client: Client) -> None:
    assert "mobilenetv3" in {space.name for space in client.spaces()}
    assert "mobilenetv3-large" in next(s for s in client.spaces() if s.name == "mobilenetv3").references
    strategies = {strategy.name: strategy.options for strategy in client.strategies()}
    assert strategies["evolution"]["properties"]["population"]["default"] == 24
    assert {"digits", "landscape", "tabular"} <= {task.name for task in client.tasks()}


def test_probes_answer(http: httpx.Client, finished: str) -> None:
    assert http.get("/healthz").json() == {"status": "ok"}
    ready = http.get("/readyz")
    assert (ready.status_code, ready.json()["ready"]) == (200, True)
    text = http.get("/metrics").text
    assert 'nas_jobs{state="finished"}' in text
    assert "nas_leading 1.0" in text
    assert http.get("/api/v1/cluster").json()["leading"] is True


def test_who_has_an_answer_already_is_told_so_without_it(http: httpx.Client, finished: str) -> None:
    first = http.get(f"/api/v1/jobs/{finished}")
    tag = first.headers["ETag"]
    assert first.headers["Cache-Control"] == "private, no-cache"
    again = http.get(f"/api/v1/jobs/{finished}", headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    several = http.get(f"/api/v1/jobs/{finished}", headers={"If-None-Match": f'"other", W/{tag}'})
    assert several.status_code == 304


def test_an_answer_that_is_another_by_now_is_given(http: httpx.Client, client: Client) -> None:
    job = client.submit(ENDLESS)
    tag = http.get(f"/api/v1/jobs/{job.id}").headers["ETag"]
    client.cancel(job.id)
    now = http.get(f"/api/v1/jobs/{job.id}", headers={"If-None-Match": tag})
    assert (now.status_code, now.json()["state"]) == (200, "cancelled")
    assert now.headers["ETag"] != tag


def test_what_is_refused_has_no_tag(http: httpx.Client) -> None:
    assert "ETag" not in http.get("/api/v1/jobs/none").headers
