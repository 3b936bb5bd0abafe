"""A control: random candidates beside a search, so that a job shows what the search adds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from nas_service.errors import InvalidSpec

from .base import Context, Outcome, Proposal, State, Strategy, StrategyOptions
from .composite import Composite, part_of
from .random_search import RandomSearch

STREAM = 1  # of the job's seed: the search draws from the seed itself
PATIENCE = 100  # proposals of the control in a row that took no trial, after which the search goes on


class Control(Composite):
    """After n trials of the budget the control has had floor(n * share) of them, the search the others.

    Trials are counted, not proposals: a random candidate breaks a limit more often than one of a search, and what a
    search proposes once more is not evaluated. Where hardly any random candidate meets the limits, the control has
    `PATIENCE` proposals for one of the search. The search does not learn from the control's results.
    """

    def __init__(self, search: Strategy, share: float, seed: int) -> None:
        drawn = np.random.SeedSequence((seed, STREAM)).generate_state(1, np.uint64)
        control = RandomSearch(search.space, StrategyOptions(), int(drawn[0]))
        super().__init__(search.space, {"search": search, "control": control}, seed)
        self._share = Fraction(str(share))  # as it is written: 0.29 of 100 are 29, where floats would say 28
        self._spent = {"search": 0, "control": 0}  # trials, those under way included
        self._missed = 0  # proposals of the control since its last trial

    @property
    def fewest_trials(self) -> int:
        """The first budget that leaves the search as many as it needs."""
        return math.floor((self.main.fewest_trials - 1) / (1 - self._share)) + 1

    def check_budget(self, trials: int) -> None:
        random = self._due(trials)
        if not random:
            raise InvalidSpec(
                f"the control's share of {trials} trials, {float(self._share):g}, is less than one trial; "
                f"raise budget.trials to {math.ceil(1 / self._share)} or more, or give the control a larger share",
                "control.share",
            )
        self.main.check_budget(trials - random)

    def ask(self, n: int, context: Context) -> list[Proposal]:
        random = self._owed(n) if self._missed < PATIENCE else 0
        asked = self.ask_part("search", n - random, context) if n > random else []
        searched = len(asked)
        while random > self._owed(searched + random):  # the search waits: its control does not run ahead
            random -= 1
        if random:
            asked += self.ask_part("control", random, context, ahead=searched)
        elif searched and self._missed >= PATIENCE:
            self._missed = 0
        self._spent["search"] += searched
        self._spent["control"] += random
        return asked

    def tell(self, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            part = part_of(outcome.token) or "search"
            self._spent[part] -= not outcome.spent
            if part == "control":
                self._missed = 0 if outcome.spent else self._missed + 1
        super().tell(outcomes)

    def memory(self) -> dict[str, Any]:
        return {"spent": dict(self._spent), "missed": self._missed}

    def remember(self, state: State, context: Context) -> None:  # noqa: ARG002
        self._spent, self._missed = dict(state.data["spent"]), state.data["missed"]

    def _due(self, trials: int) -> int:
        """How many of the first trials of a job are the control's."""
        return math.floor(trials * self._share)

    def _owed(self, n: int) -> int:
        """How many of the next `n` trials are the control's."""
        return min(n, max(0, self._due(sum(self._spent.values()) + n) - self._spent["control"]))
