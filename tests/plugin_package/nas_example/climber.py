"""A strategy of one's own: local search, each proposal a neighbour of the best network so far."""

from nas_service.strategies import Proposal, Strategy, StrategyOptions


class ClimberOptions(StrategyOptions):
    start: int = 8


class Climber(Strategy):
    name, summary = "climber", "local search: neighbours of the best network so far"
    Options = ClimberOptions

    def __init__(self, space, options, seed):
        super().__init__(space, options, seed)
        self.best, self.told = None, 0

    def ask(self, n, context):
        return [self.propose() for _ in range(n)]

    def propose(self):
        if self.best is None or self.told < self.options.start:
            return Proposal(self.space.sample(self.rng))
        return Proposal(self.space.mutate(self.best.genotype, self.rng), parents=(self.best.number,))

    def tell(self, outcomes):
        self.told += len(outcomes)
        rewarded = [o for o in (self.best, *outcomes) if o is not None and o.reward is not None]
        self.best = max(rewarded, key=lambda o: o.reward, default=None)

    def memory(self):
        return {"told": self.told, "best": self.best and self.best.number}

    def remember(self, state, context):
        self.told, number = state.data["told"], state.data["best"]
        self.best = None if number is None else context.outcomes([number])[0]
