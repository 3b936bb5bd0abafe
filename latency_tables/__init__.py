"""What ops and networks cost on a device: tables that were measured there, and estimates with an error bar.

Loading and estimating need neither torch nor onnxruntime; measuring needs onnxruntime, exporting needs torch.
"""

from .check import Check, check_table
from .coverage import Coverage, cover
from .forecast import Forecast
from .measure import Measurement, measure_network
from .profile import profile_space
from .rounds import Progress
from .table import Estimate, LatencyTable, TableError, load, table_path

__all__ = [
    "Check",
    "Coverage",
    "Estimate",
    "Forecast",
    "LatencyTable",
    "Measurement",
    "Progress",
    "TableError",
    "check_table",
    "cover",
    "load",
    "measure_network",
    "profile_space",
    "table_path",
]
