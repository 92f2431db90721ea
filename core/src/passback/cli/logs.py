"""What ``passback work`` logs: lines for people, or JSON for programs."""

from __future__ import annotations

import logging
import sys
import traceback
from datetime import UTC, datetime
from enum import StrEnum

import msgspec

__all__ = ["LogFormat", "log_to_stderr"]


class LogFormat(StrEnum):
    """How a line of the log is written."""

    TEXT = "text"
    JSON = "json"


# What every record has; whatever else it has, somebody gave it as `extra`.
_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_PLAIN = str | int | float | bool | None


class _AsJSON(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = _given(record) | {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info and record.exc_info[0] is not None:
            # The place, and no text of an exception that isn't ours: that may hold a secret.
            line["exception"] = record.exc_info[0].__name__
            line["trace"] = traceback.format_tb(record.exc_info[2])
        return msgspec.json.encode(line).decode()


def _given(record: logging.LogRecord) -> dict[str, object]:
    given = {name: each for name, each in vars(record).items() if name not in _OWN}
    # Our own say first which connection they concern, if they concern one.
    if record.name.startswith("passback.") and str(record.msg).startswith("%s: ") and record.args:
        given = {"connection": record.args[0], **given} if isinstance(record.args, tuple) else given
    return {name: each for name, each in given.items() if isinstance(each, _PLAIN)}


def log_to_stderr(form: LogFormat, *, verbose: bool) -> None:
    """Write the log to standard error; ours from info up, or all of it, and others' warnings."""
    handler = logging.StreamHandler(sys.stderr)
    if form is LogFormat.JSON:
        handler.setFormatter(_AsJSON())
    else:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    # Only our own in full: the HTTP library's would show what the other side sets and says.
    logging.getLogger("passback").setLevel(logging.DEBUG if verbose else logging.INFO)
