"""REINFORCE on the controller of `ppo`: its simpler sibling, and the control for what PPO adds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from .base import StrategyOptions
from .controller import Batch, Controller, ControllerOptions

if TYPE_CHECKING:
    from torch import Tensor


class ReinforceOptions(ControllerOptions):
    """As of every controller; one step a batch takes a higher learning rate."""

    learning_rate: Annotated[float, Field(gt=0, le=1)] = 0.03


class Reinforce(Controller):
    """One step a batch, up the log-probability of each decision times its advantage.

    Results count as if the present policy had proposed them; those of trials that began some updates ago pull askew.
    """

    name: ClassVar[str] = "reinforce"
    summary: ClassVar[str] = "the controller of ppo, trained by REINFORCE with a baseline"
    Options: ClassVar[type[StrategyOptions]] = ReinforceOptions
    options: ReinforceOptions

    def objective(self, log_probs: Tensor, batch: Batch) -> Tensor:
        return log_probs * batch.advantages
