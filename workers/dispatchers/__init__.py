"""Dispatchers: how requests reach workers and reports come back."""

from .base import ClusterStatus, Dispatcher
from .inline import InlineDispatcher

__all__ = ["ClusterStatus", "Dispatcher", "InlineDispatcher"]
