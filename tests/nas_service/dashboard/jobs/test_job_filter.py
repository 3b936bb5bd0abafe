"""The filter of the jobs page in its address."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from nas_service.dashboard.jobs.job_filter import STATES, JobFilter
from nas_service.store import jobs


def test_everything_is_at_the_plain_address() -> None:
    assert JobFilter().address() == "/"
    assert not JobFilter(cursor="WzFd").narrows


def test_an_address_holds_what_is_set_and_leads_back_to_it() -> None:
    wanted = JobFilter(state="running", name="50% & more?", cursor="WzFd")
    query = parse_qs(urlsplit(wanted.address()).query)
    assert query == {"state": ["running"], "name": ["50% & more?"], "cursor": ["WzFd"]}
    assert JobFilter(**{name: value for name, [value] in query.items()}) == wanted
    assert wanted.narrows


def test_every_state_can_be_asked_for() -> None:
    assert {*STATES} == {*jobs.LIVE, *jobs.FINAL}
