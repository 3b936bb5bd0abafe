"""From ops and architectures to torch modules and ONNX files. The only place in this package that imports torch."""

from .build import build, build_op
from .onnx_export import EXPORTER, export_onnx

__all__ = ["EXPORTER", "build", "build_op", "export_onnx"]
