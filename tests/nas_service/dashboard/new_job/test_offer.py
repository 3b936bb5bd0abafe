"""Where a new job begins: with a small search that runs, or with another job's spec, written short."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from services import SPEC

from nas_service.admission import admit
from nas_service.api.device_views import DeviceView
from nas_service.api.routes import catalogue
from nas_service.dashboard.new_job.offer import Offer

TABLES = Path("/nowhere")


@pytest.fixture(scope="module")
def offer() -> Offer:
    lists = {"space": catalogue.spaces(), "task": catalogue.tasks(), "strategy": catalogue.strategies()}
    named = {part: {entry.name: entry for entry in entries} for part, entries in lists.items()}
    return Offer(named, (), catalogue.spec_schema())


def test_without_a_device_the_first_spec_counts_and_can_be_submitted(offer: Offer) -> None:
    first = offer.first_spec()
    assert "device" not in first
    assert admit(first, TABLES).spec.objective.limits == {"macs": 2_000_000}


def test_the_first_spec_is_for_a_device_that_can_be_used(offer: Offer) -> None:
    devices = [
        DeviceView(name=name, threads=2, hash="h", ops=1, facts={}, problem=problem)
        for name, problem in (("old", "another runtime"), ("pi", ""))
    ]
    first = replace(offer, devices=tuple(devices)).first_spec()
    assert first["device"] == {"name": "pi", "threads": 2}
    assert first["objective"].keys() == {"limits"}


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"objective": {"cost": "macs", "limits": {"macs": 5e6}}},
        {"control": "random", "early_stopping": {"factor": 2}, "measure": None, "seed": 3},
        {"strategy": {"name": "random"}, "workers": {"cpus": 2}, "budget": {"trials": 30, "hours": 2}},
    ],
)
def test_a_stored_spec_is_written_short_and_means_the_same(offer: Offer, parts: dict[str, Any]) -> None:
    stored = admit(SPEC | {"task": {"name": "digits", "epochs": 2}} | parts, TABLES).filled_in
    short = offer.shortened(stored)
    assert admit(short, TABLES).filled_in == stored
    assert not {"seed", "priority", "warm_start", "webhook"} & (short.keys() - parts.keys())
    assert short["task"] == {"name": "digits", "epochs": 2}
    assert short["space"]["options"].keys() == {"backbone", "resolution"}


def test_what_the_service_fills_in_is_not_asked_for(offer: Offer) -> None:
    assert "content" not in {field.name for field in offer.fields("task", "npz")}
    assert "resolved" not in {field.name for part in offer.parts() for field in part.fields}


@pytest.mark.parametrize("name", ["nope", None, ["a"], {"b": 1}])
def test_what_is_not_offered_has_no_options(offer: Offer, name: Any) -> None:
    assert offer.fields("space", name) == ()
    assert offer.summary("space", name) == ""
