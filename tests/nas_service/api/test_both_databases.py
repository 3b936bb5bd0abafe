"""What the API must do alike on SQLite and on PostgreSQL, which is stricter about text and numbers."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import services
from services import ENDLESS, SPEC, Live

from nas_service.client import ApiError, Client


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def live(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    home: Path = tmp_path_factory.mktemp("home")
    database = request.getfixturevalue("postgres").fresh() if request.param == "postgresql" else ""
    with services.live(home, database=database) as running:
        yield running


@pytest.fixture
def held(live: Live) -> Iterator[None]:
    """No trial begins, so no job ends by itself."""
    live.workers.open.clear()
    yield
    live.workers.open.set()


def test_a_job_runs_and_is_read(client: Client) -> None:
    job = client.wait(client.submit(SPEC).id)
    assert (job.state, job.completed) == ("finished", 20)
    points = client.points(job.id)
    assert [points.id[i] for i in points.front] == [c.id for c in client.pareto(job.id)]
    ranked = [c.id for c in client.candidates(job.id, order="reward")]
    page = client.candidates_page(job.id, order="reward", limit=5)
    following = client.candidates_page(job.id, order="reward", limit=100, cursor=page.next)
    assert [c.id for c in page.items + following.items] == ranked


def test_submissions_at_one_moment_with_one_key_make_one_job(client: Client) -> None:
    with ThreadPoolExecutor(8) as pool:
        ids = set(pool.map(lambda _: client.submit(SPEC | {"seed": 4}, idempotency_key="same").id, range(8)))
    assert len(ids) == 1


@pytest.mark.usefixtures("held")
def test_submissions_at_one_moment_all_arrive(client: Client) -> None:
    with ThreadPoolExecutor(8) as pool:
        ids = set(pool.map(lambda seed: client.submit(ENDLESS | {"seed": seed}).id, range(100, 116)))
    assert len(ids) == 16
    for job in ids:
        client.cancel(job)


@pytest.mark.parametrize("name", ["\0", "x" * 70, "é", "a\nb"])
def test_an_id_that_no_column_could_hold_is_not_found(client: Client, name: str) -> None:
    for read in (client.job, client.candidate, client.trial, client.get_export):
        with pytest.raises(ApiError) as refusal:
            read(name)
        assert refusal.value.status == 404


def test_text_that_no_column_could_hold_is_refused(client: Client) -> None:
    with pytest.raises(ApiError, match="NUL"):
        client.submit(SPEC | {"name": "a\0b"})


def test_extensions_at_one_moment_with_one_key_add_once(client: Client) -> None:
    job = client.submit(ENDLESS).id
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: client.extend(job, trials=7, idempotency_key="more"), range(8)))
    assert {extended.trials_budget for extended in made} == {100_007}
    assert client.extend(job, trials=7, idempotency_key="other").trials_budget == 100_014
    with pytest.raises(ApiError, match="was used to add something else") as refusal:
        client.extend(job, trials=8, idempotency_key="more")
    assert refusal.value.status == 409
    client.cancel(job)
    assert client.extend(job, trials=7, idempotency_key="more").state == "cancelled"
