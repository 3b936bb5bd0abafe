"""From `early_stopping` in a spec to successive halving around the job's strategy."""

from __future__ import annotations

from search_spaces import BoundSpace
from workers.requests import Fidelity

from .errors import InvalidSpec
from .spec import EarlyStoppingSpec
from .strategies import Strategy
from .strategies.halving import Ladder, SuccessiveHalving
from .strategies.predicting import PredictedStopping
from .strategies.pruning import PercentileStopping

MOST_RUNGS = 3  # where the spec does not say
_KINDS = {"percentile": PercentileStopping, "predicted": PredictedStopping}


def stop_early(
    spec: EarlyStoppingSpec, strategy: Strategy, space: BoundSpace, full: Fidelity, *, seed: int, front: bool
) -> Strategy:
    """The strategy with rungs under it. `front`: whether the job is after its whole front.

    Raises InvalidSpec for rungs that a whole trial does not have, and for a method that does not fit.
    """
    if strategy.decides_fidelity:
        raise InvalidSpec(
            f"strategy {strategy.name!r} decides itself how much each trial spends, so nothing is left to stop early; "
            "leave early_stopping out, or choose another strategy",
            "early_stopping",
        )
    if spec.method == "percentile" and front:
        raise InvalidSpec(
            "method 'percentile' compares one number, and reward 'pareto' has two; choose asha or hyperband, which "
            "rank by fronts, predicted, or another reward",
            "early_stopping.method",
        )
    ladder = ladder_of(spec, full)
    brackets = len(ladder.rungs) if spec.method == "hyperband" else 1
    return _KINDS.get(spec.method, SuccessiveHalving)(space, strategy, ladder, brackets, seed)


def ladder_of(spec: EarlyStoppingSpec, full: Fidelity) -> Ladder:
    """Each rung costs about `factor` times as much as the one below it; the whole trial is on top.

    An epoch's time is in proportion to the data and to the pixels, the square of the scale of the input.
    """
    if spec.over == "epochs":
        return Ladder(_over_epochs(spec, full), spec.factor, resumes=True)
    shares = [1 / spec.factor**below for below in reversed(range(1, spec.rungs or MOST_RUNGS))]
    if spec.over == "data_fraction":
        lower = [Fidelity(full.epochs, full.data_fraction * share, full.input_scale) for share in shares]
    else:
        lower = [Fidelity(full.epochs, full.data_fraction, full.input_scale * share**0.5) for share in shares]
    return Ladder((*lower, full), spec.factor, resumes=False)


def _over_epochs(spec: EarlyStoppingSpec, full: Fidelity) -> tuple[Fidelity, ...]:
    possible = 1
    while full.epochs // spec.factor**possible >= 1:
        possible += 1
    rungs = spec.rungs or min(MOST_RUNGS, possible)
    if possible < max(2, rungs):
        raise InvalidSpec(
            f"a trial of {full.epochs} epochs has room for {possible} rung(s) of factor {spec.factor}, the lowest one "
            f"of an epoch at least; raise task.epochs to {spec.factor ** (max(2, rungs) - 1)} or more, choose fewer "
            "rungs or a smaller factor, or stop over data_fraction",
            "early_stopping.rungs",
        )
    lengths = [full.epochs // spec.factor**below for below in reversed(range(1, rungs))]
    lower = [Fidelity(epochs, full.data_fraction, full.input_scale, full.epochs) for epochs in lengths]
    return (*lower, full)
