"""What a profile has before it: about how long that takes, and how much of it fits into the time that there is."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from device_agent.measure import Protocol, alike
from device_agent.rounds import Subject, visited
from device_agent.setting import Setting
from search_spaces import Op

from .coverage import FEWEST_OPS
from .subjects import both, of_network
from .survey import Plan
from .table import TableError

TRIED = 12  # subjects of a kind from which the time of all of them is foretold
SPARE = 0.9  # of a budget; the rest is for what has to be measured again
FEWER = (12, 6)  # visits of an op, where with more of them not all ops fit: an op that is interpolated errs by more

Lacking = Sequence[tuple[Subject, int]]  # with the visits that are still to make
Clock = Callable[[], float]  # seconds, monotonic


@dataclass(frozen=True)
class Pace:
    """Seconds of one export and of one visit, on average over some subjects."""

    export_s: float
    visit_s: float

    @classmethod
    def of(cls, subjects: Sequence[Subject], setting: Setting, protocol: Protocol, clock: Clock) -> Pace:
        """That of a few of them, spread over all; nothing of it is recorded."""
        if not subjects:
            return cls(0.0, 0.0)
        tried = _spread(subjects)
        _tried_out(tried[0], setting, protocol, clock)  # loads torch and onnxruntime, which must not count
        paces = [_tried_out(subject, setting, protocol, clock) for subject in tried]
        return cls(*(sum(seconds) / len(tried) for seconds in zip(*paces, strict=True)))

    def seconds(self, visits: Sequence[int]) -> float:
        """For subjects that lack so many visits each."""
        return self.export_s * len(visits) + self.visit_s * sum(visits)


@dataclass(frozen=True)
class Forecast:
    """A plan, and about how many seconds it takes to measure what it lacks. `left_out` ops are not in it any more."""

    plan: Plan
    seconds: float
    left_out: int = 0

    @classmethod
    def of(
        cls,
        plan: Plan,
        lacking: Lacking,
        *,
        setting: Setting,
        protocol: Protocol,
        budget_s: float | None = None,
        begun: Collection[str] = (),
        clock: Clock = time.monotonic,
    ) -> Forecast:
        """What the plan takes; of its ops the first are kept that fit into the budget, beside all of its networks.

        Those are kept in any case that an earlier process had `begun` with, by the names of their subjects. Where not
        all fit, ops are visited less often. Raises TableError for a budget that too few ops fit into, and what
        `visited` raises.
        """
        visits = {subject.name: count for subject, count in lacking}
        whole = {of_network(network).name for network in plan.networks}
        ops = Pace.of([s for s, _ in lacking if s.name not in whole], setting, protocol, clock)
        networks = Pace.of([s for s, _ in lacking if s.name in whole], setting, protocol, clock)
        of_networks = networks.seconds([count for name, count in visits.items() if name in whole])
        least = max((at for at, op in enumerate(plan.ops, 1) if _names(op) & set(begun)), default=0)
        room = None if budget_s is None else SPARE * budget_s - of_networks
        for op_visits in (protocol.visits, *(fewer for fewer in FEWER if fewer < protocol.visits)):
            left = {name: count - protocol.visits + op_visits for name, count in visits.items() if name not in whole}
            kept, seconds = _first_that_fit(plan, left, ops, room, least)
            if kept == len(plan.ops):
                break
        fewest = max(plan.needed, min(FEWEST_OPS, len(plan.ops)))
        if kept < fewest:
            enough_s = of_networks + fewest * ops.seconds([op_visits] * 2)
            raise TableError(
                f"{len(plan.networks)} whole networks and {fewest} ops take about {enough_s / SPARE / 60:.1f} minutes "
                "to measure, and the budget is less; raise it"
            )
        chosen = replace(plan.first(kept), op_visits=op_visits)
        return cls(chosen, of_networks + seconds, len(plan.ops) - kept)


def _first_that_fit(
    plan: Plan, visits: Mapping[str, int], pace: Pace, room_s: float | None, least: int
) -> tuple[int, float]:
    """How many of the ops, which lack so many visits by name, fit into the room, and the seconds that they take.

    They are `least`, or more.
    """
    spent = 0.0
    for kept, op in enumerate(plan.ops):
        more = pace.seconds([visits[name] for name in _names(op) if visits.get(name, 0) > 0])
        if kept >= least and room_s is not None and spent + more > room_s:
            return kept, spent
        spent += more
    return len(plan.ops), spent


def _names(op: Op) -> set[str]:
    return {subject.name for subject in both(op)}


AnnounceCallback = Callable[[Forecast], None]


def _spread(subjects: Sequence[Subject]) -> list[Subject]:
    """`TRIED` of them, or all: by an odd step, for they come in pairs of one copy of an op and several."""
    step = -(-len(subjects) // TRIED) | 1
    return list(subjects[::step])


def _tried_out(subject: Subject, setting: Setting, protocol: Protocol, clock: Clock) -> tuple[float, float]:
    """Seconds of one export and of one visit."""
    started = clock()
    model = subject.export()
    exported = clock()
    with alike(setting):
        visited(subject.name, model, setting, protocol)
    return exported - started, clock() - exported
