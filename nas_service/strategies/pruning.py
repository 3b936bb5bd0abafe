"""Early stopping by a pruner of Optuna's: what falls behind those that were trained to the end waits.

Optuna's pruners judge a trial by its values on the way, and a training that goes on from checkpoints can be judged on
every rung. Those that compare trials do so by one number, so that a job that is after its front has no use for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .halving import Rung, SuccessiveHalving

if TYPE_CHECKING:
    from optuna import Study
    from optuna.pruners import BasePruner


class PercentileStopping(SuccessiveHalving):
    """A network goes on if Optuna's PercentilePruner does not prune it: factor 2 is the median rule.

    Its reward has to be at least that of the best 1 / factor, on the same rung, of those that have reached the top;
    the first `startup` of these are trained to the end whatever they are. What waits goes on later, when the others
    turn out no better.
    """

    startup = 5  # Optuna's default

    @property
    def round(self) -> tuple[int, ...]:
        return (1,) * len(self.ladder.rungs)

    def goes_on(self, rungs: Sequence[Rung], rung: int, *, front: bool) -> str | None:
        network = rungs[rung].best_waiting(front=front)
        return None if network is None or self._is_pruned(rungs, rung, network) else network

    def _is_pruned(self, rungs: Sequence[Rung], rung: int, network: str) -> bool:
        from optuna.trial import TrialState, create_trial

        if len(rungs[-1].results) < self.startup:
            return False
        trial = create_trial(state=TrialState.RUNNING, intermediate_values={rung: _reward(rungs[rung], network)})
        return self._pruner().prune(_ended(rungs, rung), trial)

    def _pruner(self) -> BasePruner:
        import optuna

        return optuna.pruners.PercentilePruner(100 / self.ladder.factor, n_startup_trials=self.startup)


def _ended(rungs: Sequence[Rung], rung: int) -> Study:
    """A study of the networks that reached the top, with their values on one rung."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="maximize")
    for network in rungs[-1].results:
        values = {rung: _reward(rungs[rung], network)}
        study.add_trial(optuna.trial.create_trial(value=_reward(rungs[-1], network), intermediate_values=values))
    return study


def _reward(rung: Rung, network: str) -> float:
    return rung.results[network].reward or 0.0
