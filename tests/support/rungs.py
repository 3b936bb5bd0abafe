"""A search with early stopping, step by step: what is asked, what ends when, and the same after a restart."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
from past import Past
from searches import SPACE

from nas_service.early_stopping import stop_early
from nas_service.spec import EarlyStoppingSpec
from nas_service.strategies import Outcome, Proposal, State, Strategy, get_strategy
from search_spaces import Architecture, get_space
from search_spaces.choice_space import ChoiceSpace
from workers.requests import Fidelity
from workers.tasks import get_task
from workers.tasks.landscape import score

FULL = Fidelity(9)


def landscape() -> ChoiceSpace:
    bound = get_space(SPACE["name"], **SPACE["options"]).bind(get_task("landscape").signature)
    assert isinstance(bound, ChoiceSpace)
    return bound


class World(Past):
    """Evaluates proposals: fewer epochs are worth less, and rank with some noise."""

    def __init__(self, space: ChoiceSpace, name: str = "random", *, wants_front: bool = False, **plan: Any) -> None:
        super().__init__(space)
        self.name, self.plan = name, EarlyStoppingSpec(**plan)
        self.wants_front = wants_front
        self.strategy = self.fresh(0)

    def fresh(self, seed: int) -> Strategy:
        inner = get_strategy(self.name, {}, self.space, seed)
        return stop_early(self.plan, inner, self.space, FULL, seed=seed, front=self.wants_front)

    def restored(self) -> World:
        """The same search after a restart, everything through JSON."""
        again = World(self.space, self.name, wants_front=self.wants_front, **self.plan.model_dump())
        again.strategy = again.fresh(99)
        again.asked = [replace(each, token=json.loads(json.dumps(each.token))) for each in self.asked]
        again.told = {n: replace(o, token=json.loads(json.dumps(o.token))) for n, o in self.told.items()}
        saved = self.strategy.state()
        again.strategy.restore(State(json.loads(json.dumps(saved.data)), saved.blob), again)
        return again

    def ask(self, n: int = 1) -> list[int]:
        first = self.next_number
        self.asked += self.strategy.ask(n, self)
        return list(range(first, self.next_number))

    def tell(self, *numbers: int) -> None:
        outcomes = [self.evaluated(number) for number in numbers]
        self.told |= {outcome.number: outcome for outcome in outcomes}
        self.strategy.tell(outcomes)

    def evaluated(self, number: int) -> Outcome:
        made = self.asked[number]
        epochs = (made.fidelity or FULL).epochs
        noise = np.random.default_rng([number, epochs]).normal() * 0.02
        value = self.value(self.space.architecture(made.genotype), epochs) + noise
        place = (value, float(self.costs(made.genotype)["params"]))
        return Outcome(number, "completed", made.genotype, made.parents, made.token, {}, value, place)

    def value(self, network: Architecture, epochs: int) -> float:
        """What a network is worth after so many epochs, but for the noise."""
        return (1 - 0.5**epochs) * score(network)

    def search(self, trials: int, flying: int = 3) -> list[Proposal]:
        """Ask one by one with some open at a time, which end in any order."""
        rng, before = np.random.default_rng(trials), self.next_number
        for _ in range(trials):
            self.ask()
            waiting = list(self.awaited())
            while len(waiting) > flying:
                self.tell(waiting.pop(int(rng.integers(len(waiting)))))
        return self.asked[before:]


def rung_of(proposal: Proposal) -> int:
    return int(proposal.token["rung"])
