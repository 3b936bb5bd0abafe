"""The policy over decisions: what it draws is what it says, and it leaves torch as it found it."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch

from nas_service.strategies.policy import Policy, one_thread, taken_of

CHOICES = (2, 1, 4, 3)  # the second position is no decision


@pytest.fixture
def policy() -> Policy:
    """One whose decisions depend on each other."""
    made = Policy(CHOICES, 5, np.random.default_rng(0))
    made.values *= 12
    return made


def all_options() -> torch.Tensor:
    return torch.tensor(list(product(range(2), range(4), range(3))))


def test_probabilities_of_all_genotypes_add_up_to_one(policy: Policy) -> None:
    found = taken_of(policy.distributions(all_options()), all_options()).sum(1).exp().detach()
    assert float(found.sum()) == pytest.approx(1, abs=1e-12)
    assert float(found.max()) > 3 / len(found)


def test_genotypes_come_as_often_as_the_policy_says(policy: Policy) -> None:
    n = 20_000
    drawn = [each.choices for each in policy.sample(n, np.random.default_rng(1))]
    said = taken_of(policy.distributions(all_options()), all_options()).sum(1).exp().tolist()
    for (a, b, c), probability in zip(all_options().tolist(), said, strict=True):
        spread = (probability * (1 - probability) / n) ** 0.5
        assert drawn.count([a, 0, b, c]) / n == pytest.approx(probability, abs=5 * spread)


def test_drawing_and_learning_see_the_same_probabilities(policy: Policy) -> None:
    drawn = policy.sample(50, np.random.default_rng(2))
    options = torch.tensor([[each.choices[i] for i in policy.decisions] for each in drawn])
    again = taken_of(policy.distributions(options), options)
    assert np.allclose([each.log_probs for each in drawn], again.detach().numpy(), atol=1e-12, rtol=0)


def test_options_that_a_position_lacks_have_no_probability_and_no_gradient(policy: Policy) -> None:
    found = policy.distributions(all_options())
    lacking = torch.arange(4) >= torch.tensor([2, 4, 3])[:, None]
    assert float(found.exp()[:, lacking].detach().max()) == 0
    entropy = -(found.exp() * found).sum()
    (slope,) = torch.autograd.grad(entropy, policy.weights)
    start = policy.values.size - lacking.numel()
    assert torch.isfinite(slope).all()
    assert not slope[start:].view(3, 4)[lacking].any()
    assert slope[start:].view(3, 4)[~lacking].any()


def test_later_decisions_depend_on_earlier_ones_only(policy: Policy) -> None:
    options = torch.tensor([[0, 0, 0], [0, 3, 0], [1, 0, 0]])
    first, second, third = policy.distributions(options).detach()
    assert torch.allclose(first[:2], second[:2], atol=1e-12, rtol=0)
    assert not torch.allclose(first[2], second[2])
    assert torch.allclose(first[0], third[0], atol=1e-12, rtol=0)
    assert not torch.allclose(first[1], third[1])


def test_several_at_once_are_those_that_come_one_by_one(policy: Policy) -> None:
    together, apart = np.random.default_rng(3), np.random.default_rng(3)
    one_by_one = [policy.sample(1, apart)[0].choices for _ in range(20)]
    assert [each.choices for each in policy.sample(20, together)] == one_by_one


def test_a_space_without_decisions() -> None:
    drawn = Policy((1, 1), 4, np.random.default_rng(0)).sample(2, np.random.default_rng(0))
    assert [(each.choices, each.log_probs) for each in drawn] == [([0, 0], [])] * 2


def test_torch_is_left_as_it_was() -> None:
    before = torch.get_num_threads(), torch.get_rng_state()
    torch.set_num_threads(2)
    with one_thread():
        assert torch.get_num_threads() == 1
        Policy(CHOICES, 4, np.random.default_rng(0)).sample(3, np.random.default_rng(0))
    after = torch.get_num_threads()
    torch.set_num_threads(before[0])
    assert after == 2
    assert torch.equal(torch.get_rng_state(), before[1])
