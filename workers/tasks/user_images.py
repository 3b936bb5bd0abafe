"""Tasks on people's own images."""

from __future__ import annotations

from .image_classification import ImageClassification
from .image_data import ImageData
from .user_data import UserData


class UserImages(UserData[ImageData], ImageClassification):
    """Subclasses find the files, inspect them once, and read them on workers."""
