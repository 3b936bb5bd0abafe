"""What a warm start means for a search: the networks it was given, checked, and the best of earlier jobs, adopted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from search_spaces import Architecture, BoundSpace, Genotype, SpaceError, get_space

from .errors import InvalidSpec
from .search import Search


@dataclass(frozen=True)
class Earlier:
    """A job to begin from: its spec, the version of its space, and its networks, best first."""

    id: str
    spec: Mapping[str, Any]
    space_version: int
    best: Iterable[Genotype]


LookUp = Callable[[str], Earlier | None]


def resolved(search: Search, look_up: LookUp) -> tuple[Search, str]:
    """The search with every network that it begins with in its spec, and what became of those of other jobs, in words.

    `look_up` gives the job of an id, None where there is none. Networks of jobs that this space does not offer, or
    that break a limit here, are left out. Raises InvalidSpec that names the field, where a job has none for this
    search, or where one of the genotypes is not of this space.
    """
    wanted = search.spec.warm_start
    if wanted is None:
        return search, ""
    if not (wanted.jobs or wanted.networks):
        raise InvalidSpec("give the ids of jobs as jobs, or networks as genotypes; or leave it out", "warm_start")
    known = _checked(search, "genotypes", wanted.genotypes) | _checked(search, "resolved", wanted.resolved or ())
    if wanted.resolved is not None:
        return search, ""
    found: dict[str, Genotype] = {}
    told = []
    for place, job_id in enumerate(wanted.jobs):
        field, job = f"warm_start.jobs.{place}", look_up(job_id)
        if job is None:
            raise InvalidSpec(f"there is no job {job_id!r}; `nas jobs` lists those that there are", field)
        adopted, said = _adopted(search, job, wanted.top, field)
        found |= adopted
        told.append(said)
    networks = [genotype for network, genotype in found.items() if network not in known]
    spec = search.spec.model_copy(update={"warm_start": wanted.model_copy(update={"resolved": tuple(networks)})})
    return replace(search, spec=spec), "; ".join(told)


def _checked(search: Search, name: str, genotypes: Iterable[Genotype]) -> set[str]:
    """The hashes of these networks. Raises InvalidSpec for the first that is not of the search's space."""
    hashes = set()
    for place, genotype in enumerate(genotypes):
        try:
            hashes.add(search.bound.architecture(genotype).hash)
        except SpaceError as error:
            raise InvalidSpec(
                f"this is no network of space {search.space.name!r} with this job's options: {error}. Take genotypes "
                "from candidates of jobs with the same space and options, or name such jobs in warm_start.jobs",
                f"warm_start.{name}.{place}",
            ) from None
    return hashes


def _adopted(search: Search, job: Earlier, top: int, field: str) -> tuple[dict[str, Genotype], str]:
    """The best networks of a job for this search, by hash, best first, and in words how many were left out."""
    source = _source(search, job, field)
    found: dict[str, Genotype] = {}
    foreign = over = 0
    for genotype in job.best:
        if len(found) == top:
            break
        try:
            adopted = search.bound.adopt(genotype, source)
        except SpaceError:
            foreign += 1
            continue
        architecture = search.bound.architecture(adopted)
        if _fits(search, architecture):
            found.setdefault(architecture.hash, adopted)
        else:
            over += 1
    left_out = f"{foreign} are not offered by this space and {over} break a limit or cannot be priced here"
    if not found:
        why = left_out if foreign or over else "none was evaluated in full within its limits yet"
        raise InvalidSpec(
            f"job {job.id} has no network to begin with: {why}. Leave the job out, or give the space the options that "
            "the job has",
            field,
        )
    better = f" (of the best, {left_out})" if foreign or over else ""
    return found, f"{len(found)} networks of job {job.id}{better}"


def _source(search: Search, job: Earlier, field: str) -> BoundSpace:
    """The job's space, for this search's task. Raises InvalidSpec where it is another space."""
    name = job.spec["space"]["name"]
    if (name, job.space_version) != (search.space.name, search.space.version):
        raise InvalidSpec(
            f"job {job.id} is of space {name!r}, version {job.space_version}, and this one of {search.space.name!r}, "
            f"version {search.space.version}: a search can begin only with networks of its own space. Name jobs of "
            f"space {search.space.name!r}, or leave this one out",
            field,
        )
    try:
        return get_space(name, **job.spec["space"]["options"]).bind(search.task.signature)
    except SpaceError as error:
        raise InvalidSpec(
            f"networks of job {job.id} cannot be built for this task: {error}. Leave the job out", field
        ) from None


def _fits(search: Search, architecture: Architecture) -> bool:
    """Whether it can be priced here and meets the limits that are known before training."""
    try:
        return search.objective.violation(search.costs(architecture)) is None
    except InvalidSpec:
        return False
