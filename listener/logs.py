"""Logging: one event per line, as JSON in a file of the installation, as text or JSON on standard
error. Every line passes the redactor; nothing collected is logged above DEBUG."""

import json
import logging
import logging.handlers
import re
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, unquote, urlsplit

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
# What would move a terminal's cursor, hide text, or break a line or its encoding.
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
MAX_BYTES = 10_000_000
KEPT_FILES = 5
HIDDEN = "***"
# A shorter value would blacken innocent words, and guards nothing.
LEAST_SECRET_CHARS = 6
_PATTERNS = (
    # user:password@ in an address; the user may stay.
    (
        re.compile(r"(\b[a-z][a-z0-9+.-]{0,30}://[^\s/@:]*):[^\s/@]+@", re.IGNORECASE),
        rf"\1:{HIDDEN}@",
    ),
    # A Telegram bot's token.
    (re.compile(r"(?<!\d)\d{6,}:[A-Za-z0-9_-]{30,}"), HIDDEN),
    # What an address carries as a key. Authorization headers too.
    (
        re.compile(
            r"\b((?:[a-z_-]{0,30}(?:token|secret|passw(?:or)?d|api_?key|signature)|key|sign|auth)=)"
            r"[^&\s\"'<>]+",
            re.IGNORECASE,
        ),
        rf"\1{HIDDEN}",
    ),
    (re.compile(r"\b(Bearer|Basic) [A-Za-z0-9._~+/=-]{6,}"), rf"\1 {HIDDEN}"),
)


class Redactor:
    """Takes secrets out of text: known values, and whatever looks like one."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        known: set[str] = set()
        for value in values:
            known.update(_forms(value))
        kept = sorted((v for v in known if len(v) >= LEAST_SECRET_CHARS), key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, kept))) if kept else None

    def clean(self, text: str) -> str:
        """Return ``text`` without secrets."""
        if self._known is not None:
            text = self._known.sub(HIDDEN, text)
        for pattern, instead in _PATTERNS:
            text = pattern.sub(instead, text)
        return text

    def clean_value(self, value: Any) -> Any:
        """Return a logged value without secrets, whatever it holds."""
        if value is None or isinstance(value, (bool, int, float)):
            return value
        if isinstance(value, dict):
            return {self.clean(str(key)): self.clean_value(one) for key, one in value.items()}
        if isinstance(value, (list, tuple, set, frozenset)):
            return [self.clean_value(one) for one in value]
        return self.clean(str(value))


def _forms(secret: str) -> set[str]:
    """Return a secret as it may turn up: whole, quoted, and of an address only its password."""
    try:
        password = urlsplit(secret).password or ""
    except ValueError:
        password = ""
    plain = {secret, password, unquote(password)}
    return plain | {quote(form, safe="") for form in plain}


class JsonFormatter(logging.Formatter):
    """One JSON object per line: time, level, logger, message, and the extra data."""

    def __init__(self, redactor: Redactor | None = None) -> None:
        super().__init__()
        self._redactor = redactor or Redactor()

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": self._redactor.clean(record.getMessage()),
        }
        for name, value in _extra(record).items():
            line.setdefault(name, self._redactor.clean_value(value))
        if record.exc_info:
            line["traceback"] = self._redactor.clean(self.formatException(record.exc_info))
        text = json.dumps(line, ensure_ascii=False, default=str)
        return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


class LineFormatter(logging.Formatter):
    """A short line for people: message and data."""

    def __init__(self, redactor: Redactor | None = None) -> None:
        super().__init__()
        self._redactor = redactor or Redactor()

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; a traceback stays in the file."""
        data = " ".join(f"{key}={value}" for key, value in _extra(record).items())
        reason = ""
        if record.exc_info and record.exc_info[1] is not None:
            reason = f" ({type(record.exc_info[1]).__name__}: {record.exc_info[1]})"
        line = f"{record.levelname.lower()}: {record.getMessage()}{reason} {data}"
        return " ".join(_UNPRINTABLE.sub(" ", self._redactor.clean(line)).split())


def _extra(record: logging.LogRecord) -> dict[str, object]:
    return {key: value for key, value in vars(record).items() if key not in _STANDARD}


def set_up_logging(
    level: str,
    file: Path | None,
    *,
    shown_as: Literal["text", "json"] = "text",
    hidden: Iterable[str] = (),
) -> None:
    """Log ``level`` and above to ``file`` as JSON, without the ``hidden`` values.

    Standard error gets warnings and above as text, or everything as JSON for a log collector.
    """
    root = logging.getLogger()
    for handler in list(root.handlers):
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)
    redactor = Redactor(hidden)
    shown = logging.StreamHandler(sys.stderr)
    if shown_as == "json":
        shown.setFormatter(JsonFormatter(redactor))
    else:
        shown.setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level]))
        shown.setFormatter(LineFormatter(redactor))
    root.addHandler(shown)
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        kept = logging.handlers.RotatingFileHandler(
            file, maxBytes=MAX_BYTES, backupCount=KEPT_FILES, encoding="utf-8"
        )
        kept.setFormatter(JsonFormatter(redactor))
        root.addHandler(kept)
    # These log request addresses, and with them tokens, or chatter of no use to anybody here.
    for name in ("httpx", "httpcore", "apscheduler", "telegram", "matplotlib", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
