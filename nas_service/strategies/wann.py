"""The search of weight agnostic networks (arXiv 1906.04358): generations of networks that only grow.

A generation is ranked by NSGA-II on two objectives that one draw chooses, (mean reward, 1 / connections) or (mean
reward, best reward); the worst are culled, elites copied, the others bred by tournament and one mutation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from nas_service.pareto import Span, Values, nsga2_order, spread
from search_spaces import Genotype
from search_spaces.wann.innovations import Innovations
from search_spaces.wann.space import BoundWann
from workers.requests import Fidelity

from .base import Context, Outcome, Proposal, State, Strategy, StrategyOptions

Share = Annotated[float, Field(ge=0, le=1)]
SEEDS = 1000  # a generation's seed is one of so many


class WannEvolutionOptions(StrategyOptions):
    """The published settings of the swing-up task.

    `generations` None: until the job's budget ends. Networks are evaluated with `repetitions` per weight; the best of
    the first and every `check_every`th generation, and the `finalists` best of the last, with those of the task, for
    only such results count in the end. `crowding` says what gaps within a front are shares of: the `range` of an
    objective, as in NSGA-II, or the `lowest` value in the front, which weighs gaps between rewards against those
    between tiny networks, as the published code's formula does. Where the task draws weights from ranges, the first
    `narrow` generations are judged by the middles of these alone: their rewards are less noisy, and what they find is
    then made to work under all weights.
    """

    population: Annotated[int, Field(ge=2, le=5000)] = 192
    generations: Annotated[int | None, Field(ge=1, le=1_000_000)] = None
    repetitions: Annotated[int, Field(ge=1, le=10_000)] = 3
    check_every: Annotated[int, Field(ge=1)] = 8
    moo_probability: Share = 0.8
    cull: Annotated[float, Field(ge=0, lt=1)] = 0.2
    elite: Share = 0.2
    tournament: Annotated[int, Field(ge=1, le=5000)] = 8
    crossover: Share = 0.0
    crowding: Literal["lowest", "range"] = "lowest"
    narrow: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    finalists: Annotated[int, Field(ge=0, le=5000)] = 16


class WannEvolution(Strategy):
    """Generation by generation: a new one begins when every member of the last has ended, however it did.

    All members of a generation are evaluated with its seed. Which parents are drawn does not depend on the order in
    which outcomes came: members are ranked by number, once all are there.
    """

    name: ClassVar[str] = "wann"
    summary: ClassVar[str] = "weight agnostic networks: NSGA-II over mean reward, connections and best reward"
    Options: ClassVar[type[StrategyOptions]] = WannEvolutionOptions
    needs: ClassVar[type[Any]] = BoundWann
    decides_fidelity: ClassVar[bool] = True
    options: WannEvolutionOptions
    space: BoundWann

    def __init__(self, space: BoundWann, options: WannEvolutionOptions, seed: int) -> None:
        super().__init__(space, options, seed)
        self._innovations = Innovations.initial(space.signature.channels, space.signature.outputs)
        self._generation = 0
        self._asked = 0  # members of this generation that were proposed,
        self._told: dict[int, Outcome] = {}  # and those that have ended
        self._parents: list[Outcome] = []  # survivors of the generation before, best first
        self._checks: list[Outcome] = []  # to be evaluated at full fidelity
        self._seed = self._draw_seed()

    @property
    def parallel(self) -> int:
        return self.options.population

    @property
    def fewest_trials(self) -> int:
        return self.options.population + 1

    @property
    def room(self) -> int:
        return self.options.population

    @property
    def done(self) -> str:
        if not self._over or self._checks:
            return ""
        return f"all {self._generation} generations have ended"

    @property
    def _over(self) -> bool:
        return self._generation == self.options.generations

    def ask(self, n: int, context: Context) -> list[Proposal]:  # noqa: ARG002
        checks, self._checks = self._checks[:n], self._checks[n:]
        members = 0 if self._over else min(n - len(checks), self.options.population - self._asked)
        return [self._check(member) for member in checks] + [self._next() for _ in range(members)]

    def begin_with(self, genotypes: Sequence[Genotype], context: Context) -> list[Proposal]:  # noqa: ARG002
        """As members of the first generation. New nodes and connections get numbers beyond theirs.

        Networks of several searches may have given one number to different things, which matters to crossover alone.
        """
        for genotype in genotypes:
            self._innovations.skip(self.space.genome(genotype))
        self._asked += len(genotypes)
        return [self._member(genotype, ()) for genotype in genotypes]

    def tell(self, outcomes: Sequence[Outcome]) -> None:
        self._told |= {outcome.number: outcome for outcome in outcomes if "check" not in outcome.token}
        if len(self._told) == self.options.population:
            self._end_generation([self._told[number] for number in sorted(self._told)])

    def memory(self) -> dict[str, Any]:
        return {
            "generation": self._generation,
            "seed": self._seed,
            "asked": self._asked,
            "told": sorted(self._told),
            "population": [member.number for member in self._parents],
            "checks": [member.number for member in self._checks],
            "innovations": self._innovations.to_json(),
        }

    def remember(self, state: State, context: Context) -> None:
        data = state.data
        self._generation, self._seed, self._asked = data["generation"], data["seed"], data["asked"]
        self._innovations = Innovations.from_json(data["innovations"])
        self._told = {outcome.number: outcome for outcome in context.outcomes(data["told"])}
        self._parents = context.outcomes(data["population"])
        self._checks = context.outcomes(data["checks"])

    # Proposals.

    def _check(self, member: Outcome) -> Proposal:
        return Proposal(member.genotype, (member.number,), {"generation": self._generation, "check": True})

    def _next(self) -> Proposal:
        """The next member of this generation: of the first a sample, of the others an elite or a child."""
        position, self._asked = self._asked, self._asked + 1
        return self._member(*self._made(position))

    def _member(self, genotype: Genotype, parents: tuple[int, ...]) -> Proposal:
        token = {"generation": self._generation}
        fidelity = Fidelity(self.options.repetitions, 0.0 if self._generation < self.options.narrow else 1.0)
        return Proposal(genotype, parents, token, fidelity, seed=self._seed)

    def _made(self, position: int) -> tuple[Genotype, tuple[int, ...]]:
        if not self._parents:
            return self.space.sample(self.rng), ()
        if position < int(self.options.elite * len(self._parents)):
            elite = self._parents[position]
            return elite.genotype, (elite.number,)
        return self._child()

    def _child(self) -> tuple[Genotype, tuple[int, ...]]:
        first, second = sorted((self._tournament(), self._tournament()))
        parents, genotype = [self._parents[first]], self._parents[first].genotype
        if self.options.crossover and self.rng.random() < self.options.crossover:
            parents.append(self._parents[second])
            genotype = self.space.crossover(genotype, parents[1].genotype, self.rng)
        child = self.space.mutate(genotype, self.rng, self._innovations)
        return child, tuple(parent.number for parent in parents)

    def _tournament(self) -> int:
        """The rank of the best of some survivors, drawn with replacement."""
        return int(self.rng.integers(len(self._parents), size=self.options.tournament).min())

    # The end of a generation.

    def _end_generation(self, members: list[Outcome]) -> None:
        by_connections = bool(self.rng.random() < self.options.moo_probability)
        culled = int(self.options.cull * len(members))
        self._parents = self._ranked(members, by_connections=by_connections)[: len(members) - culled]
        self._generation += 1
        if self._over:
            self._checks += self._best(members, self.options.finalists)
        elif self._generation == 1 or self._generation % self.options.check_every == 0:
            self._checks += self._best(members, 1)
        self._told, self._asked, self._seed = {}, 0, self._draw_seed()

    def _ranked(self, members: list[Outcome], *, by_connections: bool) -> list[Outcome]:
        return ranked(members, by_connections=by_connections, span=SPANS[self.options.crowding])

    def _best(self, members: list[Outcome], count: int) -> list[Outcome]:
        """The members of highest mean reward, each network once."""
        rewarded = [member for member in members if member.reward is not None]
        distinct: dict[str, Outcome] = {}
        for member in sorted(rewarded, key=_descending):
            if len(distinct) == count:
                break
            distinct.setdefault(self.space.architecture(member.genotype).hash, member)
        return list(distinct.values())

    def _draw_seed(self) -> int:
        return int(self.rng.integers(SEEDS))


def lowest(axis: Values) -> float:
    """|1 / max - min| of an axis in rising order: the published code's normaliser, about its lowest value."""
    return abs(1 / float(axis[-1]) - float(axis[0])) if axis[-1] else 1.0


SPANS = {"lowest": lowest, "range": spread}


def ranked(members: Sequence[Outcome], *, by_connections: bool, span: Span = spread) -> list[Outcome]:
    """Members, best first; those without a reward come last.

    The reward is the mean over the weights; `metrics` has the connections as `params`, and `best_reward`.
    """
    rewarded = [member for member in members if member.reward is not None]
    second = _sparsity if by_connections else _best_reward
    values = np.array([(member.reward, second(member)) for member in rewarded], dtype=float).reshape(-1, 2)
    return [rewarded[i] for i in nsga2_order(values, span)] + [member for member in members if member.reward is None]


def _sparsity(member: Outcome) -> float:
    return 1 / max(1.0, member.metrics["params"])


def _best_reward(member: Outcome) -> float:
    return member.metrics.get("best_reward", member.reward or 0.0)


def _descending(member: Outcome) -> tuple[float, int]:
    return (-(member.reward or 0.0), member.number)
