"""Task `bipedal-walker`: make a two-legged robot walk over rough ground (gymnasium's BipedalWalker-v3)."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from ..requests import Runner
from ..wann.evaluator import ControlEvaluator
from .base import ExportForm, TaskOptions
from .weight_agnostic import WeightAgnosticOptions, WeightAgnosticTask, installed


class WalkerOptions(WeightAgnosticOptions):
    """With `published_reward` a fall ends the episode without costing 100, as in the published code."""

    max_steps: Annotated[int, Field(ge=1, le=100_000)] = 1600
    published_reward: bool = False


class BipedalWalker(WeightAgnosticTask):
    name: ClassVar[str] = "bipedal-walker"
    version: ClassVar[int] = 1
    summary: ClassVar[str] = "walk on two legs; scores weight agnostic networks by episodes simulated with Box2D"
    Options: ClassVar[type[TaskOptions]] = WalkerOptions
    options: WalkerOptions
    inputs: ClassVar[int] = 24
    outputs: ClassVar[int] = 4
    export_form: ClassVar[ExportForm] = ExportForm(epochs=50, fewest_epochs=0, images=False)  # some 10 s each

    @property
    def batch(self) -> int:
        """Few, for a trial takes seconds to minutes."""
        return 4

    def evaluator(self) -> ControlEvaluator:
        with installed(f"task {self.name} needs", "wann"):
            from ..wann.walker_evaluator import WalkerEvaluator
        return WalkerEvaluator(self.options.max_steps, published_reward=self.options.published_reward)

    def runner(self) -> Runner:
        evaluator = self.evaluator()
        from ..wann.walker_runner import WalkerRunner

        return WalkerRunner(evaluator, self.shared_weights)
