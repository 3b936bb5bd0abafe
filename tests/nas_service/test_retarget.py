"""A search seen from another device or under other limits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from searches import TABLES, Lab, spec

from nas_service.admission import parse
from nas_service.errors import InvalidSpec, ServiceError
from nas_service.retarget import Known, retarget, retargeted_spec
from nas_service.search import Search
from nas_service.store import candidates, jobs


@pytest.fixture
def lab(make_lab: Callable[..., Lab]) -> Lab:
    return make_lab()


def known(lab: Lab, job_id: str = "j") -> list[Known]:
    with lab.store.read() as conn:
        rows = candidates.genotypes(conn, job_id)
        return [Known(r.id, r.number, r.genotype, r.metrics if r.full else None) for r in rows]


def changed(lab: Lab, **patch: Any) -> Search:
    return Search.prepare(parse(retargeted_spec(lab.job().spec, patch)), TABLES)


def test_the_same_objective_finds_the_same_best_and_the_same_front(lab: Lab) -> None:
    job = lab.run(spec(30))
    found = retarget(changed(lab, objective={"cost": "macs"}), known(lab))
    assert found.best is not None
    assert (found.best.id, found.best.reward) == (job.incumbent, job.best_reward)
    assert (found.evaluated, found.feasible, found.untried, found.unpriced) == (30, 30, 0, 0)
    assert [one.cost for one in found.front] == sorted(one.cost for one in found.front)


def test_a_tighter_limit_leaves_what_meets_it_and_moves_the_target(lab: Lab) -> None:
    lab.run(spec(30))
    everything = known(lab)
    costs = sorted(one.metrics["macs"] for one in everything if one.metrics)
    search = changed(lab, objective={"limits": {"macs": costs[10]}, "target": None})
    assert search.objective.spec.target == costs[10]
    found = retarget(search, everything)
    assert found.feasible == 11
    assert found.best is not None
    assert found.best.cost <= costs[10]


def test_a_wider_limit_counts_what_was_never_trained(lab: Lab) -> None:
    lab.run(spec(30, objective={"cost": "macs", "limits": {"macs": 400_000.0}}))
    found = retarget(changed(lab, objective={"limits": {"macs": 1e9}}), known(lab))
    refused = lab.job().infeasible
    assert refused > 0
    assert 0 < found.untried <= refused
    assert found.evaluated == found.feasible


def test_nothing_that_meets_the_limit_is_no_best(lab: Lab) -> None:
    lab.run(spec(5))
    found = retarget(changed(lab, objective={"limits": {"macs": 1.0}}), known(lab))
    assert (found.feasible, found.best, found.front) == (0, None, [])


def test_nothing_of_the_job_changes(lab: Lab) -> None:
    before = lab.run(spec(5))
    retarget(changed(lab, objective={"limits": {"macs": 1e9}}), known(lab))
    with lab.store.read() as conn:
        assert jobs.get(conn, "j") == before


@pytest.mark.parametrize("part", ["task", "space", "strategy", "budget", "seed", "what"])
def test_only_device_and_objective_change(lab: Lab, part: str) -> None:
    lab.run(spec(3))
    with pytest.raises(ServiceError, match="clone") as refused:
        retargeted_spec(lab.job().spec, {part: {}})
    assert refused.value.field == part


def test_no_change_is_refused(lab: Lab) -> None:
    lab.run(spec(3))
    with pytest.raises(ServiceError, match="say what is to be different"):
        retargeted_spec(lab.job().spec, {})


def test_a_device_without_a_table_is_refused(lab: Lab, tmp_path: Path) -> None:
    lab.run(spec(3))
    patch = {"device": {"name": "pi4"}, "objective": {"cost": "latency_ms", "target": 3}}
    with pytest.raises(InvalidSpec, match="nas device profile pi4") as refused:
        Search.prepare(parse(retargeted_spec(lab.job().spec, patch)), tmp_path)
    assert refused.value.field == "device.name"
