"""`ppo` and `reinforce`: what they learn from, in which direction, and that nothing is lost in a restart."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from past import Past as History
from searches import Lab, spec

from nas_service.errors import InvalidSpec
from nas_service.strategies import Outcome, Proposal, State, get_strategy
from nas_service.strategies.base import Status
from nas_service.strategies.controller import Batch, Controller
from nas_service.strategies.policy import taken_of
from search_spaces import Architecture, Signature, get_space
from search_spaces.choice_space import ChoiceSpace, Position

NAMES = ("ppo", "reinforce")
STRENGTH = 3  # the decision that matters only where the first one is taken


class Lamps(ChoiceSpace):
    """Six decisions and a position that is none; the strength of a lamp that is off does not matter."""

    positions = (
        Position("on", (False, True)),
        Position("only", ("this",)),
        *(Position(f"colour{i}", ("red", "green", "blue")) for i in range(2)),
        Position("strength", (1, 2, 3, 4)),
        *(Position(f"place{i}", ("left", "right")) for i in range(2)),
    )

    def is_active(self, name: str, chosen: Mapping[str, Any]) -> bool:
        return name != "strength" or chosen["on"]

    def build(self, chosen: Mapping[str, Any], widths: Mapping[str, int]) -> Architecture:
        raise NotImplementedError("controllers choose, and never build what they chose")


class Past:
    """Numbers proposals, remembers how they ended, and keeps a state as the database does."""

    def __init__(self, name: str, seed: int = 0, *, wants_front: bool = False, **options: Any) -> None:
        self.wants_front = wants_front
        self.name, self.options = name, {"batch": 4, **options}
        self.strategy = self._fresh(seed)
        self.told: dict[int, Outcome] = {}
        self.asked = 0
        self.saved = State({})

    def _fresh(self, seed: int) -> Controller:
        made = get_strategy(self.name, self.options, Lamps(), seed)
        assert isinstance(made, Controller)
        return made

    def outcomes(self, numbers: Sequence[int]) -> list[Outcome]:
        return [self.told[number] for number in numbers]

    def ask(self, n: int) -> list[Proposal]:
        self.asked += n
        return self.strategy.ask(n, self)  # type: ignore[arg-type]

    def tell(self, proposals: Sequence[Proposal], reward: Callable[[list[int]], float | None]) -> None:
        """The next outcomes; those without a reward are infeasible."""
        for proposal in proposals:
            value = reward(proposal.genotype["choices"])
            status: Status = "infeasible" if value is None else "completed"
            outcome = Outcome(len(self.told), status, proposal.genotype, token=proposal.token, reward=value)
            self.told[outcome.number] = outcome
            self.strategy.tell([outcome])

    def save(self) -> State:
        """As the database does: a state without a blob leaves the last one in its place."""
        state = self.strategy.state()
        self.saved = State(json.loads(json.dumps(state.data)), state.blob or self.saved.blob)
        return state

    def restart(self) -> None:
        self.strategy = self._fresh(seed=99)
        self.strategy.restore(self.saved, self)  # type: ignore[arg-type]


def brightness(choices: list[int]) -> float:
    return choices[0] + choices[4] / 3 if choices[0] else 0.0


def probability(strategy: Controller, decision: int, option: int) -> float:
    """Of an option, on average over what the policy draws."""
    drawn = strategy.policy.sample(400, np.random.default_rng(5))
    return float(np.mean([each.choices[strategy.policy.decisions[decision]] == option for each in drawn]))


def objective(strategy: Controller, ratio: float, advantage: float) -> tuple[float, float]:
    """What a decision of this ratio is worth, and the slope in its log-probability."""
    proposed = torch.tensor([[-1.0]], dtype=torch.float64)
    log_prob = (proposed + np.log(ratio)).requires_grad_()
    advantages = torch.tensor([[advantage]], dtype=torch.float64)
    value = strategy.objective(log_prob, Batch(torch.tensor([[0]]), torch.ones(1, 1), proposed, advantages)).sum()
    (slope,) = torch.autograd.grad(value, log_prob)
    return value.detach().item(), slope.item()


@pytest.mark.parametrize(
    ("ratio", "advantage", "value", "slope"),
    [
        (1.0, 2.0, 2.0, 2.0),
        (1.1, 2.0, 2.2, 2.2),
        (1.5, 2.0, 2.5, 0.0),  # clipped at 1.25: no more is to be gained
        (0.5, 2.0, 1.0, 1.0),  # a good decision that became rare is still pulled back
        (0.5, -2.0, -1.5, 0.0),  # clipped at 0.75
        (1.5, -2.0, -3.0, -3.0),
    ],
)
def test_the_clipped_objective(ratio: float, advantage: float, value: float, slope: float) -> None:
    assert objective(Past("ppo", clip=0.25).strategy, ratio, advantage) == pytest.approx((value, slope))


def test_reinforce_follows_the_log_probability_whoever_proposed() -> None:
    assert objective(Past("reinforce").strategy, 3.0, -2.0) == pytest.approx((-2 * (np.log(3) - 1), -2))


def test_the_ratio_is_one_until_the_policy_moves() -> None:
    past = Past("ppo", learning_rate=0.05)
    early, late = past.ask(4), past.ask(4)

    def ratios() -> torch.Tensor:
        told = [Outcome(0, "completed", each.genotype, token=each.token, reward=0.0) for each in late]
        batch = past.strategy._batch(told, [0.0] * len(told))
        found = taken_of(past.strategy.policy.distributions(batch.options), batch.options) - batch.proposed
        return found.detach().exp()

    assert {each.token["policy"] for each in early + late} == {0}
    assert torch.allclose(ratios(), torch.ones(4, 6, dtype=torch.float64), atol=1e-5, rtol=0)
    past.tell(early, brightness)
    assert past.ask(1)[0].token["policy"] == 1
    assert float((ratios() - 1).abs().max()) > 0.05


@pytest.mark.parametrize("name", NAMES)
def test_what_is_rewarded_becomes_likely(name: str) -> None:
    past = Past(name)
    before = probability(past.strategy, 0, 1), probability(past.strategy, STRENGTH, 3)
    for _ in range(40):
        past.tell(past.ask(4), brightness)
    after = probability(past.strategy, 0, 1), probability(past.strategy, STRENGTH, 3)
    assert before[0] < 0.7
    assert before[1] < 0.4
    assert min(after) > 0.85


@pytest.mark.parametrize("name", NAMES)
def test_decisions_that_do_not_matter_are_not_learned(name: str) -> None:
    past = Past(name)
    off = [each for each in past.ask(60) if not each.genotype["choices"][0]][:8]
    heads = past.strategy.policy._parts()["logits"].detach().clone()
    past.tell(off, lambda choices: float(choices[4]))
    moved = (past.strategy.policy._parts()["logits"] != heads).any(1).tolist()
    assert moved == [True, True, True, False, True, True]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("infeasible", "chance"), [(1.0, (0.0, 0.2)), (0.0, (0.3, 0.7))])
def test_infeasible_proposals(name: str, infeasible: float, chance: tuple[float, float]) -> None:
    """They are unlearned although no reward was ever seen, unless the job says that they count nothing."""
    past = Past(name, infeasible=infeasible)
    for _ in range(30):
        asked = past.ask(8)
        past.tell([each for each in asked if each.genotype["choices"][0]], lambda _: None)
    low, high = chance
    assert low <= probability(past.strategy, 0, 1) <= high


@pytest.mark.parametrize("name", NAMES)
def test_equal_rewards_and_ended_trials_teach_nothing(name: str) -> None:
    past = Past(name, entropy=0)
    before = past.strategy.policy.values.copy()
    past.tell(past.ask(20), lambda _: 0.25)
    assert (past.strategy.policy.values == before).all()
    for status in ("failed", "stopped", "cancelled"):
        past.strategy.tell([Outcome(0, status, each.genotype, token=each.token) for each in past.ask(5)])
    assert not past.strategy._pending


def test_the_entropy_bonus_keeps_decisions_open() -> None:
    """Where rewards are equal, nothing but the bonus moves the policy: from a decided one back to an open one."""
    past = Past("ppo", entropy=0.1)
    past.strategy.policy._parts()["logits"].data[0, 1] += 3
    assert probability(past.strategy, 0, 1) > 0.9
    for _ in range(60):
        past.tell(past.ask(4), lambda _: 0.5)
    assert 0.35 < probability(past.strategy, 0, 1) < 0.65


def test_advantages_are_deviations_from_a_moving_average() -> None:
    past = Past("reinforce", baseline_decay=0.5)
    for reward in ([1.0, 3.0], [5.0, None, 1.0, 1.0]):
        past.strategy._observe([value for value in reward if value is not None])
    # The first rewards set mean 2 and variance 1. Of three more, 1/8 stays: mean 2/8 + 7/8 * 7/3.
    mean = 2 / 8 + 7 / 8 * 7 / 3
    variance = 1 / 8 + 7 / 8 * ((5 - mean) ** 2 + 2 * (1 - mean) ** 2) / 3
    found = past.strategy._advantage(4.0)
    assert found == pytest.approx((4 - mean) / variance**0.5)


def test_steps_are_those_of_adam() -> None:
    """Slope 1, then 3: means 0.1 / 0.1 and 0.39 / 0.19, mean squares 0.001 / 0.001 and 0.009999 / 0.001999."""
    strategy = Past("ppo").strategy
    for slope, step in ((1.0, 1.0), (3.0, (0.39 / 0.19) / (0.009999 / 0.001999) ** 0.5)):
        strategy._steps += 1
        found = strategy._direction(np.full(strategy.policy.values.size, slope))
        assert found == pytest.approx(np.full(found.size, step))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("told", [0, 3, 4, 21, 40])
def test_a_search_goes_on_where_it_was(name: str, told: int) -> None:
    """Restarts in the middle of a batch and after it, twice in a row, with proposals under way."""
    through, broken = Past(name), Past(name)
    for past in (through, broken):
        for _ in range(told):
            past.tell(past.ask(1), brightness)
            past.save()
    for past in (through, broken):
        waiting = past.ask(5)
        past.save()
        if past is broken:
            past.restart()
            past.save()
            past.restart()
        past.tell(waiting[::-1], brightness)
    for _ in range(30):
        once, again = through.ask(1), broken.ask(1)
        assert once == again
        through.tell(once, brightness)
        broken.tell(again, brightness)
    assert broken.strategy.state() == through.strategy.state()


def test_weights_are_saved_only_when_they_changed() -> None:
    past = Past("ppo")
    assert past.save().blob is not None
    for told in range(1, 9):
        past.tell(past.ask(1), brightness)
        assert (past.save().blob is not None) == (told % 4 == 0)
    past.restart()
    assert past.save().blob is None


def test_what_is_saved_is_small() -> None:
    """Weights and two moments of eight bytes, for the space of MobileNetV3-Large; the rest is a line."""
    space = get_space("mobilenetv3").bind(Signature("image", 3, 10, (16, 512)))
    strategy = get_strategy("ppo", {}, space, 0)
    saved = strategy.state()
    assert saved.blob is not None
    assert len(saved.blob) < 1_000_000
    assert len(json.dumps(saved.data)) < 500
    assert len(json.dumps(strategy.ask(1, History(space))[0].token)) < 1200


@pytest.mark.parametrize("name", NAMES)
def test_a_space_without_decisions(name: str) -> None:
    options = {"backbone": [{"width": 8}], "depth_offsets": [0], "width_factors": [1.0], "ops": ["conv"], "se": [False]}
    one = {"skip": ["none"], "activation": ["relu"], "kernel": [3], "expansion": [3.0], "resolution": [16]}
    space = get_space("mobilenetv3", **options, **one).bind(Signature("image", 1, 10, (16, 16)))
    assert isinstance(space, ChoiceSpace)
    assert space.size == 1
    strategy = get_strategy(name, {"batch": 2}, space, 0)
    proposals = strategy.ask(4, History(space))
    strategy.tell([Outcome(i, "completed", p.genotype, token=p.token, reward=0.5) for i, p in enumerate(proposals)])
    assert strategy.ask(1, History(space))[0].genotype == space.sample(np.random.default_rng(0))


@pytest.mark.parametrize("name", NAMES)
def test_a_space_without_choices_is_refused(name: str) -> None:
    growing = get_space("wann").bind(Signature("vector", 3, 2, (1, 1)))
    with pytest.raises(InvalidSpec, match=r"needs a ChoiceSpace.*those that fit: .*wann") as refusal:
        get_strategy(name, {}, growing, 0)
    assert refusal.value.field == "strategy.name"
    assert name not in refusal.value.detail.partition("those that fit:")[2]


@pytest.mark.parametrize("name", NAMES)
def test_without_torch_the_job_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(InvalidSpec, match=rf"{name} needs torch.*pip install 'nas-service\[rl\]'") as refusal:
        get_strategy(name, {}, Lamps(), 0)
    assert refusal.value.field == "strategy.name"


def test_a_job_that_changes_coordinators_finds_the_same(make_lab: Callable[..., Lab]) -> None:
    """Killed after every few trials, within batches and between, it trains what an undisturbed one trains."""
    wanted = spec(20, strategy={"name": "ppo", "batch": 4})
    calm, shaken = make_lab(), make_lab()
    assert calm.run(wanted).state == "finished"
    shaken.submit(wanted)
    for completed in range(2, 20, 3):
        shaken.until(lambda job, least=completed: job.completed >= least)  # type: ignore[misc]
        shaken.hire()
    assert shaken.finish().state == "finished"
    assert shaken.job().incumbent == calm.job().incumbent
    assert (shaken.job().best_reward, shaken.job().proposals) == (calm.job().best_reward, calm.job().proposals)
