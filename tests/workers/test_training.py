from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load, save
from torch import nn

from search_spaces import Architecture
from workers.failures import TrialError
from workers.tasks.digits import Digits
from workers.tasks.image_classification import ImageOptions
from workers.tasks.image_data import Augmentation, ImageData, Split, normalisation, stratified
from workers.training import Inputs, Labelled, Trainer, evaluate, inherit, prepare, seeded_module
from workers.training.augment import augment
from workers.training.inputs import subset
from workers.training.schedule import AveragedWeights, learning_rate_factor
from workers.training.trainer import class_weights, optimiser_of

STILL = Augmentation()


@pytest.fixture
def data() -> ImageData:
    return Digits().load()


@pytest.fixture
def inputs(data: ImageData) -> Inputs:
    few = Split(data.train.images[:128], data.train.labels[:128])
    return Inputs(prepare(data, few, (16, 16)), prepare(data, data.validation, (16, 16)))


def trainer(architecture: Architecture, inputs: Inputs, *, epochs: int = 2, seed: int = 0, **options: Any) -> Trainer:
    moves = Digits().load().augmentation
    module = seeded_module(architecture, seed)
    return Trainer(module, inputs, ImageOptions(**options), moves, epochs=epochs, seed=seed)


def weights(trained: Trainer) -> dict[str, torch.Tensor]:
    return trained.evaluated.state_dict()


def test_same_seed_same_weights_whatever_the_global_generator(architecture: Architecture, inputs: Inputs) -> None:
    first = trainer(architecture, inputs)
    list(first.run(lambda: False))
    torch.manual_seed(99)
    before = torch.get_rng_state()
    second = trainer(architecture, inputs)
    list(second.run(lambda: False))
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(weights(first)[name], value) for name, value in weights(second).items())


@pytest.mark.parametrize("reached", [1, 2])
def test_a_training_that_goes_on_from_a_checkpoint_ends_as_one_that_never_paused(
    architecture: Architecture, inputs: Inputs, reached: int
) -> None:
    whole = trainer(architecture, inputs, epochs=3, dropout=0.3)
    results = list(whole.run(lambda: False))
    begun = trainer(architecture, inputs, epochs=3, dropout=0.3)
    assert [one.epoch for one in begun.run(lambda: False, reached)] == list(range(1, reached + 1))
    resumed = trainer(architecture, inputs, epochs=3, dropout=0.3, seed=5)
    resumed.load(load(save({name: value.contiguous() for name, value in begun.checkpoint().items()})))
    rest = list(resumed.run(lambda: False))
    assert [one.metrics | {"train_seconds": 0} for one in rest] == [
        one.metrics | {"train_seconds": 0} for one in results[reached:]
    ]
    assert all(torch.equal(weights(whole)[name], value) for name, value in weights(resumed).items())


def test_another_seed_gives_other_weights(architecture: Architecture, inputs: Inputs) -> None:
    first, second = trainer(architecture, inputs), trainer(architecture, inputs, seed=1)
    for each in (first, second):
        list(each.run(lambda: False))
    assert any(not torch.equal(weights(first)[name], value) for name, value in weights(second).items())


def test_training_learns(architecture: Architecture, data: ImageData) -> None:
    everything = Inputs(prepare(data, data.train, (16, 16)), prepare(data, data.validation, (16, 16)))
    results = list(trainer(architecture, everything, epochs=6).run(lambda: False))
    assert [result.epoch for result in results] == [1, 2, 3, 4, 5, 6]
    assert results[-1].train_loss < results[0].train_loss
    assert results[-1].metrics["val_accuracy"] > 0.9


def test_a_loss_that_is_not_finite_ends_the_training_with_its_cause(architecture: Architecture, inputs: Inputs) -> None:
    poisoned = Inputs(Labelled(inputs.train.images * math.inf, inputs.train.labels), inputs.validation)
    with pytest.raises(TrialError, match=r"lower task\.learning_rate") as raised:
        list(trainer(architecture, poisoned).run(lambda: False))
    assert raised.value.cause == "nan"


def test_it_stops_between_batches(architecture: Architecture, inputs: Inputs) -> None:
    asked = iter([False, False, True])
    assert list(trainer(architecture, inputs, batch_size=16).run(lambda: next(asked))) == []


def test_more_images_a_batch_than_there_are_is_one_batch(architecture: Architecture, inputs: Inputs) -> None:
    assert trainer(architecture, inputs, epochs=3, batch_size=4096).steps == 3


def test_decay_spares_norms_and_biases(architecture: Architecture) -> None:
    module = seeded_module(architecture, 0)
    decayed, spared = optimiser_of(module, ImageOptions(weight_decay=0.3)).param_groups
    assert (decayed["weight_decay"], spared["weight_decay"]) == (0.3, 0.0)
    norms = [p for m in module.modules() if isinstance(m, nn.BatchNorm2d) for p in m.parameters()]
    biases = [p for name, p in module.named_parameters() if name.endswith("bias")]
    held = {id(p) for p in spared["params"]}
    assert {id(p) for p in norms + biases} <= held
    assert len(decayed["params"]) + len(held) == len(list(module.parameters()))


def test_modules_get_the_recipe_s_momentum_and_dropout(architecture: Architecture, inputs: Inputs) -> None:
    module = trainer(architecture, inputs, dropout=0.5).module
    assert {m.momentum for m in module.modules() if isinstance(m, nn.BatchNorm2d)} == {0.1}
    assert not [m for m in module.modules() if isinstance(m, nn.Dropout)]
    assert module.state_dict().keys() == seeded_module(architecture, 0).state_dict().keys()


def test_learning_rate_rises_then_falls_to_nothing() -> None:
    factors = [learning_rate_factor(step, 100, 0.1) for step in range(100)]
    assert factors[:10] == sorted(factors[:10])
    assert factors[10] == 1.0
    assert factors[10:] == sorted(factors[10:], reverse=True)
    assert factors[-1] < 0.001
    assert learning_rate_factor(0, 1, 0.0) == 1.0


def test_averaged_weights_follow_the_formula() -> None:
    module = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(module.weight)
    average = AveragedWeights(module, decay=0.5)
    nn.init.ones_(module.weight)
    expected = 0.0
    for step in range(1, 20):
        average.update()
        decay = min(0.5, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay)
        assert average.state()["weight"].item() == pytest.approx(expected)


def test_augmentation_that_moves_nothing_changes_nothing(inputs: Inputs) -> None:
    moved = augment(inputs.train.images, STILL, torch.Generator().manual_seed(0))
    assert torch.allclose(moved, inputs.train.images, atol=1e-4)


def test_flips_mirror_about_half_of_the_images() -> None:
    images = torch.arange(4.0).repeat(64, 1, 4, 1)
    moved = augment(images, Augmentation(flip=True), torch.Generator().manual_seed(0))
    mirrored = [torch.allclose(image, images[0].flip(-1), atol=1e-4) for image in moved]
    assert 16 < sum(mirrored) < 48
    assert all(m or torch.allclose(image, images[0], atol=1e-4) for m, image in zip(mirrored, moved, strict=True))


def test_shifts_stay_within_their_share() -> None:
    images = torch.zeros(64, 1, 21, 21)
    images[:, :, 10, 10] = 1
    moved = augment(images, Augmentation(shift=0.1), torch.Generator().manual_seed(0))
    rows, columns = moved[:, 0].amax(2).argmax(1), moved[:, 0].amax(1).argmax(1)
    assert rows.min() >= 7
    assert columns.max() <= 13
    assert len(set(rows.tolist())) > 2


def test_inherited_weights_are_those_that_fit() -> None:
    module = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 3))
    given = {"0.weight": torch.ones(2, 2), "1.weight": torch.ones(4, 2), "9.weight": torch.ones(1)}
    assert inherit(module, given) == 1
    assert torch.equal(module[0].weight, torch.ones(2, 2))


def test_evaluation_counts_right_answers() -> None:
    images = torch.eye(3).view(3, 3, 1, 1).repeat(200, 1, 1, 1) * 10
    labels = torch.tensor([0, 1, 0]).repeat(200)
    found = evaluate(nn.Flatten(), Labelled(images, labels))
    assert found["accuracy"] == pytest.approx(2 / 3)
    assert found["loss"] == pytest.approx(10 / 3, rel=1e-3)


def test_class_weights_make_every_class_weigh_the_same() -> None:
    labels = torch.tensor([0] * 90 + [1] * 9 + [2])
    weights = class_weights(labels, 3)
    assert (weights * torch.bincount(labels)).tolist() == pytest.approx([100 / 3] * 3)
    assert class_weights(labels, 4).isfinite().all()


def test_inputs_are_normalised_at_the_network_s_size(data: ImageData) -> None:
    prepared = prepare(data, data.train, (24, 24))
    assert prepared.images.shape == (len(data.train), 1, 24, 24)
    assert prepared.images.mean().abs() < 0.1
    assert prepared.images.is_contiguous(memory_format=torch.channels_last)


def test_a_subset_keeps_the_classes_in_proportion(data: ImageData) -> None:
    part = subset(data.train, 0.25)
    assert len(part) == pytest.approx(len(data.train) / 4, abs=10)
    assert np.ptp(np.bincount(part.labels)) <= 2
    assert np.array_equal(part.labels, subset(data.train, 0.25).labels)
    assert subset(data.train, 1.0) is data.train


def test_splits_are_disjoint_complete_and_stratified() -> None:
    labels = np.repeat(np.arange(4), [40, 80, 120, 7])
    parts = stratified(labels, (0.5, 0.25, 0.25), np.random.default_rng(0))
    assert sorted(np.concatenate(parts).tolist()) == list(range(247))
    assert np.bincount(labels[parts[0]]).tolist() == [20, 40, 60, 4]


def test_normalisation_is_by_channel() -> None:
    images = np.stack([np.full((2, 2), 5), np.arange(4).reshape(2, 2)])[None]
    (first, second), (spread, _) = normalisation(images, 10)
    assert (first, second) == pytest.approx((0.5, 0.15))
    assert spread == pytest.approx(0, abs=1e-5)
