"""The door of the service: a spec comes in as a dictionary and leaves as a search that can run, or is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from .errors import InvalidSpec
from .objective import upper_end
from .prices import Prices
from .search import Search
from .spec import JobSpec
from .warm_start import resolved

PROBED = 200  # sampled architectures that must show at least one that meets the limits


def parse(data: Any) -> JobSpec:
    """A validated spec. Raises InvalidSpec that names the first field at fault."""
    try:
        return JobSpec.model_validate(data)
    except ValidationError as error:
        first = min(error.errors(), key=lambda e: e["type"] != "extra_forbidden")  # it may be the key that is missing
        where = ".".join(map(str, first["loc"]))
        message = first["msg"]
        if first["type"] == "extra_forbidden":
            message = f"there is no key {first['loc'][-1]!r} here; {_keys_at(first['loc'][:-1])}"
        raise InvalidSpec(message, where) from None


def admit(data: Any, tables: Path) -> Search:
    """The search that a spec describes, where there are no other jobs. Raises what `resolved` and `refuse` raise."""
    search, _ = resolved(Search.prepare(parse(data), tables), lambda _: None)
    refuse_hopeless(search)
    return search


def refuse_hopeless(search: Search) -> None:
    """Raises InvalidSpec for a search that could never bring a result."""
    _refuse_small_budget(search)
    _refuse_impossible_limits(search)


def _refuse_small_budget(search: Search) -> None:
    strategy, given = search.strategy(), search.spec.budget.trials
    needed = strategy.fewest_trials
    if given < needed:
        raise InvalidSpec(
            f"strategy {search.spec.strategy.name!r} evaluates nothing in full before trial {needed}, and without that "
            f"there is no best candidate; {given} are too few. Raise the budget, or choose a smaller population",
            "budget.trials",
        )
    strategy.check(given, search.task.fidelity, Prices(search))


def _refuse_impossible_limits(search: Search) -> None:
    """Refuses limits that none of `PROBED` samples meets, and tables that lack what the samples need."""
    rng = np.random.default_rng(search.spec.seed)
    costs = [search.costs(search.bound.architecture(drawn)) for drawn in search.bound.samples(rng, PROBED)]
    if any(search.objective.violation(c) is None for c in costs):
        return
    limits = search.spec.objective.limits
    lowest = {name: min(upper_end(name, c) for c in costs) for name in limits if name in costs[0]}
    name = max(lowest, key=lambda n: lowest[n] / limits[n])
    bar = ", error bar included," if name == "latency_ms" else ""
    found = f"the lowest {name} among them{bar} is {lowest[name]:.4g}"
    if lowest[name] <= limits[name]:
        found = "each limit is met by some of them, but all together by none"
    raise InvalidSpec(
        f"none of {PROBED} sampled architectures meets the limits; {found}. "
        "Raise the limit, or give the space smaller options (widths, resolution, depth)",
        f"objective.limits.{name}",
    )


def _keys_at(path: tuple[int | str, ...]) -> str:
    model: Any = JobSpec
    for part in path:
        model = model.model_fields[part].annotation
        model = next((a for a in getattr(model, "__args__", ()) if hasattr(a, "model_fields")), model)
    return f"keys: {', '.join(model.model_fields)}"
