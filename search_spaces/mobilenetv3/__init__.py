"""MobileNetV3-type image networks: the space and its published references."""

from .space import MobileNetV3

__all__ = ["MobileNetV3"]
