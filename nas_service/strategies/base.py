"""The contract of a search strategy: it proposes and learns, and does not know that it runs in a service.

A strategy is a state machine over two calls. `ask` draws proposals from its own generator; `tell` brings back how
earlier proposals ended, in any order, each exactly once. The coordinator saves `state()` in the transaction that stores
what an `ask` or a `tell` brought, so a strategy rebuilt from its state goes on with exactly the same next proposals.

>>> strategy = Evolution(space, Evolution.Options(population=24), seed=0)
>>> for proposal in strategy.ask(2, context): ...        # the coordinator numbers, screens and dispatches them
>>> strategy.tell([Outcome(number=0, status="completed", genotype=g, reward=0.91)])
>>> saved = strategy.state()                             # JSON and an optional blob, to the database
>>> again = Evolution(space, options, seed=0); again.restore(saved, context)
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Protocol

import numpy as np
from pydantic import BaseModel, ConfigDict

from search_spaces import BoundSpace, Genotype
from workers.requests import Fidelity

Status = Literal["completed", "infeasible", "failed", "stopped", "cancelled", "reused"]


@dataclass(frozen=True)
class Proposal:
    """What a strategy asks for.

    `parents` are numbers of earlier proposals; `token` is JSON that comes back with the outcome (log-probabilities, a
    rung); `fidelity` None means the task's full one; `weights_of` names the proposal whose trained weights the trial
    starts from, `resumes` the one whose trial was the beginning of this very training; `seed` is the trial's, None the
    job's.
    """

    genotype: Genotype
    parents: tuple[int, ...] = ()
    token: Any = None
    fidelity: Fidelity | None = None
    weights_of: int | None = None
    resumes: int | None = None
    seed: int | None = None


@dataclass(frozen=True)
class Outcome:
    """How the proposal of this number ended. `reward` is there for completed and reused ones.

    `point` is its place against the job's front, (value to maximise, cost to minimise), where it has a reward and meets
    every limit. `violation` says by how much it exceeds the limits: the sum of the excesses, each as a share of its
    limit; infinite for an infeasible one of which that is not known. `spent` says whether the proposal took a trial of
    the budget; it did not where it was screened out, or where the job had the result or was about to have it.
    """

    number: int
    status: Status
    genotype: Genotype
    parents: tuple[int, ...] = ()
    token: Any = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    reward: float | None = None
    point: tuple[float, float] | None = None
    violation: float = 0.0
    spent: bool = True


@dataclass(frozen=True)
class State:
    """All that a strategy must remember.

    `data` is small JSON (counters, generator, ids of its population): it is rewritten with every batch, so nothing in
    it may grow with the job; `population`, where there is one, has the numbers of the living proposals, whose weights
    are kept. `blob` holds weights and moments; None: unchanged.
    """

    data: dict[str, Any]
    blob: bytes | None = None


class Context(Protocol):
    """What the coordinator lets a strategy look up."""

    @property
    def wants_front(self) -> bool:
        """Whether the job is after its whole front, reward `pareto`, and not after the one best network."""
        ...

    @property
    def next_number(self) -> int:
        """The number of the next proposal; those of one `ask` follow one another."""
        ...

    @property
    def trials_left(self) -> int:
        """Trials of the budget that are not taken yet, by what runs neither."""
        ...

    def costs(self, genotype: Genotype) -> Mapping[str, float]:
        """`params`, `macs` and, with a device, `latency_ms` and `latency_error_ms` of a genotype."""
        ...

    def feasible(self, genotype: Genotype) -> bool:
        """Whether the costs known before training meet the job's limits."""
        ...

    def outcomes(self, numbers: Sequence[int]) -> list[Outcome]:
        """Past outcomes by the numbers of their proposals, in the order asked for; open proposals are left out."""
        ...

    def awaited(self) -> Mapping[int, Proposal]:
        """The proposals that have not ended, by number: their genotypes, parents and tokens."""
        ...


class StrategyOptions(BaseModel):
    """Base of every strategy's options, as they stand beside `name` in a job's `strategy`."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Strategy(ABC):
    """Base of all strategies. `seed` starts the one generator that every draw comes from."""

    name: ClassVar[str]
    summary: ClassVar[str]
    Options: ClassVar[type[StrategyOptions]] = StrategyOptions
    needs: ClassVar[type[Any]] = BoundSpace  # what the space has to be
    decides_fidelity: ClassVar[bool] = False  # whether its proposals say how much a trial spends

    def __init__(self, space: BoundSpace, options: Any, seed: int) -> None:
        self.space = space
        self.options = options
        self.rng = np.random.Generator(np.random.PCG64(seed))

    @property
    def parallel(self) -> int:
        """Trials under way at once where the job does not say how many; what proposes generations wants a whole one."""
        return 1

    @property
    def fewest_trials(self) -> int:
        """The smallest budget that is sure to bring a result of full fidelity; jobs with less are refused."""
        return 1

    def check_budget(self, trials: int) -> None:  # noqa: B027 - most strategies make sense with any budget
        """Refuse, when the job is submitted, options that make no sense with so many trials.

        Raises InvalidSpec that names the option and says what would be right.
        """

    @property
    def done(self) -> str:
        """Why nothing more will be proposed, with which the job ends as finished; empty while there is more to come."""
        return ""

    @abstractmethod
    def ask(self, n: int, context: Context) -> list[Proposal]:
        """Up to `n` proposals. Fewer, or none, says that the strategy waits for outcomes."""

    @property
    def room(self) -> int | None:
        """How many networks from elsewhere it can begin with; None for any number."""
        return None

    def begin_with(self, genotypes: Sequence[Genotype], context: Context) -> list[Proposal]:  # noqa: ARG002
        """A proposal of each of these networks, which come from elsewhere, before the first `ask`.

        They count as the strategy's own: it is told how they ended and learns from it. So whatever it notes down of
        what it proposes, in itself or in a token, it notes down of these.
        """
        return [Proposal(genotype) for genotype in genotypes]

    @abstractmethod
    def tell(self, outcomes: Sequence[Outcome]) -> None:
        """Learn from outcomes; each proposal's comes once, in any order, and may be of any status."""

    def state(self) -> State:
        return State({"rng": _json_rng(self.rng), **self.memory()})

    def restore(self, state: State, context: Context) -> None:
        """Become what `state()` described. The context gives back outcomes that the state names by number."""
        self.rng.bit_generator.state = _rng_state(state.data["rng"])
        self.remember(state, context)

    def memory(self) -> dict[str, Any]:
        """What is to be saved beside the generator."""
        return {}

    def remember(self, state: State, context: Context) -> None:  # noqa: B027 - nothing to do where memory() is empty
        """The inverse of `memory`."""


def _json_rng(rng: np.random.Generator) -> dict[str, Any]:
    """PCG64's state with its 128-bit integers as text, which JSON columns of every database keep exactly."""
    state: dict[str, Any] = dict(rng.bit_generator.state)
    return state | {"state": {key: str(value) for key, value in state["state"].items()}}


def _rng_state(data: Mapping[str, Any]) -> dict[str, Any]:
    return dict(data) | {"state": {key: int(value) for key, value in data["state"].items()}}
