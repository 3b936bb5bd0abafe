"""A job whose plug-in raises or answers nonsense fails alone, with its reason; the jobs beside it notice nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import pytest
from searches import Lab, spec

from nas_service import strategies
from nas_service.store import Store
from nas_service.store.invariants import broken
from nas_service.strategies import Context, Outcome, Proposal, RandomSearch
from nas_service.strategies.base import State
from workers.dispatchers import InlineDispatcher

AFTER = 3  # proposals that are as they should be
TRIALS = 12
Spoil = Callable[[list[Proposal]], Any]


class Poison(RandomSearch):
    """Spoils what it is asked for, after a good beginning; `spoil` is each test's."""

    name = "poison"
    spoil: ClassVar[Spoil]

    def ask(self, n: int, context: Context) -> Any:
        asked = super().ask(n, context)
        return asked if context.next_number < AFTER else Poison.spoil(asked)


def raising(error: BaseException) -> Spoil:
    def spoil(_: list[Proposal]) -> Any:
        raise error

    return spoil


def each(**parts: Any) -> Spoil:
    return lambda asked: [replace(proposal, **parts) for proposal in asked]


NONSENSE: dict[str, Spoil] = {
    "raises": raising(ValueError("a fault")),
    "raises what has no text": raising(RuntimeError()),
    "leaves the process": raising(SystemExit("a fault")),
    "recurses": raising(RecursionError("a fault")),
    "runs out of memory": raising(MemoryError("a fault")),
    "answers nothing that is": lambda _: 7,
    "answers none of a kind": lambda asked: [None] * len(asked),
    "answers text": lambda asked: ["a network"] * len(asked),
    "no genotype": each(genotype=None),
    "an empty genotype": each(genotype={}),
    "a genotype of text": each(genotype={"choices": "nonsense"}),
    "a genotype of too few": each(genotype={"choices": [0]}),
    "a genotype out of range": each(genotype={"choices": [10**9] * 100}),
    "a token that is no JSON": each(token=object()),
    "a seed that no column holds": each(seed=10**30),
    "a fidelity that is none": each(fidelity="all of it"),
}


@pytest.fixture
def lab(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    monkeypatch.setitem(strategies.strategy_classes(), "poison", Poison)
    made = Lab(store, InlineDispatcher(2))
    yield made
    made.dispatcher.close()


def fails_alone(lab: Lab) -> str:
    """Why the job failed, beside one that went on to its end."""
    lab.submit(spec(TRIALS, strategy={"name": "poison"}), "bad")
    lab.submit(spec(TRIALS, workers={"parallel": 2}), "good")
    good, bad = lab.finish("good"), lab.finish("bad")
    assert (good.state, good.completed, good.failed) == ("finished", TRIALS, 0)
    assert bad.state == "failed"
    assert bad.proposals == AFTER
    with lab.store.read() as conn:
        assert list(broken(conn)) == []
    return bad.reason


@pytest.mark.parametrize("spoil", NONSENSE.values(), ids=NONSENSE)
def test_a_strategy_that_answers_nonsense_fails_alone(lab: Lab, monkeypatch: pytest.MonkeyPatch, spoil: Spoil) -> None:
    monkeypatch.setattr(Poison, "spoil", staticmethod(spoil), raising=False)
    assert fails_alone(lab).startswith("the search cannot go on: ")


class Deaf(Poison):
    """Cannot be told anything."""

    def tell(self, outcomes: Sequence[Outcome]) -> None:
        raise KeyError(outcomes[0].number)


class Forgetful(Poison):
    """Has a state that cannot be kept."""

    def state(self) -> State:
        return State({"rng": object()})


class Amnesic(Poison):
    """Cannot become again what it was, once something else went wrong."""

    def restore(self, state: State, context: Context) -> None:  # noqa: ARG002
        raise LookupError("what was I?")


@pytest.mark.parametrize("kind", [Deaf, Forgetful, Amnesic])
def test_a_strategy_with_a_fault_elsewhere_fails_alone(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, kind: type[Poison]
) -> None:
    monkeypatch.setitem(strategies.strategy_classes(), "poison", kind)
    monkeypatch.setattr(Poison, "spoil", staticmethod(raising(ValueError("a fault"))), raising=False)
    lab.submit(spec(TRIALS, strategy={"name": "poison"}), "bad")
    assert lab.run(spec(TRIALS, workers={"parallel": 2}), "good").completed == TRIALS
    bad = lab.finish("bad")
    assert (bad.state, bad.reason.partition(":")[0]) == ("failed", "the search cannot go on")
    with lab.store.read() as conn:
        assert list(broken(conn)) == []


def test_more_proposals_than_were_asked_for_cost_no_more_than_the_budget(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Poison, "spoil", staticmethod(lambda asked: asked * 1000), raising=False)
    job = lab.run(spec(TRIALS, strategy={"name": "poison"}))
    assert job.trials <= TRIALS
