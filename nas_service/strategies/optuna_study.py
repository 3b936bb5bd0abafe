"""An Optuna study in memory that mirrors the proposals of a job: a cache of them, rebuilt whenever it is missing.

Optuna numbers trials itself, and samplers leave notes on trials and on the study (a generation, a pickled optimiser).
Those notes are a proposal's token, so that a study rebuilt from proposals and outcomes goes on as the old one would.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from search_spaces import Genotype
from search_spaces.choice_space import ChoiceSpace, Position

from .base import Outcome

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler
    from optuna.trial import TrialState

SAMPLED = ("tpe:", "gp:", "fixed_params")  # notes that repeat what a trial's parameters say


class OptunaStudy:
    """Trials by the numbers of their proposals. With `front` their values are (value, cost), else the reward.

    A parameter is a position of the space, its values are the option's indices: categories or, where the sampler knows
    only numbers (`as_numbers`) and the options are numbers in rising order, integers.
    """

    def __init__(self, space: ChoiceSpace, *, front: bool, as_numbers: bool) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)  # a line for every study otherwise
        self._storage = optuna.storages.InMemoryStorage()
        self._study = optuna.create_study(
            storage=self._storage, directions=["maximize", "minimize"] if front else ["maximize"]
        )
        self._id = self._storage.get_study_id_from_name(self._study.study_name)
        self._front = front
        self._positions = [position.name for position in space.positions]
        self._trials: dict[int, int] = {}
        self.distributions = {p.name: _distribution(p, as_numbers) for p in space.positions if len(p.options) > 1}

    def ask(self, number: int, sampler: BaseSampler, given: Genotype | None = None) -> tuple[Genotype, Any]:
        """What the sampler proposes under this number: genotype and token. A `given` one takes the place of its own."""
        before = dict(self._storage.get_study_system_attrs(self._id))
        if given is not None:
            self._study.enqueue_trial(self._params(given))
        self._study.sampler = sampler
        trial = self._study.ask(self.distributions)
        if given is not None:
            _ = trial.relative_params  # samples after all, for only then the sampler notes the trial's generation
        self._trials[number] = trial.number
        params = trial.params
        genotype = {"choices": [params.get(name, 0) for name in self._positions]}
        return genotype, self._notes(trial.number, before)

    def replace(self, number: int, genotype: Genotype) -> None:
        """The proposal of this number is another one after all."""
        self._end(number, "FAIL")
        self.add(number, genotype, None, None)

    def add(self, number: int, genotype: Genotype, token: Any, outcome: Outcome | None) -> None:
        """A proposal of the past, which may be open still."""
        from optuna.trial import TrialState, create_trial

        notes = token or {}
        for key, value in notes.get("study", {}).items():
            self._storage.set_study_system_attr(self._id, key, value)
        state, values = self._ended(outcome) if outcome is not None else (TrialState.RUNNING, None)
        trial = create_trial(
            state=state,
            values=values,
            params=self._params(genotype),
            distributions=self.distributions,
            system_attrs=notes.get("trial", {}),
        )
        self._trials[number] = len(self._study.get_trials(deepcopy=False))
        self._study.add_trial(trial)

    def tell(self, outcome: Outcome) -> None:
        """How the open proposal of the outcome's number ended."""
        state, values = self._ended(outcome)
        self._study.tell(self._trials[outcome.number], values, state)

    def _params(self, genotype: Genotype) -> dict[str, int]:
        named = zip(self._positions, genotype["choices"], strict=True)
        return {name: option for name, option in named if name in self.distributions}

    def _end(self, number: int, state: str) -> None:
        from optuna.trial import TrialState

        self._study.tell(self._trials[number], state=TrialState[state])

    def _ended(self, outcome: Outcome) -> tuple[TrialState, list[float] | None]:
        """Pruned stands for what breaks a limit: TPE counts it among the bad, the other samplers leave it out."""
        from optuna.trial import TrialState

        if outcome.violation:
            return TrialState.PRUNED, None
        if outcome.reward is None or (self._front and outcome.point is None):
            return TrialState.FAIL, None
        return TrialState.COMPLETE, list(outcome.point) if self._front and outcome.point else [outcome.reward]

    def _notes(self, trial: int, before: Mapping[str, Any]) -> Any:
        """What the sampler noted while it proposed this trial, None where nothing."""
        trial_id = self._storage.get_trial_id_from_study_id_trial_number(self._id, trial)
        on_trial = self._storage.get_trial(trial_id).system_attrs
        on_study = self._storage.get_study_system_attrs(self._id)
        notes = {
            "trial": {key: value for key, value in on_trial.items() if not key.startswith(SAMPLED)},
            "study": {key: value for key, value in on_study.items() if before.get(key) is not value},
        }
        return {part: noted for part, noted in notes.items() if noted} or None


def with_space(kind: type[BaseSampler], space: Mapping[str, BaseDistribution]) -> type[BaseSampler]:
    """The sampler class for a space that never changes: Optuna reads it from all the trials, at every ask."""
    from optuna.distributions import CategoricalDistribution

    known = dict(space)
    if kind.__name__ == "CmaEsSampler":
        known = {name: each for name, each in space.items() if not isinstance(each, CategoricalDistribution)}
    infer: Callable[..., dict[str, BaseDistribution]] = lambda *_: known  # noqa: E731
    return type(kind.__name__, (kind,), {"infer_relative_search_space": infer})


def is_ordered(position: Position) -> bool:
    """Whether the options are numbers in rising order."""
    options = position.options
    numbers = all(isinstance(option, int | float) and not isinstance(option, bool) for option in options)
    return numbers and list(options) == sorted(options)


def _distribution(position: Position, as_numbers: bool) -> BaseDistribution:
    from optuna.distributions import CategoricalDistribution, IntDistribution

    count = len(position.options)
    return (
        IntDistribution(0, count - 1) if as_numbers and is_ordered(position) else CategoricalDistribution(range(count))
    )
