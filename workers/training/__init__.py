"""The training recipe for images and videos: one for every task that supplies them. Imports torch."""

from .clip_inputs import Clips, clips_of
from .clip_runner import ClipRunner, evaluate_clips
from .initial import inherit, seeded_module, warm_module
from .inputs import Inputs, Labelled, Samples, prepare
from .runner import ClassificationRunner, ImageRunner
from .trainer import EpochResult, Trainer, evaluate, logits_of

__all__ = [
    "ClassificationRunner",
    "ClipRunner",
    "Clips",
    "EpochResult",
    "ImageRunner",
    "Inputs",
    "Labelled",
    "Samples",
    "Trainer",
    "clips_of",
    "evaluate",
    "evaluate_clips",
    "inherit",
    "logits_of",
    "prepare",
    "seeded_module",
    "warm_module",
]
