"""Whole searches with a warm start and a control: shares of the budget, restarts, and what is stored of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from searches import TABLES, TINY, Lab, spec
from sqlalchemy import func, select

from nas_service.admission import admit
from nas_service.errors import InvalidSpec
from nas_service.search import Search
from nas_service.spec import JobSpec
from nas_service.store import Store, arms, jobs
from nas_service.store.schema import candidates, proposals
from nas_service.warm_start import Earlier, resolved
from workers.dispatchers import InlineDispatcher

STRATEGIES: dict[str, dict[str, Any]] = {
    "evolution": {"name": "evolution", "population": 6, "sample": 3},
    "ppo": {"name": "ppo", "batch": 4, "hidden": 4},
}
LIMITED = {"cost": "macs", "limits": {"macs": 900_000}}  # so that some proposals are infeasible


@pytest.fixture
def lab(make_lab: Callable[..., Lab]) -> Lab:
    return make_lab()


def history(store: Store, job_id: str = "j") -> list[tuple[Any, ...]]:
    """Every proposal, with its outcome."""
    p = proposals.c
    columns = (p.candidate_id, p.parents, p.token, p.status, p.reward, p.spent, p.control)
    with store.read() as conn:
        query = select(*columns).where(p.job_id == job_id).order_by(p.number)
        return [tuple(row) for row in conn.execute(query)]


def networks(store: Store, job_id: str = "j") -> list[str]:
    """The hash of each proposal's architecture, in order."""
    p, c = proposals.c, candidates.c
    query = select(c.hash).join_from(proposals, candidates, c.id == p.candidate_id).where(p.job_id == job_id)
    with store.read() as conn:
        return list(conn.execute(query.order_by(p.number)).scalars())


def genotypes(n: int, search: Search | None = None) -> list[dict[str, Any]]:
    """Different networks of a search's space, that of all searches here unless given."""
    rng, space = np.random.default_rng(5), (search or admit(spec(), TABLES)).bound
    return [space.sample(rng) for _ in range(n)]


@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_a_new_coordinator_every_few_steps_changes_no_proposal(make_lab: Callable[..., Lab], name: str) -> None:
    wanted = spec(16, objective=LIMITED, strategy=STRATEGIES[name], control="random")
    wanted["warm_start"] = {"genotypes": genotypes(5)}
    undisturbed, lab = make_lab(), make_lab()
    undisturbed.run(wanted)
    lab.submit(wanted)
    steps = 0

    def over(job: Any) -> bool:
        nonlocal steps
        steps += 1
        if steps % 5 == 0:
            lab.hire()
        return job.state in jobs.FINAL

    assert lab.until(over).completed == 16
    assert history(lab.store) == history(undisturbed.store)


@pytest.mark.parametrize("parallel", [1, 4])
@pytest.mark.parametrize("share", [0.2, 0.35])
def test_the_control_gets_its_share_of_the_budget(make_lab: Callable[..., Lab], parallel: int, share: float) -> None:
    lab = make_lab(dispatcher=InlineDispatcher(parallel))
    control = {"name": "random", "share": share}
    job = lab.run(spec(40, objective=LIMITED, control=control, workers={"parallel": parallel}))
    with lab.store.read() as conn:
        search, random = arms.of_job(conn, "j")
        screened = dict(
            conn.execute(select(proposals.c.control, func.count()).where(~proposals.c.spent).group_by("control")).all()
        )
    assert (search.trials, random.trials) == (40 - round(40 * share), round(40 * share))
    assert min(screened.values()) > 0
    assert len(random.points) == len(random.rewards) >= random.trials
    assert max(search.rewards + random.rewards) == job.best_reward


def test_a_result_that_both_proposed_belongs_to_both(lab: Lab) -> None:
    """Eight networks: whichever of the two had one evaluated, the other one knows it too."""
    lab.run(spec(8, space=TINY, strategy={"name": "random"}, control={"share": 0.5}))
    with lab.store.read() as conn:
        search, random = arms.of_job(conn, "j")
    assert search.trials + random.trials == 8
    assert len(search.points) + len(random.points) > 8


def test_a_search_begins_with_what_an_earlier_one_found_and_reuses_it(lab: Lab) -> None:
    first = lab.run(spec(30), "first")
    query = select(candidates).where(candidates.c.job_id == "first").order_by(candidates.c.reward.desc())
    with lab.store.read() as conn:
        best = conn.execute(query.limit(4)).all()
    second = lab.run(spec(12, warm_start={"genotypes": [row.genotype for row in best]}), "second")
    assert networks(lab.store, "second")[:4] == [row.hash for row in best]
    assert (best[0].id, best[0].reward) == (first.incumbent, first.best_reward)
    assert second.reused >= 4
    assert second.best_reward >= first.best_reward


def test_an_extended_job_keeps_the_share_and_what_it_began_with(lab: Lab) -> None:
    given, space = genotypes(3), admit(spec(), TABLES).bound
    job = lab.run(spec(10, control={"share": 0.25}, warm_start={"genotypes": given}))
    with lab.store.write() as conn:
        jobs.extend(conn, job, {"trials": 20, "hours": None}, 0.0)
    lab.finish()
    with lab.store.read() as conn:
        search, random = arms.of_job(conn, "j")
    assert (search.trials, random.trials) == (15, 5)
    assert networks(lab.store)[:3] == [space.architecture(g).hash for g in given]


def begins(options: dict[str, Any] | None = None, **warm_start: Any) -> Search:
    space = spec()["space"]
    space = space | {"options": space["options"] | (options or {})}
    wanted = spec(100, space=space, warm_start=warm_start)
    return Search.prepare(JobSpec.model_validate(wanted), TABLES)


def job_of(search: Search, best: list[Any], **parts: Any) -> Earlier:
    return Earlier("e", search.filled_in | parts, search.space.version, best)


def test_networks_of_jobs_are_written_for_the_options_of_this_space() -> None:
    """Listed the other way round, a resolution's index is another one; a network without its option is left out."""
    best, source = genotypes(12), admit(spec(), TABLES)
    search, said = resolved(begins({"resolution": [24, 16, 32]}, jobs=["e"], top=5), lambda _: job_of(source, best))
    assert [search.bound.architecture(g) for g in search.spec.warm_start.networks] == [
        source.bound.architecture(g) for g in best[:5]
    ]
    assert said == "5 networks of job e"
    search, said = resolved(begins({"resolution": [16]}, jobs=["e"], top=50), lambda _: job_of(source, best))
    small = [g for g in best if source.bound.architecture(g).input_shape[1] == 16]
    assert len(search.spec.warm_start.networks) == len(small)
    assert f"{len(best) - len(small)} are not offered by this space" in said
    assert search.filled_in["warm_start"]["resolved"] == search.spec.warm_start.networks


def test_networks_over_a_limit_are_left_out_and_no_network_comes_twice() -> None:
    best, source = genotypes(12), admit(spec(), TABLES)
    macs = [source.bound.architecture(g).macs for g in best]
    limit = sorted(macs)[6]
    wanted = spec(100, objective={"cost": "macs", "limits": {"macs": limit}})
    wanted["warm_start"] = {"jobs": ["e", "f"], "top": 50, "genotypes": best[:2]}
    search, said = resolved(
        Search.prepare(JobSpec.model_validate(wanted), TABLES), lambda _: job_of(source, best[::-1])
    )
    given, found = search.spec.warm_start.genotypes, search.spec.warm_start.resolved
    assert list(given) == best[:2]
    assert list(found) == [g for g in best[::-1] if source.bound.architecture(g).macs <= limit and g not in best[:2]]
    assert "5 break a limit" in said


def test_what_was_resolved_needs_no_other_job() -> None:
    source = admit(spec(), TABLES)
    first, _ = resolved(begins(jobs=["e"]), lambda _: job_of(source, genotypes(4)))
    again = admit(first.filled_in, TABLES)
    assert again.filled_in == first.filled_in
    assert len(again.spec.warm_start.networks) == 4


@pytest.mark.parametrize(
    ("warm_start", "field", "says"),
    [
        ({}, "warm_start", "or leave it out"),
        ({"jobs": ["none"]}, "warm_start.jobs.0", "no job 'none'; `nas jobs` lists"),
        (
            {"jobs": ["same", "other"]},
            "warm_start.jobs.1",
            "is of space 'tvn', version 1, and this one of 'mobilenetv3'",
        ),
        ({"jobs": ["newer"]}, "warm_start.jobs.0", "is of space 'mobilenetv3', version 2"),
        ({"jobs": ["empty"]}, "warm_start.jobs.0", "none was evaluated in full within its limits yet"),
        ({"jobs": ["foreign"]}, "warm_start.jobs.0", "4 are not offered by this space"),
        ({"genotypes": [*genotypes(3), {"choices": [1]}]}, "warm_start.genotypes.3", "choices, not 1"),
        ({"genotypes": [{"choices": genotypes(1)[0]["choices"], "widths": 3}]}, "warm_start.genotypes.0", "not 3"),
        ({"resolved": [{"choices": []}]}, "warm_start.resolved.0", "choices, not 0"),
        ({"jobs": ["same"], "resolved": [{}]}, "warm_start.resolved.0", "choices, not None"),
    ],
)
def test_what_a_search_cannot_begin_with(warm_start: dict[str, Any], field: str, says: str) -> None:
    source = admit(spec(), TABLES)
    foreign = admit(spec(space={"name": "mobilenetv3", "options": {"resolution": [40], "hidden": 64}}), TABLES)
    known = {
        "same": job_of(source, genotypes(4)),
        "other": job_of(source, [], space={"name": "tvn", "options": {}}),
        "newer": Earlier("e", source.filled_in, 2, genotypes(4)),
        "empty": job_of(source, []),
        "foreign": job_of(foreign, genotypes(4, foreign)),
    }
    with pytest.raises(InvalidSpec) as refusal:
        resolved(begins(**warm_start), known.get)
    assert refusal.value.field == field
    assert says in refusal.value.detail
