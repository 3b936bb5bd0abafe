"""What is made of the same answer is made once, and of another one anew."""

from __future__ import annotations

from dataclasses import dataclass

from nas_service.dashboard.once import KEPT, once


@dataclass(frozen=True)
class View:
    zoom: float


class Counted:
    def __init__(self) -> None:
        self.calls = 0
        self.made = once(self._make)

    def _make(self, answer: list[int], *given: object) -> list[object]:
        self.calls += 1
        return [*answer, *given]


def test_the_same_answer_has_the_same_result() -> None:
    counted, answer = Counted(), [1, 2]
    first = counted.made(answer, "trials", View(0.5))
    assert counted.made(answer, "trials", View(0.5)) is first
    assert first == [1, 2, "trials", View(0.5)]
    assert counted.calls == 1


def test_what_differs_in_anything_is_made_anew() -> None:
    counted, answer = Counted(), [1]
    results = [
        counted.made(*given) for given in ((answer, 1), (answer, 1.0), (answer, True), (answer, View(1)), ([1], 1))
    ]
    assert counted.calls == len(results)


def test_an_answer_that_is_gone_is_not_taken_for_one_that_came_to_its_place() -> None:
    counted = Counted()
    for number in range(3 * KEPT):
        assert counted.made([number]) == [number]


def test_the_last_ones_are_remembered() -> None:
    counted = Counted()
    answers = [[number] for number in range(KEPT + 1)]
    for answer in answers:
        counted.made(answer)
    counted.made(answers[-1])
    assert counted.calls == KEPT + 1
    counted.made(answers[0])
    assert counted.calls == KEPT + 2
