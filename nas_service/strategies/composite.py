"""Strategies made of others: a random control beside a search, a refinement after it, successive halving around it.

What a part is must not show to it: it sees its own proposals and outcomes only, with the tokens that it gave them. So
every proposal of a composite carries the name of the part that made it, `{"part": name, "token": its own}`, and
whatever a part may look up goes through a `View` that leaves out and unwraps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from search_spaces import BoundSpace, Genotype
from workers.requests import Fidelity

from .base import Context, Outcome, Prices, Proposal, State, Strategy, StrategyOptions

Token = TypeVar("Token", Outcome, Proposal)


class View:
    """What a part may look up. `ahead` proposals of the same `ask` will be numbered before those of the part.

    `reserved` trials of the budget are not for the part.
    """

    def __init__(self, context: Context, owns: Callable[[Any], bool], ahead: int = 0, reserved: int = 0) -> None:
        self._context = context
        self._owns = owns
        self._ahead = ahead
        self._reserved = reserved

    @property
    def wants_front(self) -> bool:
        return self._context.wants_front

    @property
    def next_number(self) -> int:
        return self._context.next_number + self._ahead

    @property
    def trials_left(self) -> int:
        return max(0, self._context.trials_left - self._ahead - self._reserved)

    @property
    def fruitless(self) -> int:
        return self._context.fruitless

    @property
    def cost_name(self) -> str:
        return self._context.cost_name

    @property
    def limits(self) -> Mapping[str, float]:
        return self._context.limits

    def costs(self, genotype: Genotype) -> Mapping[str, float]:
        return self._context.costs(genotype)

    def feasible(self, genotype: Genotype) -> bool:
        return self._context.feasible(genotype)

    def outcomes(self, numbers: Sequence[int]) -> list[Outcome]:
        return [bare(outcome) for outcome in self._context.outcomes(numbers) if self._owns(outcome.token)]

    def awaited(self) -> dict[int, Proposal]:
        waiting = self._context.awaited().items()
        return {number: bare(proposal) for number, proposal in waiting if self._owns(proposal.token)}

    def best(self) -> Outcome | None:
        """The best of the whole job, where it is the part's own."""
        best = self._context.best()
        return bare(best) if best is not None and self._owns(best.token) else None

    def has_weights(self, number: int) -> bool:
        return self._context.has_weights(number)


class Composite(Strategy):
    """A strategy of named parts, of which one at most may save a blob. Who asks which part, a subclass decides."""

    def __init__(self, space: BoundSpace, parts: Mapping[str, Strategy], seed: int) -> None:
        super().__init__(space, StrategyOptions(), seed)
        self.parts = dict(parts)

    @property
    def main(self) -> Strategy:
        """The part that the job is about: the first."""
        return next(iter(self.parts.values()))

    @property
    def parallel(self) -> int:
        return self.main.parallel

    @property
    def fewest_trials(self) -> int:
        return self.main.fewest_trials

    def check(self, trials: int, full: Fidelity, prices: Prices) -> None:
        self.main.check(trials, full, prices)

    @property
    def done(self) -> str:
        return self.main.done

    @property
    def short_of_trials(self) -> str:
        return self.main.short_of_trials

    def tell(self, outcomes: Sequence[Outcome]) -> None:
        for name, part in self.parts.items():
            if mine := [bare(outcome) for outcome in outcomes if part_of(outcome.token) == name]:
                part.tell(mine)

    def ask_part(self, name: str, n: int, context: Context, ahead: int = 0, reserved: int = 0) -> list[Proposal]:
        """Up to `n` proposals of a part, marked as its own; `ahead` others of this `ask` come before them."""
        return marked(name, self.parts[name].ask(n, self.view(name, context, ahead, reserved)))

    def view(self, name: str, context: Context, ahead: int = 0, reserved: int = 0) -> View:
        return View(context, lambda token: part_of(token) == name, ahead, reserved)

    def state(self) -> State:
        states = {name: part.state() for name, part in self.parts.items()}
        blobs = [state.blob for state in states.values() if state.blob is not None]
        living = {number for state in states.values() for number in state.data.get("population", ())}
        saved = {"parts": {name: state.data for name, state in states.items()}, "population": sorted(living)}
        return State(super().state().data | saved, blobs[0] if blobs else None)

    def restore(self, state: State, context: Context) -> None:
        for name, part in self.parts.items():
            part.restore(State(state.data["parts"][name], state.blob), self.view(name, context))
        super().restore(state, context)


def marked(name: str, proposals: Sequence[Proposal]) -> list[Proposal]:
    """Proposals of a part, with its name in their tokens."""
    return [replace(proposal, token={"part": name, "token": proposal.token}) for proposal in proposals]


def part_of(token: Any) -> str | None:
    """The name of the part that made a proposal with this token."""
    return token.get("part") if isinstance(token, dict) else None


def in_part(token: Any, name: str) -> bool:
    """Whether a part of this name made a proposal with this token, however many others wrapped it."""
    while isinstance(token, dict):
        if token.get("part") == name:
            return True
        token = token.get("token")
    return False


def bare(wrapped: Token) -> Token:
    """As the part knows it."""
    return replace(wrapped, token=wrapped.token["token"])
