"""Changes to a job spec: JSON merge patches (RFC 7396), and the dotted `path=value` form that people type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from .errors import ServiceError


def merged(document: Any, patch: Any) -> Any:
    """The document with the patch applied: objects merge key by key, null deletes, anything else replaces."""
    if not isinstance(patch, Mapping):
        return patch
    result = dict(document) if isinstance(document, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def changed_spec(spec: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """A stored spec, which has every default filled in, with a merge patch applied.

    What was filled in for a value that the patch replaces goes with it: the options of a space, task or strategy that
    gets another name, the hash of data that gets another path, a target that was taken from a limit, and what a warm
    start found in other jobs, where it or the space changes.

    Raises ServiceError where genotypes of a warm start would mean other networks.
    """
    kept = dict(spec)
    for part in ("space", "task", "strategy"):
        name = patch.get(part, {}).get("name") if isinstance(patch.get(part), Mapping) else None
        if name is not None and name != spec[part]["name"]:
            kept.pop(part)
    task = patch.get("task")
    if "task" in kept and isinstance(task, Mapping) and "path" in task:
        kept["task"] = {name: value for name, value in kept["task"].items() if name != "content"}
    if spec.get("warm_start") is not None and ("space" in patch or "warm_start" in patch):
        kept["warm_start"] = _begun(spec["warm_start"], patch)
    objective = spec["objective"]
    if objective["target"] is not None and objective["target"] == objective["limits"].get(objective["cost"]):
        kept["objective"] = {name: value for name, value in objective.items() if name != "target"}
    result: dict[str, Any] = merged(kept, patch)
    return result


def _begun(warm_start: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """A warm start that has to look again into the jobs that it names."""
    change = patch.get("warm_start", {})
    given_anew = not isinstance(change, Mapping) or "genotypes" in change
    if "space" in patch and warm_start["genotypes"] and not given_anew:
        raise ServiceError(
            "the job begins with networks that were given in terms of its space's options, so with another space they "
            "would be others; give them anew, or leave them out: warm_start.genotypes=[]",
            "warm_start.genotypes",
        )
    return {name: value for name, value in warm_start.items() if name != "resolved"}


def patch_of(assignments: Sequence[str]) -> dict[str, Any]:
    """The merge patch of `budget.trials=100`, `seed=1`, ...; values are YAML. Raises ServiceError for what is none."""
    patch: dict[str, Any] = {}
    for text in assignments:
        path, equals, value = text.partition("=")
        *parents, last = path.split(".")
        if not (equals and all((*parents, last))):
            raise ServiceError(f"{text!r} is no change; write for example budget.trials=100")
        inner = patch
        for name in parents:
            inner = inner.setdefault(name, {})
            if not isinstance(inner, dict):
                raise ServiceError(f"{text!r} reaches into what another change replaces as a whole")
        inner[last] = _value(text, value)
    return patch


def _value(text: str, value: str) -> Any:
    try:
        return yaml.safe_load(value)
    except yaml.YAMLError:
        raise ServiceError(f"the value of {text!r} cannot be read; put text with colons or brackets in ''") from None
