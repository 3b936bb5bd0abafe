"""A second stage: what a search has found is refined, as MobileNetV3's networks were by NetAdapt (arXiv 1905.02244)."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from nas_service.errors import InvalidSpec
from search_spaces import BoundSpace
from workers.requests import Fidelity

from .base import Context, Outcome, Prices, Proposal, State, Strategy
from .composite import Composite

SEARCH, REFINE = "search", "refine"
PATIENCE = 500  # proposals in a row without a new trial, after which the search counts as over


class Refiner(Strategy):
    """A strategy that can start from a network which another one has found and trained."""

    @abstractmethod
    def start_from(self, best: Outcome) -> None:
        """Begin with this network. It is called before `restore`, too."""

    @abstractmethod
    def check_refinement(self, trials: int, full: Fidelity, prices: Prices) -> None:
        """As `check`, for a start from a network that is not known yet."""


class Refined(Composite):
    """A search, and when it has used all trials but those `reserved`, a refinement of the best that it has found.

    The search is over before that where it proposes nothing more, or nothing new. A larger budget is the search's,
    unless the refinement has begun.
    """

    def __init__(self, space: BoundSpace, search: Strategy, refiner: Refiner, reserved: int, seed: int) -> None:
        super().__init__(space, {SEARCH: search, REFINE: refiner}, seed)
        self._refiner = refiner
        self._reserved = reserved
        self._out: set[int] = set()  # proposals of the search that have not ended
        self._over = False  # the search is, and all that it brought is in the database
        self._start: int | None = None  # the number of the network that is refined
        self._nothing = ""  # why there is nothing to refine

    def check(self, trials: int, full: Fidelity, prices: Prices) -> None:
        left = trials - self._reserved
        if left < self.main.fewest_trials:
            raise InvalidSpec(
                f"the refinement takes its {self._reserved} trials out of a budget of {trials}, and the search needs "
                f"{self.main.fewest_trials} or more of its own; raise budget.trials, or take fewer here",
                "refine.trials",
            )
        self.main.check(left, full, prices)
        with fields_of_refine():
            self._refiner.check_refinement(self._reserved, full, prices)

    @property
    def done(self) -> str:
        return self._nothing if self._start is None else self._refiner.done

    @property
    def short_of_trials(self) -> str:
        return "" if self._start is None else self._refiner.short_of_trials

    def ask(self, n: int, context: Context) -> list[Proposal]:
        if self._start is not None:
            return self.ask_part(REFINE, n, context)
        asked = self._search(n, context)
        if asked or self._out:
            return asked
        if not self._over:
            self._over = True  # what was told in this round can be looked up in the next
            return []
        self._begin(context)
        return self.ask_part(REFINE, n, context) if self._start is not None else []

    def tell(self, outcomes: Sequence[Outcome]) -> None:
        self._out -= {outcome.number for outcome in outcomes}
        super().tell(outcomes)

    def memory(self) -> dict[str, Any]:
        return {"out": sorted(self._out), "over": self._over, "start": self._start}

    def restore(self, state: State, context: Context) -> None:
        self._out, self._over, self._start = set(state.data["out"]), state.data["over"], state.data["start"]
        if self._start is not None:
            self._refiner.start_from(context.outcomes([self._start])[0])
        super().restore(state, context)

    def _search(self, n: int, context: Context) -> list[Proposal]:
        left = context.trials_left - self._reserved
        if left <= 0 or context.fruitless >= PATIENCE:
            return []
        asked = self.ask_part(SEARCH, min(n, left), context, reserved=self._reserved)
        self._over = self._over and not asked
        self._out |= set(range(context.next_number, context.next_number + len(asked)))
        return asked

    def _begin(self, context: Context) -> None:
        best = context.best()
        if best is None:
            self._nothing = "the search found no network within the limits, so there is nothing to refine"
        else:
            self._start = best.number
            self._refiner.start_from(best)


@contextmanager
def fields_of_refine() -> Iterator[None]:
    """What a strategy says of its options is said of those under `refine`."""
    try:
        yield
    except InvalidSpec as error:
        part, dot, option = error.field.partition(".")
        raise InvalidSpec(error.detail, f"refine{dot}{option}" if part == "strategy" else error.field) from None
