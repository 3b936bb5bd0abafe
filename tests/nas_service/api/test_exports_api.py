"""Exports over HTTP: offered only after every check has passed."""

from __future__ import annotations

import httpx
import pytest
from services import CARD, ENDLESS, INT8, MODEL, SCRIPT, SPEC, Live

from nas_service.client import ApiError, Client


def test_the_best_candidate_is_exported_and_its_files_come_as_stored(client: Client, finished: str) -> None:
    export = client.wait_for_export(client.export_best(finished, epochs=2).id)
    assert export.candidate_id == client.job(finished).incumbent
    assert (export.state, export.epochs, export.files) == ("completed", 2, ["model.onnx", "model_card.md"])
    assert client.download(export.id, "model.onnx") == MODEL
    assert client.download(export.id, "model_card.md") == CARD
    assert export.id in {listed.id for listed in client.exports(finished)}


def test_any_candidate_can_be_exported_for_as_long_as_a_trial_took(client: Client, finished: str) -> None:
    worst = list(client.candidates(finished, order="reward"))[-1]
    export = client.wait_for_export(client.export(worst.id).id)
    assert (export.candidate_id, export.epochs) == (worst.id, 1)


def test_the_forms_that_were_asked_for_reach_the_worker(client: Client, finished: str) -> None:
    """The worker of these tests makes an int8 file when told to, and a script when told to normalise."""
    worst = list(client.candidates(finished, order="reward"))[-1]
    both = client.wait_for_export(client.export(worst.id, int8=True, normalise=True).id)
    only = client.wait_for_export(client.export_best(finished, normalise=True).id)
    assert (both.int8, both.normalise, only.int8, only.normalise) == (True, True, False, True)
    assert both.files == ["model.onnx", "model_card.md", "model_int8.onnx", "run.py"]
    assert only.files == ["model.onnx", "model_card.md", "run.py"]
    assert client.download(both.id, "model_int8.onnx") == INT8
    assert client.download(both.id, "run.py") == SCRIPT


def test_a_candidate_over_a_limit_can_be_exported_too(client: Client, finished: str) -> None:
    over = next(client.candidates(finished, state="infeasible"))
    assert client.wait_for_export(client.export(over.id).id).state == "completed"


@pytest.mark.parametrize("name", ["model_int8.onnx", "model_int4.onnx", "..onnx"])
def test_a_file_that_an_export_has_not_is_not_found(client: Client, finished: str, name: str) -> None:
    export = client.wait_for_export(client.export_best(finished).id)
    with pytest.raises(ApiError, match=r"it has: model.onnx, model_card.md") as refusal:
        client.download(export.id, name)
    assert refusal.value.status == 404


def test_every_kind_of_file_says_what_it_is(http: httpx.Client, client: Client, finished: str) -> None:
    export = client.wait_for_export(client.export_best(finished, int8=True, normalise=True).id)
    types = {name: http.get(f"/api/v1/exports/{export.id}/{name}").headers["content-type"] for name in export.files}
    assert types["model_int8.onnx"] == types["model.onnx"] == "application/octet-stream"
    assert types["run.py"].startswith("text/x-python")
    assert types["model_card.md"].startswith("text/markdown")


def test_no_file_is_offered_before_the_checks_have_passed(client: Client, live: Live, finished: str) -> None:
    live.workers.open.clear()
    export = client.export_best(finished)
    with pytest.raises(ApiError, match="once every check has passed") as refusal:
        client.download(export.id, "model.onnx")
    assert refusal.value.status == 409
    live.workers.open.set()
    client.wait_for_export(export.id)
    assert client.download(export.id, "model.onnx") == MODEL


def test_a_job_without_a_winner_has_nothing_to_export(client: Client, live: Live) -> None:
    live.workers.open.clear()
    job = client.submit(ENDLESS | {"seed": 5}).id
    with pytest.raises(ApiError, match="no best one") as refusal:
        client.export_best(job)
    assert refusal.value.status == 409
    client.cancel(job)
    live.workers.open.set()


def test_a_file_that_is_no_longer_kept_is_not_found(client: Client, live: Live, finished: str) -> None:
    export = client.wait_for_export(client.export_best(finished).id)
    artifacts = live.app.state.service.artifacts
    for name, _ in list(artifacts.sizes()):
        artifacts.delete(name)
    with pytest.raises(ApiError, match="export the candidate again") as refusal:
        client.download(export.id, "model.onnx")
    assert refusal.value.status == 404


def test_a_download_has_a_name_of_its_own(http: httpx.Client, client: Client, finished: str) -> None:
    export = client.wait_for_export(client.export_best(finished).id)
    headers = http.get(f"/api/v1/exports/{export.id}/model.onnx").headers
    assert headers["content-disposition"] == f'attachment; filename="{export.id}-model.onnx"'


@pytest.fixture
def evolved(client: Client) -> str:
    """A job of weight agnostic networks that has ended."""
    spec = SPEC | {
        "space": {"name": "wann"},
        "task": {"name": "cartpole-swingup", "max_steps": 20, "repetitions": 1},
        "objective": {"reward": "metric", "cost": "params"},
        "budget": {"trials": 2},
    }
    return client.wait(client.submit(spec).id).id


def test_weights_of_a_weight_agnostic_network_are_tuned_unless_told_not_to(client: Client, evolved: str) -> None:
    assert client.export_best(evolved).epochs == 400
    assert client.export_best(evolved, epochs=0).epochs == 0


@pytest.mark.parametrize("form", ["int8", "normalise"])
def test_a_task_without_images_has_no_such_files(client: Client, evolved: str, form: str) -> None:
    with pytest.raises(ApiError, match="has no images") as refusal:
        client.export_best(evolved, **{form: True})
    assert refusal.value.status == 422
