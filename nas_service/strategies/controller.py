"""What `ppo` and `reinforce` share: a policy proposes, and batches of rewards move its weights.

An update is made as soon as `batch` outcomes are there, whichever they are, so no slot waits for another. What counts
of a reward is its advantage: how far it is above a moving average, in units of the moving deviation from it. Where a
job is after its front, the reward is the standing among the best networks so far: one that is known adds nothing, so
the policy spreads over the front in place of settling on one network.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from safetensors.numpy import load, save

from nas_service.errors import InvalidSpec
from search_spaces import Genotype
from search_spaces.choice_space import ChoiceSpace

from .base import Context, Outcome, Proposal, State, Strategy, StrategyOptions
from .policy import Policy, one_thread, taken_of
from .ranking import Elite

if TYPE_CHECKING:
    from torch import Tensor

BETA1, BETA2, TINY = 0.9, 0.999, 1e-8  # Adam (arXiv 1412.6980)
LEAST_DEVIATION = 1e-6  # of rewards; below it they count as equal
Weights = NDArray[np.float64]
PRECISION = 6  # digits of the log-probabilities in a token


class ControllerOptions(StrategyOptions):
    """`hidden` units of the LSTM and of its embeddings; an update is Adam on `batch` outcomes.

    `entropy` weighs the bonus for undecided decisions. The average of rewards keeps the share `baseline_decay` with
    each new one. An infeasible proposal counts as `infeasible` deviations below the average; with 0 it teaches nothing,
    which found better networks under limits that a third and a twentieth of the space meet. A job that is after its
    front measures new networks against the `elite` best ones.
    """

    hidden: Annotated[int, Field(ge=1, le=512)] = 32
    learning_rate: Annotated[float, Field(gt=0, le=1)] = 0.01
    batch: Annotated[int, Field(ge=1, le=1000)] = 10
    entropy: Annotated[float, Field(ge=0, le=10)] = 0.05
    baseline_decay: Annotated[float, Field(ge=0, lt=1)] = 0.9
    infeasible: Annotated[float, Field(ge=0, le=10)] = 0.0
    elite: Annotated[int, Field(ge=1, le=1000)] = 50


@dataclass(frozen=True)
class Batch:
    """What an update learns from; rows are outcomes, columns are decisions."""

    options: Tensor  # int64: those taken
    active: Tensor  # 1 for decisions that mattered under the others, 0 for those that did not
    proposed: Tensor  # log-probabilities under the policy that took them
    advantages: Tensor  # (outcomes, 1)


class Controller(Strategy):
    """An LSTM that makes one decision after another.

    Every decision is drawn, so that a genotype is whole, and feeds the next; those that turn out not to matter under
    the others take no part in the objective. Reused rewards teach like new ones: they show how often the policy goes
    there. Failed, stopped and cancelled trials say nothing about a network, and are not learned from.
    """

    needs: ClassVar[type[Any]] = ChoiceSpace
    options: ControllerOptions
    space: ChoiceSpace

    def __init__(self, space: Any, options: ControllerOptions, seed: int) -> None:
        super().__init__(space, options, seed)
        try:
            self.policy = Policy(space.choices, options.hidden, self.rng)
        except ModuleNotFoundError as error:
            raise InvalidSpec(
                f"strategy {self.name} needs {error.name}, which is not installed here; "
                "run: pip install 'nas-service[rl]'",
                "strategy.name",
            ) from None
        self._moments = np.zeros((2, self.policy.values.size))  # Adam's first and second
        self._steps = 0  # of Adam
        self._updates = 0  # which is the number of the present policy
        self._baseline: float | None = None
        self._variance = 0.0
        self._pending: list[Outcome] = []  # of the next batch
        self._front = False  # whether the job is after its front
        self._elite = Elite(options.elite, self._hash)  # empty where it is not
        self._saved = False  # whether `state` has given away the present weights

    @abstractmethod
    def objective(self, log_probs: Tensor, batch: Batch) -> Tensor:
        """What is to be maximised, for every decision of a batch; `log_probs` are those of the present weights."""

    @property
    def passes(self) -> int:
        """Steps of Adam over one batch."""
        return 1

    def ask(self, n: int, context: Context) -> list[Proposal]:
        self._front = context.wants_front
        with one_thread():
            drawn = self.policy.sample(n, self.rng)
        return [self._proposal({"choices": each.choices}, each.log_probs) for each in drawn]

    def begin_with(self, genotypes: Sequence[Genotype], context: Context) -> list[Proposal]:
        """As if the policy had drawn them: with the log-probabilities that it gives their decisions now."""
        import torch

        self._front = context.wants_front
        options = torch.tensor([[g["choices"][i] for i in self.policy.decisions] for g in genotypes], dtype=torch.int64)
        with one_thread(), torch.no_grad():
            log_probs = taken_of(self.policy.distributions(options), options).tolist()
        return [self._proposal(*pair) for pair in zip(genotypes, log_probs, strict=True)]

    def _proposal(self, genotype: Genotype, log_probs: Sequence[float]) -> Proposal:
        return Proposal(genotype, token={"policy": self._updates, "log_probs": _rounded(log_probs)})

    def tell(self, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            if outcome.reward is not None or (outcome.status == "infeasible" and self.options.infeasible):
                self._pending.append(outcome)
            if len(self._pending) == self.options.batch:
                self._update()

    def state(self) -> State:
        blob = None if self._saved else self._blob()
        self._saved = True
        return State(super().state().data, blob)

    def memory(self) -> dict[str, Any]:
        return {
            "steps": self._steps,
            "updates": self._updates,
            "baseline": self._baseline,
            "variance": self._variance,
            "pending": [outcome.number for outcome in self._pending],
            "elite": [outcome.number for outcome in self._elite.members],
        }

    def remember(self, state: State, context: Context) -> None:
        data = state.data
        self._steps, self._updates = data["steps"], data["updates"]
        self._baseline, self._variance = data["baseline"], data["variance"]
        self._pending = context.outcomes(data["pending"])
        self._elite.members = context.outcomes(data.get("elite", []))
        self._front = context.wants_front
        if state.blob is not None:
            found = load(state.blob)
            self.policy.values[:] = found["weights"]
            self._moments = np.stack([found["first"], found["second"]])
        self._saved = True

    def _blob(self) -> bytes:
        first, second = self._moments
        return save({"weights": self.policy.values, "first": first.copy(), "second": second.copy()})

    def _update(self) -> None:
        told, self._pending = self._pending, []
        rewards = self._elite.standings(told) if self._front else [outcome.reward for outcome in told]
        self._observe([reward for reward in rewards if reward is not None])
        with one_thread():
            batch = self._batch(told, rewards)
            for _ in range(self.passes):
                self._ascend(batch)
        self._updates += 1
        self._saved = False

    def _observe(self, rewards: list[float]) -> None:
        """Move the average and the deviation; the first rewards set them."""
        if not rewards:
            return
        keep = self.options.baseline_decay ** len(rewards)
        mean = float(np.mean(rewards))
        before = (mean, float(np.var(rewards))) if self._baseline is None else (self._baseline, self._variance)
        self._baseline = keep * before[0] + (1 - keep) * mean
        self._variance = keep * before[1] + (1 - keep) * float(np.mean((np.array(rewards) - self._baseline) ** 2))

    def _advantage(self, reward: float | None) -> float:
        if reward is None or self._baseline is None:
            return -self.options.infeasible
        return (reward - self._baseline) / max(LEAST_DEVIATION, math.sqrt(self._variance))

    def _batch(self, told: Sequence[Outcome], rewards: Sequence[float | None]) -> Batch:
        import torch

        decisions = self.policy.decisions
        active = [self._active(outcome) for outcome in told]
        return Batch(
            options=torch.tensor([[o.genotype["choices"][i] for i in decisions] for o in told], dtype=torch.int64),
            active=torch.tensor(active, dtype=torch.float64),
            proposed=torch.tensor([o.token["log_probs"] for o in told], dtype=torch.float64),
            advantages=torch.tensor([[self._advantage(reward)] for reward in rewards], dtype=torch.float64),
        )

    def _active(self, outcome: Outcome) -> list[bool]:
        chosen = self.space.decode(outcome.genotype)
        return [self.space.is_active(self.space.positions[i].name, chosen) for i in self.policy.decisions]

    def _hash(self, outcome: Outcome) -> str:
        return self.space.architecture(outcome.genotype).hash

    def _ascend(self, batch: Batch) -> None:
        """One step of Adam towards a larger objective, averaged over the decisions that mattered."""
        import torch

        distributions = self.policy.distributions(batch.options)
        entropy = -(distributions.exp() * distributions).sum(2)
        gained = (
            self.objective(taken_of(distributions, batch.options), batch) + self.options.entropy * entropy
        ) * batch.active
        (slope,) = torch.autograd.grad(gained.sum() / batch.active.sum().clamp(min=1), self.policy.weights)
        self._steps += 1
        self.policy.values += self.options.learning_rate * self._direction(slope.numpy())

    def _direction(self, slope: Weights) -> Weights:
        """Adam's step for a learning rate of 1."""
        first, second = self._moments
        first += (1 - BETA1) * (slope - first)
        second += (1 - BETA2) * (slope**2 - second)
        mean, square = first / (1 - BETA1**self._steps), second / (1 - BETA2**self._steps)
        return mean / (np.sqrt(square) + TINY)


def _rounded(log_probs: Sequence[float]) -> list[float]:
    return [round(value, PRECISION) for value in log_probs]
