"""Times in the viewer's zone, which stay right on a page that nobody touches."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest
from browsing import Open
from playwright.sync_api import expect

from nas_service.client import Client

pytestmark = pytest.mark.browser

ZONE = "Asia/Tokyo"


def test_a_time_is_told_in_the_zone_of_the_viewer_and_stays_right(visit: Open, client: Client, finished: str) -> None:
    page = visit(f"/?name={quote(client.job(finished).name)}")  # other tests make more jobs than a page has
    page.context.new_cdp_session(page).send("Emulation.setTimezoneOverride", {"timezoneId": ZONE})
    page.reload()
    row = page.locator(".job", has=page.locator(f'a[href="/jobs/{finished}"]'))
    told = row.locator("time")
    created = datetime.fromtimestamp(int(client.job(finished).created_at), UTC)
    expect(told).to_have_attribute("datetime", created.isoformat())
    there = created.astimezone(ZoneInfo(ZONE))
    expect(told).to_have_attribute("title", f"{there:%b} {there.day}, {there.year}, {there:%-I:%M:%S} {there:%p} GMT+9")
    page.clock.set_fixed_time(created + timedelta(days=3))
    page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    expect(told).to_have_text("mobilenetv3 · landscape · evolution · 3 d ago")
