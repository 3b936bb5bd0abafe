"""Tiny Video Networks (arXiv 1910.06961): the space, the released networks and those that they are compared with."""

from .space import Tvn

__all__ = ["Tvn"]
