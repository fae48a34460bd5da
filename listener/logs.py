"""Logging: JSON lines in a file of the installation, warnings on standard error."""

import json
import logging
import logging.handlers
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
# What would move a terminal's cursor, hide text, or break a line or its encoding.
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
MAX_BYTES = 10_000_000
KEPT_FILES = 5


class JsonFormatter(logging.Formatter):
    """One JSON object per line: time, level, logger, message, and the extra data."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **_extra(record),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        text = json.dumps(line, ensure_ascii=False, default=str)
        return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


class LineFormatter(logging.Formatter):
    """A short line for people: message and data."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; a traceback stays in the file."""
        data = " ".join(f"{key}={value}" for key, value in _extra(record).items())
        reason = ""
        if record.exc_info and record.exc_info[1] is not None:
            reason = f" ({type(record.exc_info[1]).__name__}: {record.exc_info[1]})"
        line = f"{record.levelname.lower()}: {record.getMessage()}{reason} {data}"
        return " ".join(_UNPRINTABLE.sub(" ", line).split())


def _extra(record: logging.LogRecord) -> dict[str, object]:
    return {key: value for key, value in vars(record).items() if key not in _STANDARD}


def set_up_logging(level: str, file: Path | None) -> None:
    """Log ``level`` and above to ``file``, warnings and above to standard error."""
    root = logging.getLogger()
    for handler in list(root.handlers):
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)
    shown = logging.StreamHandler(sys.stderr)
    shown.setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level]))
    shown.setFormatter(LineFormatter())
    root.addHandler(shown)
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        kept = logging.handlers.RotatingFileHandler(
            file, maxBytes=MAX_BYTES, backupCount=KEPT_FILES, encoding="utf-8"
        )
        kept.setFormatter(JsonFormatter())
        root.addHandler(kept)
    # These log request addresses, and with them tokens, or chatter of no use to anybody here.
    for name in ("httpx", "httpcore", "apscheduler", "telegram", "matplotlib", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
