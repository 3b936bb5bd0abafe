"""What a viewer looks at: to the address and back, closer and wider."""

from __future__ import annotations

import pytest

from nas_service.dashboard.job.scatter_view import ScatterView
from nas_service.window import Window

WHOLE = Window(0, 8, 0, 1)


@pytest.mark.parametrize(
    "view",
    [
        ScatterView(),
        ScatterView(zoom=Window(1, 2, 0.25, 0.5)),
        ScatterView(selected=Window(-1, 2, -0.5, 0), contours=True),
        ScatterView(Window(1, 2, 0, 1), Window(1, 1, 0, 0), contours=True, errors=True),
    ],
)
def test_an_address_brings_back_what_it_was_made_of(view: ScatterView) -> None:
    assert ScatterView.of(view.query()) == view
    assert ScatterView.of({name: text for name, text in view.query().items() if text}) == view


@pytest.mark.parametrize("text", ["", "1,2,3", "1,2,3,x", "2,1,0,1", "0,1,1,0", "nan,1,0,1", "0,inf,0,1", "1,2,3,4,5"])
def test_what_is_no_window_in_an_address_is_none(text: str) -> None:
    assert ScatterView.of({"zoom": text, "select": text, "show": text}) == ScatterView()


def test_closer_is_half_as_much_around_what_is_seen() -> None:
    once = ScatterView().closer(WHOLE, [(1, 0.25), (3, 0.75), (2, 0.3)])
    assert once.zoom is not None
    assert once.zoom == pytest.approx((0, 4, 0.05, 0.55))


def test_closer_shows_nothing_that_was_not_seen_before() -> None:
    once = ScatterView().closer(WHOLE, [(7.5, 0.1)])
    assert once.zoom == Window(4, 8, 0, 0.5)
    assert once.wider(WHOLE) == ScatterView()


def test_closer_is_the_middle_half_where_nothing_is_seen() -> None:
    once = ScatterView().closer(WHOLE, [(9, 0.5)])
    assert once.zoom == Window(2, 6, 0.25, 0.75)
    assert once.closer(WHOLE, [(1, 0.5)]).zoom == Window(3, 5, 0.375, 0.625)


def test_wider_undoes_closer_and_ends_with_the_whole() -> None:
    once = ScatterView().closer(WHOLE, [])
    assert once.closer(WHOLE, []).wider(WHOLE) == once
    assert once.wider(WHOLE) == ScatterView()
    assert ScatterView().wider(WHOLE) == ScatterView()


def test_the_selection_stays_as_one_zooms() -> None:
    view = ScatterView(selected=Window(0, 1, 0, 1))
    closer = view.closer(WHOLE, [])
    assert closer.selected == closer.wider(WHOLE).selected == view.selected
