"""A file of orders that did not arrive as it was written: refused by name, and nothing is written beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from device_agent import bundle, measure
from device_agent.bundle import is_bundle, measure_bundle, result_of, write_bundle
from device_agent.files import alone
from device_agent.measure import Protocol, Visit
from device_agent.orders import Order, Wanted
from device_agent.rounds import Subject
from device_agent.setting import USUAL

NETWORKS = {"a reference": bytes(range(256)) * 40, "a network": bytes(range(255, -1, -1)) * 40}


@pytest.fixture
def orders(tmp_path: Path, moment: Protocol, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A bundle of networks that no runtime has to run."""
    monkeypatch.setattr(measure, "visit", lambda model, *_: Visit(float(len(model)), 1))
    path = tmp_path / "pi4.pyz"
    order = Order("offline", 0, USUAL, moment, "a reference", (Wanted("a network", 3),))
    subjects = [Subject(name, lambda content=content: content) for name, content in NETWORKS.items()]
    with path.open("w+b") as file:
        write_bundle(file, order, {"device": "pi4"}, subjects, lambda *_: None)
    return path


def test_a_whole_one_is_measured(orders: Path) -> None:
    assert measure_bundle(orders, lambda _: None) == result_of(orders)
    assert result_of(orders).exists()


def test_two_do_not_measure_with_one_at_a_time(orders: Path) -> None:
    with (
        alone(orders.with_suffix(".lock"), "run"),
        pytest.raises(ValueError, match=r"another run of pi4\.pyz is under"),
    ):
        measure_bundle(orders, lambda _: None)
    assert not result_of(orders).exists()


def test_a_part_of_one_is_none(orders: Path) -> None:
    orders.write_bytes(orders.read_bytes()[:-100])
    assert not is_bundle(orders)
    with pytest.raises(ValueError, match="is no bundle of orders"):
        measure_bundle(orders, lambda _: None)


def test_one_that_changed_on_the_way_is_damaged(orders: Path) -> None:
    content = bytearray(orders.read_bytes())
    content[content.index(b"networks/1.onnx") + 40] ^= 0xFF
    orders.write_bytes(content)
    with pytest.raises(ValueError, match=r"pi4\.pyz is damaged, carry it here once more"):
        measure_bundle(orders, lambda _: None)
    assert not result_of(orders).exists()


def test_one_that_lacks_a_part_is_damaged(orders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "PLAN", "another.json")
    with pytest.raises(ValueError, match=r"damaged.*another\.json"):
        measure_bundle(orders, lambda _: None)
