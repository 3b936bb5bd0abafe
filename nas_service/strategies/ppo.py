"""The search of MnasNet (arXiv 1807.11626) and MobileNetV3: an RNN controller trained by PPO."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from .base import StrategyOptions
from .controller import Batch, Controller, ControllerOptions

if TYPE_CHECKING:
    from torch import Tensor


class PpoOptions(ControllerOptions):
    """`epochs` steps are made on each batch; a decision's ratio gains nothing beyond `clip` from 1."""

    clip: Annotated[float, Field(gt=0, lt=1)] = 0.2
    epochs: Annotated[int, Field(ge=1, le=100)] = 4


class Ppo(Controller):
    """The clipped objective of arXiv 1707.06347, decision by decision.

    The ratio is against the policy that proposed, whose log-probabilities came back with the outcome. So results of
    trials that began some updates ago can be learned from: what they may move ends where the ratio is clipped.
    """

    name: ClassVar[str] = "ppo"
    summary: ClassVar[str] = "MnasNet's controller: an LSTM decides position by position, trained by PPO"
    Options: ClassVar[type[StrategyOptions]] = PpoOptions
    options: PpoOptions

    @property
    def passes(self) -> int:
        return self.options.epochs

    def objective(self, log_probs: Tensor, batch: Batch) -> Tensor:
        import torch

        ratio = (log_probs - batch.proposed).exp()
        clipped = ratio.clamp(1 - self.options.clip, 1 + self.options.clip)
        return torch.minimum(ratio * batch.advantages, clipped * batch.advantages)
