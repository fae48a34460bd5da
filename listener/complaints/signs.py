"""What the rules found in one text, as named numbers for the learned heads.

Whether a text complains is judged from cues and stance alone; only complaints pay for the severity
rules and for reading quantities.
"""

from collections.abc import Iterable

from listener.complaints.lexicon import Hit
from listener.complaints.quantities import people_counted, sums_of_money, waiting_days
from listener.complaints.reading import Reading
from listener.complaints.severity import LARGE_SUM_YUAN, LONG_WAIT_DAYS, MANY_PEOPLE
from listener.complaints.stance import contributions

Signs = dict[str, float]

_MOST_WORDINGS = 3
_MOST_DENIED = 2


def cue_signs(reading: Reading) -> Signs:
    """Return how many wordings of each group of cues are in force (at most 3) or denied (2)."""
    signs = {
        f"cue {group}": float(min(reading.distinct(group), _MOST_WORDINGS))
        for group in reading.hits
    }
    for group, hits in reading.negated.items():
        signs[f"denied {group}"] = float(min(len(hits), _MOST_DENIED))
    return signs


def stance_signs(reading: Reading) -> Signs:
    """Return what each sign of the author's stance adds to the log-odds of the rules."""
    return _stance(reading) if reading.hits or reading.negated else dict(_SILENT)


def _stance(reading: Reading) -> Signs:
    parts = contributions(reading)
    signs = {f"stance {name}": value for name, value in parts.items()}
    signs["stance"] = sum(parts.values())
    return signs


# What the stance of a text without any cue adds; it is read for every text of a busy feed.
_SILENT = _stance(Reading("", None, "", None, {}, {}, {}))


def severity_signs(reading: Reading, fired: Iterable[tuple[str, Hit]]) -> Signs:
    """Return which severity rules fired, and whether sums, waits and crowds reach their limits."""
    signs = {f"rule {name}": 1.0 for name, _ in fired}
    for level in {name[0] for name, _ in fired} or {"none"}:
        signs[f"level {level}"] = 1.0
    text = reading.text
    for name, found, least in (
        ("sum", sums_of_money(text, local=reading.yuan), LARGE_SUM_YUAN),
        ("wait", waiting_days(text), LONG_WAIT_DAYS),
        ("crowd", people_counted(text), MANY_PEOPLE),
    ):
        most = max((quantity.value for quantity in found), default=0.0)
        if most:
            signs[f"some {name}"] = 1.0
            signs[f"large {name}"] = float(most >= least)
    return signs
