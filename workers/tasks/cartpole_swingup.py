"""Task `cartpole-swingup`: swing a pole up and balance it, by moving the cart that it hangs on."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from ..wann.cartpole import INPUTS, MAX_STEPS, OUTPUTS
from ..wann.evaluator import ControlEvaluator
from .base import TaskOptions
from .weight_agnostic import WeightAgnosticOptions, WeightAgnosticTask, installed

HARD_STEPS = 200


class CartPoleOptions(WeightAgnosticOptions):
    """`hard` ends an episode after 200 steps, as the published `swingup_hard`, where `max_steps` is more."""

    max_steps: Annotated[int, Field(ge=1, le=100_000)] = MAX_STEPS
    hard: bool = False


class CartPoleSwingUp(WeightAgnosticTask):
    name: ClassVar[str] = "cartpole-swingup"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "swing a pole up and balance it; scores weight agnostic networks by simulated episodes"
    Options: ClassVar[type[TaskOptions]] = CartPoleOptions
    options: CartPoleOptions
    inputs: ClassVar[int] = INPUTS
    outputs: ClassVar[int] = OUTPUTS
    tuning_repetitions: ClassVar[int] = 32  # with fewer, weights that fail one start in a hundred look best

    @property
    def max_steps(self) -> int:
        """Of an episode; its reward is at most that."""
        return min(self.options.max_steps, HARD_STEPS) if self.options.hard else self.options.max_steps

    def evaluator(self) -> ControlEvaluator:
        with installed(f"task {self.name} needs", "wann"):
            from ..wann.cartpole_evaluator import CartPoleEvaluator
        return CartPoleEvaluator(self.max_steps)
