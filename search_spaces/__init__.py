"""Search spaces and the architectures they describe. Nothing here needs torch; modules and ONNX are in `modules/`."""

from .architecture import Architecture, Node, Segment
from .choice_space import ChoiceSpace, Position
from .errors import SpaceError
from .narrowing import NarrowableSpace
from .ops import Op
from .registry import get_space, space_classes, spaces_of
from .space import BoundSpace, Genotype, Options, SearchSpace, Signature

__all__ = [
    "Architecture",
    "BoundSpace",
    "ChoiceSpace",
    "Genotype",
    "NarrowableSpace",
    "Node",
    "Op",
    "Options",
    "Position",
    "SearchSpace",
    "Segment",
    "Signature",
    "SpaceError",
    "get_space",
    "space_classes",
    "spaces_of",
]
