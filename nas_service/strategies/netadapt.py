"""NetAdapt (arXiv 1804.03230) with MobileNetV3's changes (1905.02244, section 4.2): a trained network is cut to a cost.

Each iteration tries the smallest cut of every width that gains enough, with inherited weights and a short training, and
goes on from the best of them. Every iteration's winner is a network that can be used, so one run brings a family.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from search_spaces import Genotype, NarrowableSpace
from workers.requests import Fidelity

from .base import Context, Outcome, Prices, Proposal, State, StrategyOptions
from .netadapt_checks import check_network, check_refined, valid_network
from .netadapt_rules import NetAdaptOptions, Phase, cut, cuts_of, family, winner
from .refinement import Refiner

TRAINING = "training"
Step = Callable[[int, Context], list[Proposal] | None]


class NetAdapt(Refiner):
    """The seed is trained in full; then iteration after iteration, each of which waits for all of its proposals.

    Proposals that were stopped are made again; those that failed lose. Whatever ends the iterations, the family is
    trained. The state names proposals by number, so that weights of the present network and of its cuts are kept.
    """

    name: ClassVar[str] = "netadapt"
    summary: ClassVar[str] = "NetAdapt: cuts the widths of a trained network, step by step, to a target cost"
    Options: ClassVar[type[StrategyOptions]] = NetAdaptOptions
    needs: ClassVar[type[Any]] = NarrowableSpace
    cuts_widths: ClassVar[bool] = True
    decides_fidelity: ClassVar[bool] = True
    options: NetAdaptOptions
    space: NarrowableSpace

    def __init__(self, space: NarrowableSpace, options: NetAdaptOptions, seed: int) -> None:
        super().__init__(space, options, seed)
        self._seed_network = valid_network(space, options.seed_network)
        self._phase: Phase = "training"
        self._then: Phase = "over"  # after the family is trained
        self._present: Outcome | None = None  # the network that is cut
        self._seed_cost = 0.0
        self._iteration = 0
        self._asked: dict[str, int] = {}  # what this phase has proposed: a name for it, and its number
        self._told: dict[int, Outcome] = {}
        self._weightless = False  # trials of this task leave no weights
        self._why = ""  # what ended the iterations
        self._cuts: list[tuple[str, Genotype]] | None = None  # of the present network

    def check(self, trials: int, full: Fidelity, prices: Prices) -> None:
        check_network(self.space, self.options, self._seed_network, trials, full, prices)

    def check_refinement(self, trials: int, full: Fidelity, prices: Prices) -> None:
        check_refined(self.space, self.options, trials, full, prices)

    def start_from(self, best: Outcome) -> None:
        self._seed_cost = cost_of(best)
        self._become(best)

    @property
    def done(self) -> str:
        return self._why if self._phase == "over" else ""

    @property
    def short_of_trials(self) -> str:
        return self._why if self._phase == "short" else ""

    def ask(self, n: int, context: Context) -> list[Proposal]:
        steps: dict[Phase, Step] = {
            "training": self._train,
            "adapting": self._adapt,
            "final": self._train_family,
            "short": self._resume,
        }
        while (step := steps.get(self._phase)) is not None:
            asked = step(n, context)
            if asked is not None:
                return asked
        if self._phase == "settling":  # what was told in this round can be looked up in the next
            self._enter("final")
        return []

    def tell(self, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            if outcome.status in ("stopped", "cancelled"):
                self._asked = {name: number for name, number in self._asked.items() if number != outcome.number}
            else:
                self._told[outcome.number] = outcome

    def memory(self) -> dict[str, Any]:
        present = [] if self._present is None else [self._present.number]
        return {
            "phase": self._phase,
            "then": self._then,
            "present": present,
            "seed_cost": self._seed_cost,
            "iteration": self._iteration,
            "asked": self._asked,
            "told": sorted(self._told),
            "weightless": self._weightless,
            "why": self._why,
            "population": sorted({*present, *self._asked.values()}),
        }

    def remember(self, state: State, context: Context) -> None:
        data = state.data
        self._phase, self._then, self._why = data["phase"], data["then"], data["why"]
        self._seed_cost, self._iteration = data["seed_cost"], data["iteration"]
        self._asked, self._weightless = dict(data["asked"]), data["weightless"]
        self._told = {outcome.number: outcome for outcome in context.outcomes(data["told"])}
        if data["present"] and (self._present is None or self._present.number != data["present"][0]):
            (self._present,) = context.outcomes(data["present"])

    # The phases. Each gives its next proposals, none where it waits, or None where another phase has begun.

    def _train(self, n: int, context: Context) -> list[Proposal] | None:  # noqa: ARG002 - it is one, and there is room
        """The seed in full, or the present network again where its weights are gone."""
        if not self._asked:
            start = self._seed_network if self._present is None else self._present.genotype
            if start is None:
                self._why = "there is no network to start from"
                self._enter("over")
                return None
            parents = () if self._present is None else (self._present.number,)
            return self._propose({TRAINING: Proposal(start, parents, {TRAINING: True}, anew=True)}, context)
        trained = self._told.get(self._asked[TRAINING])
        if trained is None:
            return []
        if trained.point is None:
            self._settle(
                f"the network that is to be cut brought no result within the limits: {trained.status}", context
            )
            return None
        self._weightless = not context.has_weights(trained.number)
        self._seed_cost = self._seed_cost or cost_of(trained)
        self._become(trained)
        return None

    def _adapt(self, n: int, context: Context) -> list[Proposal] | None:
        """One iteration: a cut of every width, and the best of them."""
        present = self._present
        if present is None:
            self._enter("training")
            return None
        if not self._asked and self._ended(present, context):
            return None
        wanted = {name: genotype for name, genotype in self._cut(context) if name not in self._asked}
        waits = len(self._told) < len(self._asked)
        if wanted and not self._inherits(present, context):
            if not waits:
                self._enter("training")
            return [] if waits else None
        if wanted:
            return self._propose(
                {
                    name: cut(genotype, present, {"iteration": self._iteration, "cut": name}, self.options)
                    for name, genotype in list(wanted.items())[:n]
                },
                context,
            )
        if waits:
            return []
        best = winner(self.options.rule, present, [self._told[number] for number in sorted(self._told)])
        if best is None:
            self._settle("every cut of one more iteration failed or broke a limit", context)
        else:
            self._iteration += 1
            self._become(best)
        return None

    def _ended(self, present: Outcome, context: Context) -> bool:
        """Whether no iteration can begin; what comes instead has then begun."""
        target = self.options.cost_at(self._seed_cost)
        if cost_of(present) <= target:
            self._settle(f"the target of {target:.6g} is reached", context)
        elif not self._cut(context):
            self._settle(f"no width can be cut any more so that it gains {self.options.delta:g} of the seed", context)
        elif context.trials_left < self._needed(context):
            self._then = "short"
            self._settle(
                f"{context.trials_left} trials are left, and one more iteration with the training of its winner takes "
                f"{self._needed(context)}: extend the budget to come closer to the target of {target:.6g}",
                context,
            )
        return self._phase != "adapting"

    def _train_family(self, n: int, context: Context) -> list[Proposal] | None:
        """Winners from scratch, in full."""
        chosen = family(self._line(context), self._seed_cost, self.options.family)
        wanted = {
            str(each.number): Proposal(each.genotype, (each.number,), {"final": each.number})
            for each in chosen
            if str(each.number) not in self._asked
        }
        if wanted:
            return self._propose(dict(list(wanted.items())[:n]), context)
        if len(self._told) < len(self._asked):
            return []
        self._enter(self._then)
        return None

    def _resume(self, n: int, context: Context) -> list[Proposal] | None:  # noqa: ARG002
        """Go on where the budget was extended."""
        if context.trials_left < self._needed(context):
            return []
        self._then = "over"
        self._enter("adapting")
        return None

    # What they share.

    def _propose(self, wanted: dict[str, Proposal], context: Context) -> list[Proposal]:
        self._asked |= {name: context.next_number + place for place, name in enumerate(wanted)}
        return list(wanted.values())

    def _become(self, network: Outcome) -> None:
        """The network that is cut from here on."""
        self._present = network
        self._enter("adapting")

    def _settle(self, why: str, context: Context) -> None:
        """End the iterations."""
        reached = "" if self._present is None else f"; {context.cost_name} {cost_of(self._present):.6g}"
        of = f" of {self._seed_cost:.6g} after {self._iteration} iterations" if reached else ""
        self._why = f"{why}{reached}{of}"
        self._enter("settling")

    def _enter(self, phase: Phase) -> None:
        self._phase, self._asked, self._told, self._cuts = phase, {}, {}, None

    def _cut(self, context: Context) -> list[tuple[str, Genotype]]:
        """The cuts of the present network."""
        if self._cuts is None and self._present is not None:
            gain = self.options.gain(self._seed_cost, self._iteration)
            self._cuts = cuts_of(self.space, self._present.genotype, gain, self.options.step, context)
        return self._cuts or []

    def _needed(self, context: Context) -> int:
        """Trials of another iteration and of the training of its winner, and of the family with it."""
        again = self._present is not None and not self._inherits(self._present, context)
        return len(self._cut(context)) + min(self.options.family, self._iteration + 1) + again

    def _inherits(self, present: Outcome, context: Context) -> bool:
        """Whether cuts can start from the present network's weights, if there ever are any."""
        return self._weightless or context.has_weights(present.number)

    def _line(self, context: Context) -> list[Outcome]:
        """The winners of all iterations, in order."""
        line = [] if self._present is None else [self._present]
        while line and line[0].parents and (before := context.outcomes(line[0].parents)):
            line.insert(0, before[0])
        return [each for each in line if isinstance(each.token, dict) and "cut" in each.token]


def cost_of(network: Outcome) -> float:
    """The cost that the job trades against; only of networks within the limits."""
    return network.point[1] if network.point is not None else float("inf")
