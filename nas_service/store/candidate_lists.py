"""Lists of a job's candidates: in any order, narrowed, a page at a time.

A page begins where the one before it ended (its last key and number) and not after so many rows. The orders `number`
and `reward` have an index, which is entered there; any other reads the candidates of the job, and keeps a page of them.
They are read as they lie, in the order of their numbers: by another index each would be fetched from elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final, Literal, get_args

from sqlalchemy import Column, ColumnElement, Connection, Select, Text, and_, cast, func, not_, or_, select, true

from .listed import among
from .records import Candidate
from .schema import candidates, proposals

Order = Literal["number", "reward", "value", "latency_ms", "params", "macs"]
Position = tuple[float | None, int]  # key and number of a candidate

ORDERS: Final = get_args(Order)
OF_RESULTS: Final = ("reward", "value")  # only results of full fidelity can be compared
DESCENDING: Final = ("reward", "value")  # where nothing else is said: the best first

_COLUMNS = [candidates.c[field.name] for field in fields(Candidate)]
_AS_THEY_LIE = candidates.c.number >= 0  # true of all; for SQLite, a reason to go by this index


@dataclass(frozen=True)
class Listing:
    """Which candidates, and in which order. None and empty narrow nothing.

    `control` asks for those that the job's random control brought, or for the others; `parent` is the id of one; `text`
    a part of the candidate's own id, or of what follows the job's in it. In an order by `reward` or `value` there are
    only candidates with a result of full fidelity, by `latency_ms` only those with an estimate.
    """

    order: Order = "number"
    descending: bool | None = None
    state: str | None = None
    feasible: bool | None = None
    control: bool | None = None
    parent: str | None = None
    text: str = ""
    value_min: float | None = None
    latency_ms_max: float | None = None
    params_max: int | None = None
    macs_max: int | None = None

    @property
    def falls(self) -> bool:
        """Whether the largest come first; candidates with equal keys follow their numbers either way."""
        return self.order in DESCENDING if self.descending is None else self.descending

    def key(self, candidate: Candidate) -> Position:
        """Where a candidate stands in this order."""
        key: float | None = getattr(candidate, self.order)
        return key, candidate.number


ALL: Final = Listing()
BEST: Final = Listing("reward")


def page(
    conn: Connection, job_id: str, wanted: Listing = ALL, *, after: Position | None = None, limit: int
) -> list[Candidate]:
    """At most `limit` candidates, those after the `key` of the last one of the page before."""
    query = _ordered(select(*_COLUMNS), job_id, wanted).limit(limit)
    if after is not None:
        query = query.where(_behind(wanted, *after))
    return [Candidate(*row) for row in conn.execute(query)]


def count(conn: Connection, job_id: str, wanted: Listing) -> int:
    """How many there are on all pages."""
    query = select(func.count()).select_from(candidates).where(*_narrowed(job_id, wanted))
    if replace(wanted, descending=None) != BEST:  # whose index has all that is asked
        query = query.where(_AS_THEY_LIE)
    found: int = conn.execute(query).scalar_one()
    return found


def ids(conn: Connection, job_id: str, wanted: Listing) -> list[str]:
    """Of all pages, in their order."""
    return list(conn.execute(_ordered(select(candidates.c.id), job_id, wanted)).scalars())


def named(conn: Connection, wanted: Sequence[str]) -> list[Candidate]:
    """The candidates with these ids, in this order; what has been deleted meanwhile is left out."""
    found = conn.execute(select(*_COLUMNS).where(among(candidates.c.id, "ids")), {"ids": list(wanted)})
    by_id = {row.id: Candidate(*row) for row in found}
    return [by_id[one] for one in wanted if one in by_id]


def _ordered(query: Select[Any], job_id: str, wanted: Listing) -> Select[Any]:
    key = _column(wanted)
    by_key = key.desc() if wanted.falls else key.asc()
    query = query.where(*_narrowed(job_id, wanted))
    if wanted.order != "reward":
        query = query.where(_AS_THEY_LIE)
    return query.order_by(by_key) if wanted.order == "number" else query.order_by(by_key, candidates.c.number)


def _behind(wanted: Listing, key: float | None, number: int) -> ColumnElement[bool]:
    column = _column(wanted)
    if wanted.order == "number":
        return column < number if wanted.falls else column > number
    least = key or 0.0
    entered, past = (column <= least, column < least) if wanted.falls else (column >= least, column > least)
    return and_(entered, or_(past, candidates.c.number > number))  # so that an index is entered at that key


def _column(wanted: Listing) -> Column[Any]:
    return candidates.c[wanted.order]


def _narrowed(job_id: str, wanted: Listing) -> list[ColumnElement[bool]]:
    c = candidates.c
    conditions: list[ColumnElement[bool]] = [c.job_id == job_id]
    if wanted.order in OF_RESULTS:
        conditions.append(c.full)
    if wanted.order != "number":
        conditions.append(_column(wanted).is_not(None))
    if wanted.state is not None:
        conditions.append(c.state == wanted.state)
    if wanted.feasible is not None:
        conditions.append(c.feasible if wanted.feasible else not_(c.feasible))
    if wanted.control is not None:
        conditions.append(_by_control(job_id) if wanted.control else not_(_by_control(job_id)))
    if wanted.parent:
        conditions.append(cast(c.parents, Text).contains(f'"{wanted.parent}"', autoescape=True))
    if part := wanted.text.removeprefix(f"{job_id}."):
        conditions.append(func.substr(c.id, len(job_id) + 2).contains(part, autoescape=True))
    return [*conditions, *_within(wanted)]


def _within(wanted: Listing) -> list[ColumnElement[bool]]:
    c = candidates.c
    most = {"latency_ms": wanted.latency_ms_max, "params": wanted.params_max, "macs": wanted.macs_max}
    conditions = [c[name] <= bound for name, bound in most.items() if bound is not None]
    return [*conditions, c.value >= wanted.value_min] if wanted.value_min is not None else conditions


def _by_control(job_id: str) -> ColumnElement[bool]:
    """Whether the proposal that brought a candidate was made by the job's random control."""
    p = proposals.c
    brought = (p.job_id == job_id, p.number == candidates.c.number, p.control)
    return select(true()).where(*brought).correlate(candidates).exists()
