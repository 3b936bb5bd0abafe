"""Pages on narrow and on wide windows."""

from __future__ import annotations

import pytest
from browsing import LONG, Open
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize(
    "path",
    [
        "/?name=longer",  # whichever other jobs there are by now
        "/jobs/{job}",
        "/jobs/{job}/candidates/{job}.c0",
        "/compare?jobs={job},{second}&candidates={job}.c0,{job}.c1",
    ],
    ids=["jobs", "job", "candidate", "compare"],
)
def test_nothing_sticks_out_of_the_window(visit: Open, finished: str, second: str, path: str, width: int) -> None:
    page = visit(path.format(job=finished, second=second), width)
    expect(page.get_by_text(LONG).first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
