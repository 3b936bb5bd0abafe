"""What operators watch: metrics, readiness, the dashboard that is drawn from them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import httpx
import pytest
import services
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families
from services import Live
from sqlalchemy.exc import OperationalError

DASHBOARD = Path(__file__).parents[3] / "docs" / "grafana.json"


def scraped(url: str) -> dict[str, dict[str, float]]:
    """Sample name -> labels, as text, -> value."""
    found: dict[str, dict[str, float]] = {}
    for family in text_string_to_metric_families(httpx.get(f"{url}/metrics").text):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found.setdefault(sample.name, {})[labels] = sample.value
    return found


def test_the_numbers_are_those_of_the_service(live: Live, finished: str) -> None:
    found = scraped(live.url)
    assert found["nas_jobs"]["state=finished"] == 1
    assert found["nas_trials"]["state=completed"] == 20
    for state in ("queued", "running", "failed", "stopped", "cancelled"):
        assert found["nas_trials"][f"state={state}"] == 0
    for name in ("nas_requests_queued", "nas_requests_in_flight"):
        assert found[name] == {"kind=evaluate": 0, "kind=export": 0}
    assert found["nas_coordinator_step_seconds_count"][""] > 1
    assert found["nas_database_transaction_seconds_count"]["kind=write"] > 20
    assert found["nas_database_transaction_seconds_count"]["kind=read"] > 20
    causes = ("crash", "disk_full", "lease", "takeover")
    assert found["nas_requests_requeued_total"] == {f"cause={cause}": 0 for cause in causes}
    assert found["nas_reports_late_total"] == {"": 0}
    assert (found["nas_worker_cpus"][""], found["nas_worker_cpus_free"][""]) == (2, 2)
    assert (found["nas_worker_gpus"][""], found["nas_workers"][""]) == (0, 2)
    assert (found["nas_leading"][""], found["nas_database_up"][""]) == (1, 1)


def test_the_dashboard_shows_what_there_is(live: Live) -> None:
    exported = scraped(live.url)
    shown = [target["expr"] for panel in json.loads(DASHBOARD.read_text())["panels"] for target in panel["targets"]]
    named = {name for expression in shown for name in re.findall(r"nas_\w+", expression)}
    assert named - exported.keys() == set()
    whole = {re.sub("_(bucket|count|sum|created)$", "", name) for name in exported if name.startswith("nas_")}
    unwatched = whole - {re.sub("_(bucket|count|sum)$", "", name) for name in named}
    assert {name for name in unwatched if name + "_total" not in named} == set()


def away(app: FastAPI) -> None:
    app.state.service.store.read = Mock(side_effect=OperationalError("SELECT", {}, Exception("connection refused")))


def without_workers(app: FastAPI) -> None:
    dispatcher = app.state.service.dispatcher
    status = replace(dispatcher.cluster(), problem="no node is alive")
    dispatcher.cluster = Mock(return_value=status)


def of_another_schema(app: FastAPI) -> None:
    with app.state.service.store.write() as conn:
        conn.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")


@pytest.mark.parametrize(
    ("change", "check", "said"),
    [
        (away, "database", "does not answer: (builtins.Exception) connection refused"),
        (of_another_schema, "schema", "the database has schema 0001"),
        (without_workers, "workers", "no node is alive"),
    ],
)
def test_what_is_missing_is_said(tmp_path: Path, change: Callable[[FastAPI], None], check: str, said: str) -> None:
    with services.live(tmp_path) as running:
        assert httpx.get(f"{running.url}/readyz").json()["checks"].keys() >= {"database", "schema", "coordinator"}
        httpx.get(f"{running.url}/metrics").raise_for_status()
        change(running.app)
        answer = httpx.get(f"{running.url}/readyz")
        scrape = httpx.get(f"{running.url}/metrics")
    body: dict[str, Any] = answer.json()
    assert (answer.status_code, body["status"], body["ready"]) == (503, 503, False)
    assert answer.headers["content-type"] == "application/problem+json"
    assert said in body["checks"][check]
    assert said in body["detail"]
    assert scrape.status_code == 200
    assert f"nas_database_up {float(change is not away)}" in scrape.text
