"""From ops and architectures to torch modules and ONNX files. The only place in this package that imports torch."""

from ..export_format import EXPORTER
from .build import build, build_op
from .narrowing import narrowed
from .normalised import Normalised
from .onnx_export import export_onnx
from .parallel import parallel_copies
from .volumetric import build_volumetric

__all__ = [
    "EXPORTER",
    "Normalised",
    "build",
    "build_op",
    "build_volumetric",
    "export_onnx",
    "narrowed",
    "parallel_copies",
]
