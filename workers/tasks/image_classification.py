"""Image classification: what every such task shares besides its recipe; a task adds its data."""

from __future__ import annotations

from abc import abstractmethod

from ..requests import Runner
from .classification import Classification, ClassificationOptions
from .image_data import ImageData


class ImageOptions(ClassificationOptions):
    """The training recipe for images."""


class ImageClassification(Classification):
    """Images with one label each."""

    @abstractmethod
    def load(self) -> ImageData:
        """The images."""

    def runner(self) -> Runner:
        from ..training import ImageRunner  # needs torch

        return ImageRunner(self)

    def exporter(self) -> Runner:
        from ..export import image_exporter  # needs torch

        return image_exporter(self)
