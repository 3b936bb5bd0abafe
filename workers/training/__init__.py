"""The training recipe for images: one for every task that supplies them. Imports torch."""

from .initial import inherit, seeded_module
from .inputs import Inputs, Labelled, prepare
from .runner import ImageRunner
from .trainer import EpochResult, Trainer, evaluate

__all__ = [
    "EpochResult",
    "ImageRunner",
    "Inputs",
    "Labelled",
    "Trainer",
    "evaluate",
    "inherit",
    "prepare",
    "seeded_module",
]
