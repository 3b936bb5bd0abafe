"""Early stopping across trials: asynchronous successive halving (ASHA, arXiv 1810.05934) and Hyperband (1603.06560).

It stands around another strategy. What that one proposes begins with a small part of a whole trial, the lowest rung; of
the results on a rung the best 1 / `factor` go on to the next one, as soon as there is one to choose. Over epochs they
go on from a checkpoint: the training is planned for all epochs from its beginning, so that a network that reaches the
top has exactly the result of a trial that was never paused.

With several objectives (reward `pareto`) the best are those of the first non-dominated fronts, the roomiest of a front
first; what breaks a limit comes last. What has been promoted is written in the proposals, so that nothing is saved here
but what the inner strategy saves.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np

from nas_service.errors import InvalidSpec
from search_spaces import BoundSpace, Genotype
from workers.requests import Fidelity

from .base import Context, Outcome, Prices, Proposal, State, Strategy, StrategyOptions
from .composite import View, bare
from .ranking import best_first


@dataclass(frozen=True)
class Ladder:
    """The fidelities of the rungs, the whole one last, and how promoted trials begin: by a checkpoint, or by weights.

    `factor` is the share of a rung that does not go on.
    """

    rungs: tuple[Fidelity, ...]
    factor: int
    resumes: bool

    @property
    def top(self) -> int:
        return len(self.rungs) - 1


@dataclass
class Rung:
    """The results on one rung, one a network (the oldest), and which networks have gone on, both by hash."""

    results: dict[str, Outcome] = field(default_factory=dict)
    promoted: set[str] = field(default_factory=set)
    order: list[str] | None = None  # best first; None where a result came since

    def add(self, network: str, outcome: Outcome) -> None:
        if network not in self.results or outcome.number < self.results[network].number:
            self.results[network] = outcome
            self.order = None

    def best_waiting(self, *, front: bool, factor: int = 1) -> str | None:
        """The best network that has not gone on, if it is among the first 1 / factor; None where there is none."""
        if self.order is None:
            oldest = sorted(self.results, key=lambda network: self.results[network].number)
            self.order = [oldest[i] for i in best_first([self.results[network] for network in oldest], front=front)]
        among = self.order[: len(self.order) // factor]
        return next((network for network in among if network not in self.promoted), None)

    def promote(self, network: str) -> Outcome:
        self.promoted.add(network)
        return self.results[network]


class SuccessiveHalving(Strategy):
    """`brackets` is 1 for ASHA; Hyperband has one for each rung, which differ in the rung where networks begin.

    New networks are shared out as Hyperband does: bracket b begins on rung b, with about factor^(top - b) * rungs /
    (top - b + 1) networks for every one that begins on top. The inner strategy proposes those of the first bracket and
    learns from their first results, which are all of one fidelity; the other brackets draw at random.
    """

    name: ClassVar[str] = "early stopping"
    summary: ClassVar[str] = "asynchronous successive halving or Hyperband around a strategy"

    def __init__(self, space: BoundSpace, inner: Strategy, ladder: Ladder, brackets: int, seed: int) -> None:
        own_seed = int(np.random.SeedSequence([seed, 1]).generate_state(1)[0])
        super().__init__(space, StrategyOptions(), own_seed)
        self.inner = inner
        self.ladder = ladder
        self._shares = [
            math.ceil(len(ladder.rungs) / (ladder.top - b + 1) * ladder.factor ** (ladder.top - b))
            for b in range(brackets)
        ]
        self._begun = [0] * brackets
        self._rungs = [[Rung() for _ in ladder.rungs] for _ in range(brackets)]

    @property
    def parallel(self) -> int:
        return self.inner.parallel

    @property
    def fewest_trials(self) -> int:
        return self.inner.fewest_trials

    @property
    def round(self) -> tuple[int, ...]:
        """Networks on each rung, lowest first, for every one that is trained to the end."""
        return tuple(self.ladder.factor**below for below in reversed(range(len(self.ladder.rungs))))

    def check(self, trials: int, full: Fidelity, prices: Prices) -> None:
        if trials < sum(self.round):
            raise InvalidSpec(
                f"with {len(self.ladder.rungs)} rungs and factor {self.ladder.factor} the first network is trained to "
                f"the end in trial {sum(self.round)}, and a budget of {trials} trials never gets there; choose "
                "fewer rungs, a smaller factor, or raise budget.trials",
                "early_stopping.rungs",
            )
        self.inner.check(trials * self.round[0] // sum(self.round), full, prices)

    @property
    def done(self) -> str:
        return self.inner.done

    @property
    def short_of_trials(self) -> str:
        return self.inner.short_of_trials

    def ask(self, n: int, context: Context) -> list[Proposal]:
        asked: list[Proposal] = []
        while len(asked) < n and (more := self._next(context, len(asked))):
            asked += more
        return asked

    def _next(self, context: Context, ahead: int) -> list[Proposal]:
        """One proposal, none where there is something to wait for.

        With the last trials of the budget no network can be brought from the lowest rung to the top any more, so that
        the best of those that have begun go on, however many they are.
        """
        ending = context.trials_left - ahead <= self.ladder.top
        if (promoted := self._promotion(context, ending=ending)) is not None:
            return [promoted]
        if ending and context.awaited():
            return []
        behind = min(range(len(self._shares)), key=lambda bracket: self._begun[bracket] / self._shares[bracket])
        return self._begin(behind, context, ahead)

    def tell(self, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            self._place(outcome)
        if mine := [bare(outcome) for outcome in outcomes if _is_inner(outcome.token)]:
            self.inner.tell(mine)

    def state(self) -> State:
        inner = self.inner.state()
        saved = {"inner": inner.data, "begun": self._begun, "population": inner.data.get("population", [])}
        return State(super().state().data | saved, inner.blob)

    def restore(self, state: State, context: Context) -> None:
        super().restore(state, context)
        self._begun = list(state.data["begun"])
        for outcome in context.outcomes(range(context.next_number)):
            self._place(outcome)
            self._note_promotion(outcome)
        for proposal in context.awaited().values():
            self._note_promotion(proposal)
        self.inner.restore(State(state.data["inner"], state.blob), View(context, _is_inner))

    def goes_on(self, rungs: Sequence[Rung], rung: int, *, front: bool) -> str | None:
        """The network on this rung of a bracket that is to go on next: the best of the first 1 / factor."""
        return rungs[rung].best_waiting(front=front, factor=self.ladder.factor)

    def _promotion(self, context: Context, *, ending: bool) -> Proposal | None:
        """What goes on from the highest rung that has something; when the budget ends, its best whatever its place."""
        for rung in reversed(range(self.ladder.top)):
            for rungs in self._rungs:
                front = context.wants_front
                network = rungs[rung].best_waiting(front=front) if ending else self.goes_on(rungs, rung, front=front)
                if network is not None:
                    return self._promoted(rungs[rung].promote(network), rung)
        return None

    def _promoted(self, chosen: Outcome, rung: int) -> Proposal:
        token = chosen.token | {"rung": rung + 1, "promoted": True}
        proposal = Proposal(chosen.genotype, chosen.parents, token, self._fidelity(rung + 1))
        if self.ladder.resumes:
            return replace(proposal, resumes=chosen.number, weights_of=token["weights_of"])
        return replace(proposal, weights_of=chosen.number)

    def _begin(self, bracket: int, context: Context, ahead: int) -> list[Proposal]:
        """A new network on the first rung of a bracket; none where the inner strategy waits."""
        if bracket:
            made = [Proposal(self.space.sample(self.rng))]
        else:
            made = self.inner.ask(1, View(context, _is_inner, ahead))
        self._begun[bracket] += len(made)
        return [
            replace(
                proposal,
                token={
                    "bracket": bracket,
                    "rung": bracket,
                    "promoted": False,
                    "weights_of": proposal.weights_of,
                    "token": proposal.token,
                },
                fidelity=self._fidelity(bracket),
            )
            for proposal in made
        ]

    def _fidelity(self, rung: int) -> Fidelity | None:
        return None if rung == self.ladder.top else self.ladder.rungs[rung]

    def _place(self, outcome: Outcome) -> None:
        if outcome.reward is not None:
            rung = self._rungs[outcome.token["bracket"]][outcome.token["rung"]]
            rung.add(self._hash(outcome.genotype), outcome)

    def _note_promotion(self, made: Proposal | Outcome) -> None:
        if made.token["promoted"]:
            self._rungs[made.token["bracket"]][made.token["rung"] - 1].promoted.add(self._hash(made.genotype))

    def _hash(self, genotype: Genotype) -> str:
        return self.space.architecture(genotype).hash


def _is_inner(token: Any) -> bool:
    """Whether the inner strategy proposed this itself."""
    return bool(token["bracket"] == 0 and not token["promoted"])
