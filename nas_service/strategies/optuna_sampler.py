"""Optuna's samplers as strategies: `tpe`, and `optuna` with the sampler's name.

Every ask makes a fresh sampler, seeded by a draw of our generator, over a study that mirrors the job's proposals. So
what is saved is the generator and a count, and the study is rebuilt from the rows: nothing is remembered twice.
"""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from nas_service.errors import InvalidSpec
from search_spaces import Genotype
from search_spaces.choice_space import ChoiceSpace

from .base import Context, Outcome, Proposal, State, Strategy, StrategyOptions
from .optuna_study import OptunaStudy, is_ordered, with_space

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler

NEIGHBOURS = 16  # mutations, one upon another, in search of a network that was not proposed before

Startup = Annotated[int, Field(ge=1, le=10_000)]
Candidates = Annotated[int, Field(ge=1, le=10_000)]


@dataclass(frozen=True)
class Kind:
    """What one of Optuna's samplers needs: its class, and our options as its arguments.

    `recent` says that it reads nothing but trials, so that it can do with the latest ones, and that it returns to the
    best of them again and again. `front` says that it can serve two objectives, `sequence` that all draws belong to
    one sequence with one seed, `numbers` that it learns about numbers only.
    """

    sampler: str
    arguments: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)
    package: tuple[str, str] | None = None  # what it imports, and our extra that brings it
    recent: bool = False
    front: bool = True
    sequence: bool = False
    numbers: bool = False


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "tpe": Kind(
            "TPESampler",
            {"startup": "n_startup_trials", "candidates": "n_ei_candidates"},
            {"multivariate": True},
            recent=True,
        ),
        "gp": Kind("GPSampler", {"startup": "n_startup_trials"}, package=("torch", "worker"), recent=True),
        "nsga2": Kind("NSGAIISampler", {"population": "population_size"}),
        "nsga3": Kind("NSGAIIISampler", {"population": "population_size"}),
        "cmaes": Kind(
            "CmaEsSampler",
            {"startup": "n_startup_trials", "population": "popsize"},
            {"warn_independent_sampling": False},
            package=("cmaes", "wann"),
            front=False,
            numbers=True,
        ),
        "qmc": Kind(
            "QMCSampler",
            fixed={"qmc_type": "halton", "scramble": True, "warn_independent_sampling": False},
            sequence=True,
        ),
        "random": Kind("RandomSampler"),
    }
)


class RecentOptions(StrategyOptions):
    """`window`: a sampler that only reads trials sees the latest one to two windows of proposals.

    That keeps the cost of an ask flat, for Optuna reads every trial at every ask.
    """

    window: Annotated[int, Field(ge=10, le=100_000)] = 500


class TpeOptions(RecentOptions):
    """`startup` random trials, then the best in density of `candidates` draws; Optuna's defaults."""

    startup: Startup = 10
    candidates: Candidates = 24


class OptunaOptions(RecentOptions):
    """Options that the sampler has no use for are refused; those not given are Optuna's defaults."""

    sampler: Literal["tpe", "gp", "nsga2", "nsga3", "cmaes", "qmc", "random"] = "tpe"
    startup: Startup | None = None
    candidates: Candidates | None = None
    population: Annotated[int | None, Field(ge=2, le=10_000)] = None

    @model_validator(mode="after")
    def _fits_sampler(self) -> OptunaOptions:
        offered = KINDS[self.sampler].arguments
        given = [name for name in ("startup", "candidates", "population") if getattr(self, name) is not None]
        if unfit := [name for name in given if name not in offered]:
            raise ValueError(f"sampler {self.sampler!r} has no {unfit[0]!r}; it has: {', '.join(offered) or 'none'}")
        return self


class OptunaStrategy(Strategy):
    """Proposals of one sampler over a mirror of the job.

    A sampler with a window that repeats a network proposes a neighbour instead, for what was evaluated is not evaluated
    again. Infeasible proposals are told as pruned trials, others without a result as failed ones.
    """

    needs: ClassVar[type[Any]] = ChoiceSpace
    options: TpeOptions | OptunaOptions
    space: ChoiceSpace

    def __init__(self, space: ChoiceSpace, options: Any, seed: int) -> None:
        super().__init__(space, options, seed)
        self.kind = KINDS[self.sampler_name]
        self._refuse_unfit()
        self._asked = 0
        self._first, self._middle = 0, 0  # numbers with which the window and its second half begin
        self._open: dict[int, Proposal] = {}  # those of the window, as are
        self._told: dict[int, Outcome] = {}
        self._sequence = int(self.rng.integers(2**31))
        self._study: OptunaStudy | None = None
        self._known: set[str] = set()  # architectures in the study, where the sampler is one that repeats itself

    @property
    @abstractmethod
    def sampler_name(self) -> str:
        """A key of KINDS."""

    def ask(self, n: int, context: Context) -> list[Proposal]:
        return [self._propose(context, context.next_number + i) for i in range(n)]

    def begin_with(self, genotypes: Sequence[Genotype], context: Context) -> list[Proposal]:
        """As enqueued trials, which a sampler learns from like from its own."""
        return [self._propose(context, context.next_number + i, given) for i, given in enumerate(genotypes)]

    def tell(self, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            proposal = self._open.pop(outcome.number, None)
            if proposal is None:
                continue  # it left the window
            self._told[outcome.number] = outcome
            if self._study is not None and proposal.genotype == outcome.genotype:
                self._study.tell(outcome)
            else:
                self._study = None

    def memory(self) -> dict[str, Any]:
        return {"asked": self._asked, "window": [self._first, self._middle], "sequence": self._sequence}

    def remember(self, state: State, context: Context) -> None:
        self._asked, self._sequence = state.data["asked"], state.data["sequence"]
        self._first, self._middle = state.data["window"]
        past = context.outcomes(range(self._first, context.next_number))
        self._told = {outcome.number: outcome for outcome in past}
        self._open = {number: each for number, each in context.awaited().items() if number >= self._first}
        self._study = None

    def _propose(self, context: Context, number: int, given: Genotype | None = None) -> Proposal:
        if self.kind.recent and self._asked and self._asked % self.options.window == 0:
            self._move_window(number)
        study = self._study = self._study or self._rebuilt(context)
        genotype, token = study.ask(number, self._sampler(study), given)
        if given is not None:
            genotype = given
            self._known.add(self.space.architecture(given).hash)
        elif self.kind.recent and (neighbour := self._unknown(genotype)) != genotype:
            genotype = neighbour
            study.replace(number, genotype)
        proposal = Proposal(genotype, token=token)
        self._open[number] = proposal
        self._asked += 1
        return proposal

    def _move_window(self, number: int) -> None:
        """Forget the first half: the second becomes the first, and this proposal begins another."""
        self._first, self._middle = self._middle, number
        self._told = {number: each for number, each in self._told.items() if number >= self._first}
        self._open = {number: each for number, each in self._open.items() if number >= self._first}
        self._study = None

    def _rebuilt(self, context: Context) -> OptunaStudy:
        front = self.kind.front and context.wants_front
        study = OptunaStudy(self.space, front=front, as_numbers=self.kind.numbers)
        past: dict[int, Proposal | Outcome] = {**self._open, **self._told}
        for number in sorted(past):
            study.add(number, past[number].genotype, past[number].token, self._told.get(number))
        if self.kind.recent:
            self._known = {self.space.architecture(each.genotype).hash for each in past.values()}
        return study

    def _sampler(self, study: OptunaStudy) -> BaseSampler:
        import optuna

        given = {name: getattr(self.options, name) for name in self.kind.arguments}
        arguments = {self.kind.arguments[name]: value for name, value in given.items() if value is not None}
        seed = int(self.rng.integers(2**31))
        chosen: type[BaseSampler] = getattr(optuna.samplers, self.kind.sampler)
        if self.kind.sequence:
            seed = self._sequence
        else:
            chosen = with_space(chosen, study.distributions)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            return chosen(seed=seed, **arguments, **self.kind.fixed)  # type: ignore[call-arg]

    def _unknown(self, genotype: Genotype) -> Genotype:
        """The genotype or, if its network was proposed before, one a few mutations away whose network was not."""
        for _ in range(NEIGHBOURS):
            network = self.space.architecture(genotype).hash
            if network not in self._known:
                self._known.add(network)
                break
            genotype = self.space.mutate(genotype, self.rng)
        return genotype

    def _refuse_unfit(self) -> None:
        if self.kind.package is not None and find_spec(self.kind.package[0]) is None:
            package, extra = self.kind.package
            raise InvalidSpec(
                f"sampler {self.sampler_name!r} needs {package}, which is not installed; "
                f"run: pip install 'nas-service[{extra}]'",
                "strategy.sampler",
            )
        if self.kind.numbers and not any(is_ordered(p) and len(p.options) > 1 for p in self.space.positions):
            raise InvalidSpec(
                f"sampler {self.sampler_name!r} learns about numbers, and no position of this space offers numbers in "
                "rising order; choose tpe, nsga2 or nsga3",
                "strategy.sampler",
            )


class Tpe(OptunaStrategy):
    name: ClassVar[str] = "tpe"
    summary: ClassVar[str] = "tree-structured Parzen estimator of Optuna; for reward pareto its multi-objective form"
    Options: ClassVar[type[StrategyOptions]] = TpeOptions

    @property
    def sampler_name(self) -> str:
        return "tpe"


class OptunaSampler(OptunaStrategy):
    name: ClassVar[str] = "optuna"
    summary: ClassVar[str] = "a sampler of Optuna by name: tpe, gp, nsga2, nsga3, cmaes, qmc or random"
    Options: ClassVar[type[StrategyOptions]] = OptunaOptions
    options: OptunaOptions

    @property
    def sampler_name(self) -> str:
        return self.options.sampler
