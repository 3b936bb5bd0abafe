"""Dispatchers: how requests reach workers and reports come back."""

from .base import ClusterStatus, DataCheck, Dispatcher, NodeStatus, Unanswered
from .inline import InlineDispatcher

__all__ = ["ClusterStatus", "DataCheck", "Dispatcher", "InlineDispatcher", "NodeStatus", "Unanswered"]
