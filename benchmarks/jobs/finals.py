"""Whole trainings of networks that are compared, by the recipe of an image task, scored on what no search has seen."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from search_spaces import Architecture
from workers.tasks.image_classification import ImageClassification
from workers.training import Inputs, Trainer, prepare, seeded_module


def scores_on_test(task: ImageClassification, network: Architecture, seed: int) -> Mapping[str, float]:
    """Scores on the test part after `task.options.epochs` epochs on the training part, on one core."""
    torch.set_num_threads(1)
    data, size = task.load(), network.input_shape[1:]
    inputs = Inputs(prepare(data, data.train, size), prepare(data, data.test, size))
    module, epochs = seeded_module(network, seed), task.options.epochs
    trainer = Trainer(module, inputs, task.options, data.augmentation, epochs=epochs, seed=seed)
    return list(trainer.run(lambda: False))[-1].validation
