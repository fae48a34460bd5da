"""Read the figures that pages show: counts such as 1.2万 and ratings such as 4.5/5 or ★★★☆☆."""

import re

# What a 32-bit column holds; a larger count is somebody's joke.
MOST = 2_147_483_647
_UNITS = {"千": 1e3, "k": 1e3, "w": 1e4, "万": 1e4, "萬": 1e4, "m": 1e6, "亿": 1e8, "億": 1e8}
_COUNT = re.compile(
    r"(?<![\d.])(\d{1,3}(?:,\d{3})+|\d{1,12}(?!\d))(\.\d{1,6})?\s*([千万萬亿億kKwWmM])?"
)
_NUMBER = r"(\d{1,4}(?:\.\d{1,3})?)"
_OUT_OF = re.compile(_NUMBER + r"\s*(?:/|／|out of|分，满分)\s*" + _NUMBER)
_PERCENT = re.compile(_NUMBER + r"\s*%")
_PLAIN = re.compile(_NUMBER)


def read_count(raw: str) -> int | None:
    """Return the first count in ``raw``, or None if it names none: missing is not zero."""
    found = _COUNT.search(raw[:200])
    if found is None:
        return None
    digits, fraction, unit = found.groups()
    value = float(digits.replace(",", "") + (fraction or "")) * _UNITS.get((unit or "").lower(), 1)
    return min(round(value), MOST)


def read_rating(raw: str, *, most: float) -> tuple[float, float] | None:
    """Return (rating, highest possible rating) as ``raw`` shows it, or None.

    ``most`` is the highest rating where the page does not name it. Stars are counted, a
    percentage (the width of a star bar) is a share of ``most``.
    """
    raw = raw[:200]
    if "★" in raw:
        empty = raw.count("☆")
        full = raw.count("★")
        return (float(full), float(full + empty)) if empty else _within(float(full), most)
    if out_of := _OUT_OF.search(raw):
        return _within(float(out_of[1]), float(out_of[2]))
    if percent := _PERCENT.search(raw):
        return _within(round(float(percent[1]) / 100 * most, 2), most)
    if plain := _PLAIN.search(raw):
        return _within(float(plain[1]), most)
    return None


def _within(value: float, most: float) -> tuple[float, float] | None:
    return (value, most) if 0 <= value <= most and most > 0 else None
