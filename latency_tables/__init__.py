"""What ops and networks cost on a device: tables that were measured there, and estimates with an error bar.

Loading and estimating need neither torch nor onnxruntime; measuring needs onnxruntime, exporting needs torch.
"""

from .between import Between
from .check import Check, check_table
from .coverage import Coverage, cover
from .forecast import Forecast
from .profile import extendable, plan_for, profile_space
from .table import Estimate, LatencyTable, TableError, load, table_path, table_paths

__all__ = [
    "Between",
    "Check",
    "Coverage",
    "Estimate",
    "Forecast",
    "LatencyTable",
    "TableError",
    "check_table",
    "cover",
    "extendable",
    "load",
    "plan_for",
    "profile_space",
    "table_path",
    "table_paths",
]
