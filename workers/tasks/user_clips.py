"""Tasks on people's own videos."""

from __future__ import annotations

from typing import ClassVar

from .base import TaskOptions
from .clip_classification import ClipClassification, ClipOptions
from .clip_data import ClipData
from .user_data import UserData, UserDataOptions


class UserClipOptions(UserDataOptions, ClipOptions):
    """The training recipe for videos, and where they are."""


class UserClips(UserData[ClipData], ClipClassification):
    """Subclasses find the files, inspect them once, and read them on workers."""

    Options: ClassVar[type[TaskOptions]] = UserClipOptions
    NO_RECIPE: ClassVar[frozenset[str]] = UserData.NO_RECIPE | ClipClassification.NO_RECIPE
    options: UserClipOptions
