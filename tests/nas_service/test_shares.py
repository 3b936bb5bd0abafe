"""Even shares between owners, priorities within one, and nothing that idles while somebody wants it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from searches import Lab, Silence, spec
from sqlalchemy import Connection

from nas_service.coordinator.shares import HEADROOM, Demand, filled, shares
from nas_service.store import jobs, trials
from workers.dispatchers.base import ClusterStatus
from workers.requests import Resources

CPUS = Resources(1)


def demand(job_id: str, places: int = 100, owner: str = "", **parts: Any) -> Demand:
    defaults: dict[str, Any] = {"priority": 0, "number": ord(job_id[0]), "footprint": CPUS}
    return Demand(job_id, owner, places=places, **(defaults | parts))


def of(cpus: float, *demands: Demand, gpus: float = 0) -> dict[str, int]:
    """Shares of a cluster that has so much, headroom included."""
    return shares(Resources(cpus / HEADROOM, gpus / HEADROOM), demands)


def test_jobs_of_one_owner_share_evenly() -> None:
    assert of(12, demand("a"), demand("b"), demand("c")) == {"a": 4, "b": 4, "c": 4}


def test_the_odd_place_goes_to_the_oldest() -> None:
    assert of(4, demand("b"), demand("a"), demand("c")) == {"a": 2, "b": 1, "c": 1}


def test_owners_share_evenly_however_many_jobs_they_have() -> None:
    found = of(12, *(demand(name, owner="ann") for name in "abc"), demand("z", owner="bob"))
    assert found == {"a": 2, "b": 2, "c": 2, "z": 6}


def test_what_one_does_not_want_is_left_to_others() -> None:
    assert of(12, demand("a", 2), demand("b"), demand("c", 3, owner="bob")) == {"a": 2, "b": 7, "c": 3}


def test_priority_goes_first_among_the_jobs_of_an_owner_only() -> None:
    urgent = demand("b", 5, owner="ann", priority=10)
    found = of(12, demand("a", owner="ann"), urgent, demand("c", owner="bob"))
    assert found == {"a": 1, "b": 5, "c": 6}


def test_the_scarcest_resource_counts() -> None:
    """Ghodsi's example: 9 CPUs and 18 GB; tasks of 1 CPU and 4 GB, and of 3 CPUs and 1 GB: three and two of them."""
    found = of(
        9,
        demand("a", owner="ann", footprint=Resources(1, 4)),
        demand("b", owner="bob", footprint=Resources(3, 1)),
        gpus=18,
    )
    assert found == {"a": 3, "b": 2}


def test_jobs_on_cpus_and_on_gpus_do_not_wait_for_each_other() -> None:
    found = of(8, demand("a", 8), demand("b", 4, footprint=Resources(0, 1)), gpus=4)
    assert found == {"a": 8, "b": 4}


def test_one_that_is_too_large_keeps_its_own_reason_to_wait() -> None:
    assert of(4, demand("a", footprint=Resources(64)), demand("b")) == {"a": 1, "b": 4}
    assert of(4, demand("a", footprint=Resources(0)), demand("b")) == {"a": 100, "b": 4}
    assert of(0, demand("a"), demand("b")) == {"a": 1, "b": 1}


def test_a_limit_on_trials_is_shared_by_the_jobs_of_its_owner() -> None:
    demands = [demand("a"), demand("b", batch=2), demand("c", owner="bob")]
    assert shares(Resources(20 / HEADROOM), demands, {"": 6}) == {"a": 2, "b": 2, "c": 16}


def test_more_jobs_than_places_take_turns_but_not_with_urgent_ones() -> None:
    assert of(2, demand("a"), demand("b"), demand("c"), demand("d", owner="bob")) == {"a": 1, "b": 1, "c": 1, "d": 1}
    assert of(2, demand("a"), demand("b", priority=1)) == {"a": 0, "b": 2}


def test_jobs_beside_each_other_keep_to_their_shares(make_lab: Callable[..., Lab]) -> None:
    """Four places and a quarter more: three for the older and two; all that it asks for to one that is alone."""
    workers = Silence()
    workers.cluster = lambda: ClusterStatus("silent", Resources(4), Resources(4))
    lab = make_lab(dispatcher=workers)

    def open_trials() -> list[int]:
        for _ in range(5):
            lab.step()
        with lab.store.read() as conn:
            return [len(trials.open_in(conn, name)) for name in ("a", "b")]

    def change(how: Callable[[Connection], object]) -> None:
        with lab.store.write() as conn:
            how(conn)

    lab.submit(spec(50, workers={"parallel": 8}), "a")
    assert open_trials() == [8, 0]
    lab.submit(spec(50, workers={"parallel": 8}), "b")
    assert open_trials() == [8, 2]
    said = "shares the workers with another job: {} of the 8 places that it could use"
    assert [lab.job(name).reason for name in ("a", "b")] == [said.format(3), said.format(2)]
    for sent in workers.submitted[:6]:
        workers.say(sent, 0.5)
    assert open_trials() == [3, 2]
    change(lambda conn: jobs.set_priority(conn, jobs.get(conn, "b"), 5, 1.0))
    assert open_trials() == [3, 5]
    assert lab.job("a").reason == "waits for job b, which has priority 5 and this one 0"
    change(lambda conn: jobs.move(conn, "b", jobs.LIVE, "cancelled", "", 1.0))
    assert open_trials()[0] == 8
    assert lab.job("a").reason == ""


places = st.integers(1, 6)
footprints = st.sampled_from([Resources(1), Resources(2), Resources(0.5), Resources(1, 1), Resources(0, 0.5)])
anyone = st.tuples(st.sampled_from("xyz"), st.integers(0, 2), places, footprints)


@given(st.lists(anyone, max_size=8), st.integers(2, 10), st.integers(1, 4))
def test_nothing_is_given_twice_and_nothing_idles(wanted: list[Any], cpus: int, gpus: int) -> None:
    demands = [Demand(f"j{n}", owner, rank, n, most, foot) for n, (owner, rank, most, foot) in enumerate(wanted)]
    total = Resources(cpus, gpus)
    found = filled(total, demands)
    used = [sum(found[d.job_id] * getattr(d.footprint, kind) for d in demands) for kind in ("cpus", "gpus")]
    left = [HEADROOM * there - taken for there, taken in zip((cpus, gpus), used, strict=True)]
    assert min(left) > -1e-9
    for one in demands:
        assert found[one.job_id] <= one.places
        fits = one.footprint.cpus <= left[0] and one.footprint.gpus <= left[1]
        assert found[one.job_id] == one.places or not fits or not total.room_for(one.footprint)
