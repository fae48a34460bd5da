"""What the rules found in many texts, as named numbers for the learned heads.

Whether a text complains is judged from cues and stance alone; only complaints pay for the severity
rules and for reading quantities.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from listener.complaints.lexicon import Hit, Integers, default_lexicon
from listener.complaints.reading import Reading
from listener.complaints.readings import Readings
from listener.complaints.severity import (
    LARGE_SUM_YUAN,
    LONG_WAIT_DAYS,
    MANY_PEOPLE,
    RULES,
)
from listener.complaints.stance import PARTS, contributions

Signs = dict[str, float]
"""The signs of one text by name."""

_MOST_WORDINGS = 3
_MOST_DENIED = 2
_QUANTITIES = ("sum", "wait", "crowd")
TONES = ("tone negative", "tone neutral")


class SignRows(NamedTuple):
    """The signs of many texts, a row for each.

    ``sign`` is a place in ``sign_names()``; the signs of each text stand in the order in which
    they are added up.
    """

    text: Integers
    sign: Integers
    value: NDArray[np.float64]


@cache
def sign_names() -> tuple[str, ...]:
    """Return the names of all signs there are."""
    groups = default_lexicon().groups
    rules = [name for level in RULES.values() for name in level]
    return (
        *(f"stance {name}" for name in PARTS),
        "stance",
        *(f"cue {group}" for group in groups),
        *(f"denied {group}" for group in groups),
        *TONES,
        *(f"rule {name}" for name in rules),
        *(f"level {level}" for level in dict.fromkeys(name[0] for name in rules)),
        "level none",
        *(f"{size} {name}" for name in _QUANTITIES for size in ("some", "large")),
    )


@cache
def sign_number(name: str) -> int:
    """Return the place of a sign in ``sign_names()``."""
    return sign_names().index(name)


def cue_signs(readings: Readings) -> SignRows:
    """Return how many wordings of each group of cues are in force (at most 3) or denied (2)."""
    some, denied = readings.tally, readings.denied_tally
    first, groups = sign_number("stance") + 1, len(default_lexicon().groups)
    return SignRows(
        np.concatenate((some.text, denied.text)),
        np.concatenate((first + some.group, first + groups + denied.group)),
        np.concatenate(
            (np.minimum(some.distinct, _MOST_WORDINGS), np.minimum(denied.cues, _MOST_DENIED))
        ).astype(np.float64),
    )


def stance_signs(readings: Readings) -> SignRows:
    """Return what each sign of the author's stance adds to the log-odds of the rules."""
    parts = contributions(readings)
    columns = [parts[name] for name in PARTS]
    whole = np.zeros(len(readings))
    for column in columns:
        whole += column
    return columns_of(0, [*columns, whole])


def columns_of(first: int, columns: Sequence[NDArray[np.float64]]) -> SignRows:
    """Return signs that every text has, a column of values each, numbered from ``first`` on."""
    size = len(columns[0])
    return SignRows(
        np.tile(np.arange(size), len(columns)),
        np.repeat(np.arange(first, first + len(columns)), size),
        np.concatenate(columns),
    )


def together(*parts: SignRows) -> SignRows:
    """Return the signs of several kinds as one."""
    return SignRows(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def chosen(rows: SignRows, texts: Sequence[int], count: int) -> SignRows:
    """Return the signs of the chosen of ``count`` texts, numbered anew in that order."""
    place = np.full(count, -1, dtype=np.int64)
    place[list(texts)] = np.arange(len(texts))
    text = place[rows.text]
    kept = np.flatnonzero(text >= 0)
    return SignRows(text[kept], rows.sign[kept], rows.value[kept])


def numbered(signs: Sequence[Signs]) -> SignRows:
    """Return the named signs of many texts as rows."""
    return SignRows(
        np.repeat(np.arange(len(signs)), list(map(len, signs))),
        np.array([sign_number(name) for one in signs for name in one], dtype=np.int64),
        np.array([value for one in signs for value in one.values()], dtype=np.float64),
    )


def named(rows: SignRows, count: int) -> list[Signs]:
    """Return the signs of each of ``count`` texts by name, without those that say nothing."""
    names = sign_names()
    found: list[Signs] = [{} for _ in range(count)]
    for text, sign, value in zip(*(column.tolist() for column in rows), strict=True):
        if value:
            found[text][names[sign]] = value
    return found


def severity_signs(reading: Reading, fired: Iterable[tuple[str, Hit]]) -> Signs:
    """Return which severity rules fired, and whether sums, waits and crowds reach their limits."""
    signs = {f"rule {name}": 1.0 for name, _ in fired}
    for level in {name[5] for name in signs} or {"none"}:
        signs[f"level {level}"] = 1.0
    for name, found, least in (
        ("sum", reading.sums, LARGE_SUM_YUAN),
        ("wait", reading.waits, LONG_WAIT_DAYS),
        ("crowd", reading.crowds, MANY_PEOPLE),
    ):
        most = max((quantity.value for quantity in found), default=0.0)
        if most:
            signs[f"some {name}"] = 1.0
            signs[f"large {name}"] = float(most >= least)
    return signs
