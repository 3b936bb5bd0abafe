"""The page of a service on which nothing has happened yet. `conftest.py` puts it before all others."""

from __future__ import annotations

import pytest
from browsing import Open
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_the_empty_page_says_how_to_begin(visit: Open) -> None:
    page = visit("/")
    expect(page.get_by_text("No job yet.")).to_be_visible()
    expect(page.get_by_text("nas submit search.yaml")).to_be_visible()
