"""Logs of the service: a line a record, for people or as JSON, with what it concerns (job, trial, request) as fields.

Who logs names them in `extra`: `log.warning("...", extra={"job": job.id})`.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
from typing import IO, Any, Literal

Format = Literal["text", "json"]
Level = Literal["debug", "info", "warning", "error"]
_PLAIN = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName", "color_message"}


def configure(kind: Format, level: Level, stream: IO[str]) -> None:
    """Send all records of the process to `stream`: our own from `level` on, those of libraries from warnings on."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Json() if kind == "json" else Text())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("nas_service").setLevel(level.upper())


class Text(logging.Formatter):
    """`TIME LEVEL message (job=..., trial=...)`, then the traceback where there is one."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name of the standard library
        fields = ", ".join(f"{name}={value}" for name, value in _fields(record).items())
        return f"{_time(record)} {record.levelname} {record.getMessage()}{f' ({fields})' if fields else ''}"


class Json(logging.Formatter):
    """An object a line: `time`, `level`, `logger`, `message`, the fields of `extra`, and `error`, a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        said: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_fields(record),
        }
        if record.exc_info:
            said["error"] = self.formatException(record.exc_info)
        return json.dumps(said, default=str)


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    return {name: value for name, value in vars(record).items() if name not in _PLAIN}


def _time(record: logging.LogRecord) -> str:
    return dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds")
