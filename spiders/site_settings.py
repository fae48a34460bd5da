"""The parameters of the spider ``site``: read once, checked when the configuration is loaded."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from listener.items import MentionKind, Precision
from listener.text.charset import known_encoding
from listener.text.times import read_time
from spiders.selectors import problem_of

PAGE = "{page}"
MOST_ENTRIES = 500
ENTRY_FIELDS = (
    "link",
    "title",
    "text",
    "author",
    "time",
    "rating",
    "id",
    "likes",
    "reposts",
    "comments",
    "views",
)
DETAIL_FIELDS = ("title", "text", "author", "time")
_NUMBERS = {"first_page": (0, 100_000), "pages": (1, 1_000), "details": (0, 500)}
_KINDS = (
    MentionKind.POST,
    MentionKind.ARTICLE,
    MentionKind.COMMENT,
    MentionKind.REVIEW,
    MentionKind.COMPLAINT,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSettings:
    """What the configuration says of a page. ``fields`` are the selectors inside one entry.

    ``detail`` are those on the page behind its link.
    """

    url: str
    item: str
    fields: Mapping[str, str]
    detail: Mapping[str, str]
    empty: str
    next: str
    first_page: int
    pages: int
    follow: bool
    details: int
    encoding: str
    time_format: str
    zone: tzinfo
    kind: MentionKind
    rating_max: float
    most_entries: int = MOST_ENTRIES

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> "SiteSettings":
        """Read parameters that ``problem_of_parameters`` finds nothing wrong with."""
        return cls(
            url=parameters["url"],
            item=parameters["item"],
            fields={name: parameters[name] for name in ENTRY_FIELDS if parameters.get(name)},
            detail={
                name: parameters[f"detail_{name}"]
                for name in DETAIL_FIELDS
                if parameters.get(f"detail_{name}")
            },
            empty=parameters.get("empty", ""),
            next=parameters.get("next", ""),
            first_page=int(parameters.get("first_page") or 1),
            pages=int(parameters.get("pages") or 10),
            follow=parameters.get("follow") == "true",
            details=int(parameters.get("details") or 30),
            encoding=parameters.get("encoding", ""),
            time_format=parameters.get("time_format", ""),
            zone=ZoneInfo(parameters.get("timezone") or "Asia/Shanghai"),
            kind=MentionKind(parameters.get("kind") or MentionKind.POST),
            rating_max=float(parameters.get("rating_max") or 5),
        )

    @property
    def is_numbered(self) -> bool:
        """Whether the pages are told apart by a number in the address."""
        return PAGE in self.url

    def page_url(self, index: int) -> str:
        """Return the address of the page that is ``index`` pages behind the first."""
        return self.url.replace(PAGE, str(self.first_page + index))

    def read_time(self, raw: str, collected_at: datetime) -> tuple[datetime, Precision] | None:
        """Return the instant a raw time means, by the configured format first."""
        if self.time_format:
            try:
                at = datetime.strptime(raw, self.time_format)  # noqa: DTZ007 - zone added below
            except ValueError:
                pass
            else:
                if at.year == 1900 and "%Y" not in self.time_format:
                    return read_time(raw, collected_at=collected_at, zone=self.zone)
                aware = at if at.tzinfo else at.replace(tzinfo=self.zone)
                return read_time(aware.isoformat(), collected_at=collected_at)
        return read_time(raw, collected_at=collected_at, zone=self.zone)


def problem_of_parameters(parameters: Mapping[str, str]) -> str | None:
    """Return which parameter is wrong and what to write instead, or None."""
    url = parameters["url"]
    if not re.match(r"https?://[^\s/{}]+", url, re.IGNORECASE):
        return f"'url' ({url[:80]}) has to begin with http:// or https:// and a host"
    if PAGE in url and parameters.get("next"):
        return "both {page} in 'url' and 'next' say how pages go on; keep one of them"
    return (
        _selector_problem(parameters)
        or _number_problem(parameters)
        or _word_problem(parameters)
        or _follow_problem(parameters)
    )


def _selector_problem(parameters: Mapping[str, str]) -> str | None:
    whole = ["item", "empty", "next", *(f"detail_{name}" for name in DETAIL_FIELDS)]
    for name in [*whole, *ENTRY_FIELDS]:
        expression = parameters.get(name)
        if not expression:
            continue
        problem = problem_of(expression, inside_item=name in ENTRY_FIELDS)
        if problem:
            return f"selector '{name}' ({expression[:80]}) {problem}"
    return None


def _number_problem(parameters: Mapping[str, str]) -> str | None:
    for name, (least, most) in _NUMBERS.items():
        value = parameters.get(name)
        if value and not (re.fullmatch(r"[0-9]{1,6}", value) and least <= int(value) <= most):
            return f"'{name}' has to be a whole number from {least} to {most} (got {value[:20]})"
    value = parameters.get("rating_max")
    if value and not (re.fullmatch(r"[0-9]{1,4}(?:\.[0-9]+)?", value) and float(value) > 0):
        return f"'rating_max' has to be a number above 0 (got {value[:20]})"
    return None


def _word_problem(parameters: Mapping[str, str]) -> str | None:
    encoding, zone = parameters.get("encoding"), parameters.get("timezone")
    if encoding and known_encoding(encoding) is None:
        return f"'encoding' ({encoding[:40]}) is not known; write for example gbk, big5 or utf-8"
    if zone:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return f"'timezone' ({zone[:40]}) is not known; write for example Asia/Shanghai"
    kind = parameters.get("kind")
    if kind and kind not in _KINDS:
        return f"'kind' ({kind[:40]}) has to be one of: {', '.join(_KINDS)}"
    pattern = parameters.get("time_format")
    if pattern and "%" not in pattern:
        return f"'time_format' ({pattern[:40]}) names no part of a time; write e.g. %d.%m.%Y %H:%M"
    return None


def _follow_problem(parameters: Mapping[str, str]) -> str | None:
    follow = parameters.get("follow")
    if follow and follow not in ("true", "false"):
        return f"'follow' has to be true or false (got {follow[:20]})"
    detail = next((f"detail_{n}" for n in DETAIL_FIELDS if parameters.get(f"detail_{n}")), None)
    if detail and follow != "true":
        return f"'{detail}' is used only with follow = true; add that or remove the selector"
    return None
