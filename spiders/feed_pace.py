"""How long a feed wants to be left alone: ``ttl``, ``sy:updatePeriod``, ``Cache-Control``."""

import re
from typing import Any

from scrapy.http import Response

LONGEST_S = 86_400.0
_MAX_AGE = re.compile(r"(?:^|[,\s])max-age\s*=\s*\"?(\d{1,9})")
_NO_CACHE = re.compile(r"\bno-(?:cache|store)\b")
_PERIODS_S = {
    "hourly": 3_600,
    "daily": 86_400,
    "weekly": 604_800,
    "monthly": 2_592_000,
    "yearly": 31_536_000,
}


def ttl_of(feed: Any, response: Response) -> float | None:
    """Return the longest of the feed's wishes in seconds, at most a day, None if it has none."""
    wishes = [_ttl_s(feed), _period_s(feed), max_age_s(response)]
    given = [wish for wish in wishes if wish is not None]
    return max(given) if given else None


def max_age_s(response: Response) -> float | None:
    """Return how long the answer stays fresh by its ``Cache-Control`` header, at most a day."""
    header = (response.headers.get("Cache-Control") or b"").decode("latin-1").lower()
    found = _MAX_AGE.search(header)
    if found is None or _NO_CACHE.search(header):
        return None
    age = (response.headers.get("Age") or b"").decode("latin-1").strip()
    fresh_s = int(found[1]) - (int(age) if re.fullmatch(r"\d{1,9}", age) else 0)
    return min(float(max(fresh_s, 0)), LONGEST_S)


def _ttl_s(feed: Any) -> float | None:
    ttl = str(feed.get("ttl") or "").strip()
    return min(float(ttl) * 60, LONGEST_S) if re.fullmatch(r"\d{1,9}", ttl) else None


def _period_s(feed: Any) -> float | None:
    period = _PERIODS_S.get(str(feed.get("sy_updateperiod") or "").strip().lower())
    if period is None:
        return None
    frequency = str(feed.get("sy_updatefrequency") or "1").strip()
    times = int(frequency) if re.fullmatch(r"\d{1,6}", frequency) else 1
    return min(period / max(times, 1), LONGEST_S)
