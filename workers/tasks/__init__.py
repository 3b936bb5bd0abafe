"""Tasks: what a search is for. Importing this needs neither torch nor any data."""

from .base import Metric, Task, TaskError, TaskOptions
from .registry import get_task, task_classes, task_of, variant

__all__ = ["Metric", "Task", "TaskError", "TaskOptions", "get_task", "task_classes", "task_of", "variant"]
