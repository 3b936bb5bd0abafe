"""Which candidates the page of a job lists and in which order, as it stands in the page's address. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final

STATES: Final = ("proposed", "running", "completed", "infeasible", "failed", "stopped", "cancelled")
ARMS: Final = ("search", "control")
ORDERS: Final = ("number", "value", "latency_ms", "params", "macs", "reward")
BEST_FIRST: Final = ("reward", "value")  # as a list begins unless told otherwise; by anything else the least come first
DIRECTIONS: Final = ("ascending", "descending")
AMOUNTS: Final = ("value_min", "latency_ms_max", "params_max", "macs_max")
WHOLE: Final = ("params_max", "macs_max")
SIZES: Final = {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9}

_AMOUNT = re.compile(r"(-?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,2})?)\s?([kMG]?)")
_ID = re.compile(r"[a-z0-9.]{1,64}")


@dataclass(frozen=True)
class CandidateQuery:
    """Every part is text, as in the address; an empty one narrows nothing.

    `candidate` is a part of its id, `parent` an id with or without that of the job; `feasible` is `yes` or empty.
    Amounts are written as `0.3` or `1.2M`.
    """

    sort: str = "reward"
    direction: str = ""
    state: str = ""
    feasible: str = ""
    arm: str = ""
    candidate: str = ""
    parent: str = ""
    value_min: str = ""
    latency_ms_max: str = ""
    params_max: str = ""
    macs_max: str = ""

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> CandidateQuery:
        """What an address says; a part of it that cannot be is as if it were not there."""
        names = [field.name for field in fields(cls)]
        return cls(**{name: parameters[name] for name in names if name in parameters and valid(name, parameters[name])})

    @property
    def narrows(self) -> int:
        """By how many conditions."""
        return sum(bool(value) for name, value in asdict(self).items() if name not in ("sort", "direction"))

    @property
    def descending(self) -> bool:
        return self.sort in BEST_FIRST if not self.direction else self.direction == "descending"

    def sorted_by(self, order: str) -> CandidateQuery:
        """By another column; by the same one the other way round."""
        if order != self.sort:
            return replace(self, sort=order, direction="")
        return replace(self, direction="ascending" if self.descending else "descending")

    def cleared(self) -> CandidateQuery:
        """In the same order, narrowed by nothing."""
        return CandidateQuery(self.sort, self.direction)

    def parameters(self) -> dict[str, str]:
        """What the address says of it; empty is what need not be said."""
        usual = asdict(CandidateQuery())
        return {name: "" if value == usual[name] else value for name, value in asdict(self).items()}

    def asked(self, job_id: str) -> dict[str, Any]:
        """As the client and the API ask for it."""
        parent = self.parent if not self.parent or "." in self.parent else f"{job_id}.{self.parent}"
        wanted: dict[str, Any] = {
            "order": self.sort,
            "descending": self.descending,
            "state": self.state or None,
            "feasible": True if self.feasible else None,
            "arm": self.arm or None,
            "id_part": self.candidate or None,
            "parent": parent or None,
        }
        for name in AMOUNTS:
            found = amount_of(getattr(self, name))
            wanted[name] = int(found) if found is not None and name in WHOLE else found
        return {name: value for name, value in wanted.items() if value is not None}


def valid(name: str, text: str) -> bool:
    """Whether a part of a query can be so."""
    choices = {"sort": ORDERS, "direction": DIRECTIONS, "state": STATES, "arm": ARMS, "feasible": ("yes",)}
    if not text:
        return name != "sort"
    if name in choices:
        return text in choices[name]
    if name in AMOUNTS:
        found = amount_of(text)
        return found is not None and abs(found) < 1e18 and (found >= 0 or name == "value_min")
    return _ID.fullmatch(text) is not None


def amount_of(text: str) -> float | None:
    """A number as people write it, 250k or 1.2 M; None for what is none."""
    found = _AMOUNT.fullmatch(text.strip())
    return float(found[1]) * SIZES[found[2]] if found else None
