"""A survey: which visits a table still lacks, and the table that they add up to.

It keeps nothing itself: it is asked anew with the visits made so far, so it is the same whether these lie in a journal
here, in a database, or in a file that was carried from the device.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import sqrt
from typing import Any

import numpy as np

from device_agent.machine import Device
from device_agent.measure import Measurement, Protocol, Visit, summary
from device_agent.rounds import Subject
from search_spaces import Architecture, Op
from search_spaces.ops import op_from_key

from .between import Facet, facets
from .coverage import Coverage
from .drift import Steadied, steadied
from .runtime import Runtime
from .subjects import (
    REFERENCE,
    REFERENCE_NETWORK,
    both,
    entry,
    measured_network,
    of_network,
    reference_entry,
    several_of,
)
from .suspects import implausible
from .table import Entry, Flag, LatencyTable, MeasuredNetwork, TableError

AGAIN = 3  # times the protocol's visits, at the most, for what is still in doubt
NOISY = 0.05  # standard error of an op's cost, as a share of it; of a cheap one, as a share of the mean cost

Made = Sequence[tuple[str, Visit]]  # with the subject's name, in the order in which they were made


@dataclass(frozen=True)
class Plan:
    """What a table still lacks for a space: ops, the most useful first, and whole networks to calibrate on.

    The first `needed` ops are those without which others, or they themselves, could not be told. `left_out` has the
    keys of ops of these networks that are not measured: they are interpolated. `op_visits` says how often the subjects
    of an op are visited; 0 is as often as networks are.
    """

    ops: tuple[Op, ...]
    networks: tuple[Architecture, ...]
    left_out: frozenset[str] = frozenset()
    needed: int = 0
    op_visits: int = 0

    @classmethod
    def of(cls, coverage: Coverage, sampled: Sequence[Architecture], table: LatencyTable | None) -> Plan:
        """Ops that have something new, those of the calibration networks, and the others as `coverage` has them.

        What `table` has already is left out.
        """
        found = {op.key: op for ops in (*(n.ops for n in sampled), coverage.ops) for op in ops}
        entries = table.entries if table else {}
        hashes = {network.hash for network in table.networks} if table else set()
        known = set[Facet]().union(*(facets(op) for key in entries if (op := op_from_key(key))))
        needed: list[Op] = []
        others: list[Op] = []
        for op in (op for key, op in found.items() if key not in entries):
            (others if facets(op) <= known else needed).append(op)
            known |= facets(op)
        networks = tuple(network for network in sampled if network.hash not in hashes)
        return cls((*needed, *others), networks, needed=len(needed))

    def first(self, count: int) -> Plan:
        """The same with so many of the ops, and no fewer than are `needed`."""
        kept, rest = self.ops[: max(count, self.needed)], self.ops[max(count, self.needed) :]
        met = {op.key for network in self.networks for op in network.ops}
        return replace(self, ops=kept, left_out=self.left_out | met.intersection(op.key for op in rest))

    @classmethod
    def from_json(cls, written: Mapping[str, Any]) -> Plan:
        """Raises ValueError for what `to_json` did not write."""
        ops = [op_from_key(key) for key in written["ops"]]
        if None in ops:
            raise ValueError(f"there is no op {written['ops'][ops.index(None)]!r}")
        networks = tuple(Architecture.from_json(a) for a in written["networks"])
        left_out = frozenset(written.get("left_out", ()))
        needed, op_visits = written.get("needed", 0), written.get("op_visits", 0)
        return cls(tuple(op for op in ops if op), networks, left_out, needed, op_visits)

    def to_json(self) -> dict[str, Any]:
        ops, networks = [op.key for op in self.ops], [a.to_json() for a in self.networks]
        rest = {"left_out": sorted(self.left_out), "needed": self.needed, "op_visits": self.op_visits}
        return {"ops": ops, "networks": networks} | rest

    @property
    def subjects(self) -> list[Subject]:
        """Everything to measure beside the reference."""
        networks = (of_network(network) for network in self.networks if network != REFERENCE_NETWORK)
        return [*(subject for op in self.ops for subject in both(op)), *networks]


@dataclass(frozen=True)
class Survey:
    """A plan, and the protocol by which it is measured."""

    plan: Plan
    protocol: Protocol

    @property
    def op_visits(self) -> int:
        return self.plan.op_visits or self.protocol.visits

    def lacking(self, made: Made, *, again: bool = True) -> list[tuple[Subject, int]]:
        """The subjects that lack visits, and how many: what the protocol asks for, then `again` what is in doubt."""
        found = _Found(self, made)
        counts = {subject: len(found.visits(subject)) for subject in self.plan.subjects}
        of_ops = {subject.name for op in self.plan.ops for subject in both(op)}
        asked = {s: self.op_visits if s.name in of_ops else self.protocol.visits for s in counts}
        missing = [(s, asked[s] - n) for s, n in counts.items() if n < asked[s]]
        if missing or not again:
            return missing
        most = AGAIN * self.op_visits
        doubted = {subject.name for op in self.plan.ops if op.key in found.flags for subject in both(op)}
        return [(s, min(self.op_visits, most - n)) for s, n in counts.items() if s.name in doubted and n < most]

    def table(self, made: Made, device: Device, runtime: Runtime, before: LatencyTable | None = None) -> LatencyTable:
        """The table with what was measured, which extends the one `before`. Nothing may lack its visits.

        Raises TableError where `before` is not the one that the plan was made for.
        """
        found = _Found(self, made)
        have = {*found.entries, *(before.entries if before else ()), *self.plan.left_out}
        if lost := {key for network in found.networks for key in network.ops} - have:
            raise TableError(f"the table that these visits were to add to is gone: it had {min(lost)}")
        if before is None:
            table = LatencyTable.measured(device, runtime, found.entries, found.networks, found.reference)
        else:
            table = before.extended(found.entries, found.networks, found.reference)
        return replace(table, drift=max(table.drift, found.steady.slowest), protocol=self.protocol)

    def networks(self, made: Made) -> tuple[tuple[MeasuredNetwork, ...], Entry]:
        """The plan's networks as they were measured, and the reference beside them."""
        found = _Found(self, made)
        return found.networks, found.reference


@dataclass(frozen=True)
class _Found:
    """What the visits say of each part of the plan."""

    survey: Survey
    made: Made

    @cached_property
    def steady(self) -> Steadied:
        return steadied(self.made, REFERENCE.name)

    def visits(self, subject: Subject) -> list[Visit]:
        return self.steady.visits.get(subject.name, [])

    def measurement(self, subject: Subject) -> Measurement:
        return summary(self.steady.best.get(subject.name, []), self.survey.protocol)

    @cached_property
    def entries(self) -> dict[str, Entry]:
        return {key: replace(one, flag=self.flags.get(key, "")) for key, one in self._unflagged.items()}

    @cached_property
    def flags(self) -> dict[str, Flag]:
        """Why ops are in doubt, by key: their visits differ too much, or smaller ops cost more."""
        mean = float(np.mean([one.latency_ms for one in self._unflagged.values()] or [0.0]))
        visits = self.survey.op_visits
        noisy: dict[str, Flag] = {
            key: "noisy"
            for key, one in self._unflagged.items()
            if one.spread_ms / sqrt(visits) > NOISY * max(one.latency_ms, mean)
        }
        odd: dict[str, Flag] = dict.fromkeys(implausible(self._unflagged), "implausible")
        return noisy | odd

    @cached_property
    def _unflagged(self) -> dict[str, Entry]:
        return {op.key: self._entry(op) for op in self.survey.plan.ops}

    def _entry(self, op: Op) -> Entry:
        single, several = both(op)
        return entry(self.measurement(single), self.measurement(several), several_of(op))

    @cached_property
    def networks(self) -> tuple[MeasuredNetwork, ...]:
        networks = self.survey.plan.networks
        return tuple(measured_network(network, self.measurement(of_network(network))) for network in networks)

    @property
    def reference(self) -> Entry:
        return reference_entry(self.measurement(REFERENCE))
