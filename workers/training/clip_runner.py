"""The runner of video tasks: trains networks that take clips, with the trainer that images have."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from search_spaces import Architecture

from ..failures import TrialError
from ..requests import Fidelity
from ..scores import scores_of
from ..tasks.clip_classification import ClipClassification
from ..tasks.clip_data import ClipSplit
from ..tasks.data_cache import Pixels
from ..tasks.image_data import Augmentation
from .clip_inputs import Clips, clips_of
from .inputs import Inputs, chosen_share
from .runner import ClassificationRunner
from .trainer import logits_of

RESIDENT_BYTES = 4_000_000_000  # of videos that are kept in a GPU's memory; larger ones are sent batch by batch


class ClipRunner(ClassificationRunner):
    def __init__(self, task: ClipClassification, *, patient: bool = False) -> None:
        super().__init__(task, patient=patient)
        self.task = task
        self._resident: dict[int, Tensor] = {}  # by id of the array, which the task keeps

    @property
    def augmentation(self) -> Augmentation:
        return self.task.load().augmentation

    def inputs(self, architecture: Architecture, fidelity: Fidelity, device: str) -> Inputs:
        if fidelity.input_scale != 1:
            raise TrialError("error", "a network of clips takes one size only, so input_scale has to be 1")
        data = self.task.load()
        train, validation = subset(data.train, fidelity.data_fraction), data.validation
        return Inputs(
            clips_of(data, train, architecture, device, self._kept(train.videos, device)),
            clips_of(data, validation, architecture, device, self._kept(validation.videos, device)),
        )

    def _kept(self, videos: Pixels, device: str) -> Tensor | None:
        """The videos on the device, sent once; None where they stay where they are."""
        if device == "cpu" or videos.nbytes > RESIDENT_BYTES:
            return None
        if id(videos) not in self._resident:
            self._resident[id(videos)] = torch.from_numpy(videos.copy()).to(device)
        return self._resident[id(videos)]


def subset(split: ClipSplit, share: float) -> ClipSplit:
    """A share of a split, of every class alike; the whole split for 1."""
    if share >= 1:
        return split
    chosen = chosen_share(split.labels, share)
    return ClipSplit(split.videos, split.rows[chosen], split.labels[chosen])


def evaluate_clips(module: nn.Module, clips: Clips, count: int) -> dict[str, float]:
    """The scores of the mean of the logits of up to `count` clips, which are spread over each video."""
    starts = clips.sampling.spread(count)
    logits = torch.stack([logits_of(module, clips.starting(start)) for start in starts]).mean(0)
    return scores_of(logits.numpy(), clips.split.labels)
