"""One running job in the memory of the coordinator: its search, its strategy as last saved, and how they came back."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from nas_service.errors import InvalidSpec
from nas_service.prices import Prices
from nas_service.search import Search
from nas_service.spec import JobSpec
from nas_service.store import Job, Store, asks, jobs
from nas_service.strategies import Outcome, Proposal, Strategy
from search_spaces import Architecture
from workers.requests import Fidelity

from .results import placed


@dataclass(frozen=True)
class Described:
    """A proposal with what it means: `reason` says which limit it breaks before any training, or is empty."""

    proposal: Proposal
    architecture: Architecture
    costs: Mapping[str, float]
    reason: str
    fidelity: Fidelity
    full: bool
    seed: int


class Overtaken(Exception):
    """The job was paused, ended, deleted or taken by others since it was read; what was prepared for it is void."""


class Run(Prices):
    """A job's search and strategy. It is thrown away and loaded again whenever a transaction of the job fails.

    `next_number`, `trials_left` and `fruitless` are those of `strategies.Context`: where a round of proposing stands.
    """

    def __init__(self, job: Job, search: Search, store: Store) -> None:
        super().__init__(search)
        self.job_id = job.id
        self.owner = job.owner
        self.fence = job.fence
        self.strategy: Strategy = search.strategy()
        self.next_number = job.proposals
        self.trials_left = max(0, job.trials_budget - job.trials)
        self.fruitless = job.fruitless
        self._store = store
        self._view: Connection | None = None
        self._full = search.task.fidelity

    @classmethod
    def load(cls, job: Job, store: Store, tables: Path) -> Run:
        """The run as the database has it, with the strategy in the state of its last transaction."""
        run = cls(job, Search.prepare(JobSpec.model_validate(job.spec), tables), store)
        with store.read() as conn:
            state = jobs.strategy_state(conn, job.id)
        if state is not None:
            run.strategy.restore(state, run)
        return run

    @contextmanager
    def within(self, view: Connection) -> Iterator[None]:
        """Let the strategy look up what it asks for in this view, with what was written there already."""
        self._view = view
        try:
            yield
        finally:
            self._view = None

    def describe(self, proposal: Proposal) -> Described:
        architecture = self.search.bound.architecture(proposal.genotype)
        fidelity = proposal.fidelity or self._full
        seed = self.search.spec.seed if proposal.seed is None else proposal.seed
        try:
            costs = self.search.costs(architecture)
            reason = self.search.objective.violation(costs) or ""
        except InvalidSpec as error:  # the table lacks an op: this candidate cannot be priced, others can
            costs, reason = {"params": architecture.params, "macs": architecture.macs}, error.detail
        return Described(proposal, architecture, costs, reason, fidelity, fidelity == self._full, seed)

    def tell(self, outcomes: Sequence[Outcome]) -> None:
        """Tell the strategy, with where each outcome stands against the front and the limits."""
        self.strategy.tell(self._placed(outcomes))

    def _placed(self, outcomes: Sequence[Outcome]) -> list[Outcome]:
        return [placed(self.search.objective, outcome) for outcome in outcomes]

    # What a strategy may look up besides (`strategies.Context`).

    @property
    def wants_front(self) -> bool:
        return self.search.spec.objective.reward == "pareto"

    def outcomes(self, numbers: Sequence[int]) -> list[Outcome]:
        with self._reading() as conn:
            return self._placed(asks.outcomes(conn, self.job_id, numbers))

    def awaited(self) -> Mapping[int, Proposal]:
        with self._reading() as conn:
            return asks.awaited(conn, self.job_id)

    def best(self) -> Outcome | None:
        with self._reading() as conn:
            number = asks.best(conn, self.job_id)
        return None if number is None else next(iter(self.outcomes([number])), None)

    def has_weights(self, number: int) -> bool:
        with self._reading() as conn:
            return "weights" in asks.left_by(conn, self.job_id, {number}).get(number, {})

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        if self._view is not None:
            yield self._view
        else:
            with self._store.read() as conn:
                yield conn


def lock(conn: Connection, run: Run, expected: Collection[str]) -> None:
    """Hold the job's row until the transaction ends.

    Raises Overtaken where its state is none of those expected, and where another coordinator has taken the job.
    """
    state, fence = jobs.standing(conn, run.job_id) or ("gone", run.fence)
    if fence != run.fence:
        raise Overtaken(f"job {run.job_id} was taken {fence - run.fence} times since this coordinator took it")
    if state not in expected:
        raise Overtaken(f"job {run.job_id} is {state}")
