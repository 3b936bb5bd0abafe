"""Rewards, limits and the refusals of objectives that could not be computed."""

from __future__ import annotations

from typing import Any

import pytest

from nas_service.errors import InvalidSpec
from nas_service.objective import Objective, mnasnet_reward
from nas_service.spec import Exponents, ObjectiveSpec
from workers.tasks import Metric

SOFT = Exponents(under=-0.07, over=-0.07)
HARD = Exponents(under=0, over=-1)
ACCURACY = Metric("val_accuracy", "maximize", (0.0, 1.0))
LOSS = Metric("val_loss", "minimize")
ERROR_RATE = Metric("val_error", "minimize", (0.0, 1.0))


def objective(metric: str = "val_accuracy", **spec: Any) -> Objective:
    return Objective.of(ObjectiveSpec(**spec), (ACCURACY, LOSS, ERROR_RATE), metric)


@pytest.mark.parametrize(
    ("exponents", "latency_ms", "reward"),
    [
        (SOFT, 80, 0.5),
        (SOFT, 160, 0.476319),
        (SOFT, 40, 0.524858),
        (HARD, 40, 0.5),
        (HARD, 80, 0.5),
        (HARD, 160, 0.25),
    ],
)
def test_published_rewards(exponents: Exponents, latency_ms: float, reward: float) -> None:
    """ACC 0.5 at T = 80 ms (arXiv 1807.11626, eq. 2 and 3)."""
    assert mnasnet_reward(0.5, latency_ms, 80, exponents) == pytest.approx(reward, abs=5e-7)
    made = objective(cost="latency_ms", target=80, exponents=exponents)
    assert made.reward({"val_accuracy": 0.5, "latency_ms": latency_ms}) == pytest.approx(reward, abs=5e-7)


def test_default_exponents_are_the_soft_ones() -> None:
    assert ObjectiveSpec().exponents == SOFT


def test_a_limit_serves_as_the_target() -> None:
    made = objective(cost="macs", limits={"macs": 1e6})
    assert made.spec.target == 1e6
    assert made.reward({"val_accuracy": 0.5, "macs": 1e6}) == 0.5


@pytest.mark.parametrize(
    ("metrics", "violated"),
    [
        ({"latency_ms": 0.4}, None),
        ({"latency_ms": 0.41}, "latency_ms 0.41 is over the limit of 0.4"),
        ({"latency_ms": 0.38, "latency_error_ms": 0.019}, None),
        ({"latency_ms": 0.38, "latency_error_ms": 0.03}, "latency_ms 0.38 ± 0.03 may exceed the limit of 0.4"),
        ({"params": 2e6, "macs": 9e9}, None),
        ({"params": 2e6 + 1}, "params 2,000,001 is over the limit of 2,000,000"),
        ({}, None),
    ],
)
def test_limits(metrics: dict[str, float], violated: str | None) -> None:
    made = objective(target=0.3, limits={"latency_ms": 0.4, "params": 2e6})
    assert made.violation(metrics) == violated


def test_a_metric_that_is_to_be_small() -> None:
    made = objective("val_loss", reward="metric", cost="macs")
    assert made.reward({"val_loss": 0.7}) == -0.7
    assert made.point({"val_loss": 0.7, "macs": 5.0}) == (-0.7, 5.0)


def test_reward_metric_and_pareto_are_the_metric_itself() -> None:
    for reward in ("metric", "pareto"):
        assert objective(reward=reward, cost="macs").reward({"val_accuracy": 0.7, "macs": 5.0}) == 0.7


def test_every_reward_reads_the_cost_of_the_front() -> None:
    assert objective(reward="metric", cost="macs", limits={"params": 1.0}).names == {"macs", "params"}


@pytest.mark.parametrize(
    ("metric", "spec", "field"),
    [
        ("val_f1", {"target": 1}, "task.metric"),
        ("val_accuracy", {"target": 1, "cost": "energy_mj"}, "objective.cost"),
        ("val_accuracy", {"target": 1, "limits": {"watts": 3}}, "objective.limits.watts"),
        ("val_accuracy", {"cost": "macs"}, "objective.target"),
        ("val_loss", {"target": 1}, "objective.reward"),
        ("val_error", {"target": 1}, "objective.reward"),
    ],
)
def test_refusals_name_the_field(metric: str, spec: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidSpec) as refused:
        objective(metric, **spec)
    assert refused.value.field == field
