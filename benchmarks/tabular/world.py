"""A job on a table of trained networks, by the service's own rules, one trial at a time: searches that cost nothing."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from nas_service.coordinator.proposing import FRUITLESS_LIMIT
from nas_service.coordinator.results import placed
from nas_service.objective import Objective
from nas_service.spec import ObjectiveSpec
from nas_service.strategies import Outcome, Proposal, Strategy
from search_spaces import Genotype
from search_spaces.choice_space import ChoiceSpace
from workers.tasks.base import Metric

COSTS = ("params", "macs", "latency_ms")
ACCURACY = "val_accuracy"

Metrics = Mapping[str, float]


@dataclass
class World:
    """What a strategy may look up (`strategies.Context`), and what becomes of its proposals.

    `metrics` has every network's accuracy and costs by its hash. A network over a limit is told as infeasible, one that
    was trained before as reused: neither is a trial. After `patience` proposals in a row without a trial, or after
    `proposals` in all, a search ends early, as one that repeats itself.
    """

    space: ChoiceSpace
    metrics: Mapping[str, Metrics]
    objective: Objective
    patience: int = FRUITLESS_LIMIT  # the service's own
    proposals: int | None = None
    budget: int = 0  # trials of the search under way
    told: list[Outcome] = field(default_factory=list)
    trained: dict[Hashable, Outcome] = field(default_factory=dict)  # by `trial`, in their order
    fruitless: int = 0  # proposals in a row that brought no trial

    @property
    def wants_front(self) -> bool:
        return self.objective.spec.reward == "pareto"

    @property
    def next_number(self) -> int:
        return len(self.told)

    @property
    def trials_left(self) -> int:
        return self.budget - len(self.trained)

    def costs(self, genotype: Genotype) -> Metrics:
        found = self.metrics[self.hash(genotype)]
        return {name: found[name] for name in COSTS if name in found}

    def feasible(self, genotype: Genotype) -> bool:
        return self.objective.violation(self.costs(genotype)) is None

    def outcomes(self, numbers: Sequence[int]) -> list[Outcome]:
        return [self.told[number] for number in numbers]

    def awaited(self) -> dict[int, Proposal]:
        return {}

    def search(self, strategy: Strategy, trials: int) -> None:
        """So many trials, or fewer where the search ends early."""
        self.budget = trials
        while self.goes_on and (asked := strategy.ask(1, self)):
            strategy.tell([self.outcome(proposal) for proposal in asked])

    @property
    def goes_on(self) -> bool:
        patient = self.fruitless < self.patience and (self.proposals is None or len(self.told) < self.proposals)
        return patient and self.trials_left > 0

    def outcome(self, proposal: Proposal) -> Outcome:
        """What the coordinator would tell of the next proposal."""
        genotype, trial = proposal.genotype, self.trial(proposal)
        common = (genotype, proposal.parents, proposal.token)
        if self.feasible(genotype):
            status, metrics = "reused" if trial in self.trained else "completed", self.result(trial)
            found = Outcome(self.next_number, status, *common, metrics, self.objective.reward(metrics))
        else:
            found = Outcome(self.next_number, "infeasible", *common, self.costs(genotype))
        found = replace(placed(self.objective, found), spent=found.status == "completed")
        self.told.append(found)
        self.fruitless = 0 if found.spent else self.fruitless + 1
        if found.spent:
            self.trained[trial] = found
        return found

    def trial(self, proposal: Proposal) -> Hashable:
        """What is equal for trials with the same result: here, all of which are whole, the network's hash."""
        return self.hash(proposal.genotype)

    def result(self, trial: Any) -> Metrics:
        """Accuracy and costs that a trial brings."""
        return self.metrics[trial]

    def hash(self, genotype: Genotype) -> str:
        return self.space.architecture(genotype).hash


def objective(spec: ObjectiveSpec) -> Objective:
    """The rule of a job on a table of accuracies."""
    return Objective.of(spec, (Metric(ACCURACY, "maximize", (0.0, 1.0)),), ACCURACY)
