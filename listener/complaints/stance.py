"""Is the text a complaint: problem cues and the author's stance, added up to log-odds.

The weights were set by hand and then moved towards the best fit on texts written for this purpose.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from listener.complaints.following import Flags
from listener.complaints.lexicon import Integers
from listener.complaints.reading import last_turn
from listener.complaints.readings import Readings

Floats = NDArray[np.float64]

_BASE = -0.3
_PROBLEM_WEIGHTS = np.array((1.0, 0.4, 0.15))  # by level: strong, cue, topic
_PROBLEM_MOST = 3.0
_PROBLEM_FACTOR = 1.3
_SOME_PROBLEM = 0.4
_CLEAR_PROBLEM = 1.0
# Log-odds of one cue of each stance group, and how many cues of it count.
_FOR = {
    "directed": (1.2, 1),
    "party": (0.4, 2),
    "contrast": (0.7, 2),
    "persist": (0.6, 2),
    "refusal": (0.8, 2),
    "reproach": (1.0, 2),
    "anger": (0.6, 2),
    "grievance": (0.6, 3),
    "narrative": (0.2, 4),
    "threat": (0.8, 1),
    "loss": (0.6, 2),
    "personal": (0.25, 2),
    "negative": (0.15, 3),
}
_AGAINST = {
    "praise": (-1.5, 3),
    "question": (-1.7, 2),
    "hypothetical": (-0.6, 1),
    "joke": (-1.0, 2),
    "fiction": (-2.6, 2),
    "elsewhere": (-0.7, 2),
    "official": (-2.4, 2),
    "selfblame": (-3.5, 1),
    "neutral": (-0.8, 2),
}
# One word of news or selling stands in complaints too; several make the form of the text.
_FORMS = ("news", "advert")
_FORM_WEIGHTS = np.array((0.0, -1.2, -3.0, -4.5))
_WEAK_SIGNS = ("personal", "negative")
_CLEAR_SIGNS = tuple(name for name in _FOR if name not in _WEAK_SIGNS)
_EXCUSES = (*_AGAINST, *_FORMS)
PARTS = (
    *("base", "problem", *_FOR, *_AGAINST, *_FORMS),
    *("nothing against", "impersonal", "nothing bought", "irony", "denied praise"),
    *("denied problem", "hearsay", "unfounded", "settled"),
)
"""The names of all contributions, in the order in which they are added up."""


def contributions(readings: Readings) -> dict[str, Floats]:
    """Return what each sign adds to the log-odds of each text that it complains."""
    problem = _problem(readings)
    parts = {"base": np.full(len(readings), _BASE), "problem": _PROBLEM_FACTOR * problem}
    for name, (weight, most) in _FOR.items():
        parts[name] = weight * np.minimum(readings.count(f"stance.for.{name}"), most)
    for name, (weight, most) in _AGAINST.items():
        parts[name] = weight * np.minimum(readings.distinct(f"stance.against.{name}"), most)
    for name in _FORMS:
        parts[name] = _FORM_WEIGHTS[np.minimum(readings.distinct(f"stance.against.{name}"), 3)]
    _weigh_form(parts, problem)
    _weigh_irony(readings, parts, problem)
    _weigh_praise(readings, parts)
    _weigh_question(parts)
    _weigh_denial(readings, parts)
    _weigh_settled(readings, parts)
    return parts


def confidence(log_odds: float) -> float:
    """Return the probability of the verdict that ``log_odds`` leads to, 0.5 to 1."""
    return 1.0 / (1.0 + math.exp(-abs(log_odds)))


def _problem(readings: Readings) -> Floats:
    """Add up the cues of all types, each stretch of text once, up to a limit."""
    evidence = readings.evidence
    total = np.zeros(len(readings))
    heaviest = np.lexsort((evidence.level, evidence.text))
    text, start, end = (part[heaviest] for part in (evidence.text, evidence.start, evidence.end))
    apart = _apart(text, start, end)
    np.add.at(total, text[apart], _PROBLEM_WEIGHTS[evidence.level[heaviest[apart]]])
    return np.minimum(total, _PROBLEM_MOST)


def _apart(text: Integers, start: Integers, end: Integers) -> Flags:
    """Say which stretches overlap none before them that is kept; those of a text stand together.

    Positions are those in all texts joined.
    """
    kept = np.ones(len(text), dtype=np.bool_)
    order = np.argsort(start)
    reached = np.maximum.accumulate(end[order])
    touching = np.flatnonzero(start[order][1:] < reached[:-1])
    doubtful = np.flatnonzero(np.isin(text, text[order[touching + 1]]))
    taken: list[tuple[int, int]] = []
    of = -1
    for row, index, first, last in zip(
        *(part.tolist() for part in (doubtful, text[doubtful], start[doubtful], end[doubtful])),
        strict=True,
    ):
        if index != of:
            of, taken = index, []
        if any(last > other and first < end_of_other for other, end_of_other in taken):
            kept[row] = False
        else:
            taken.append((first, last))
    return kept


def _any(parts: dict[str, Floats], names: Sequence[str]) -> Flags:
    """Say for which texts one of the parts is not 0."""
    found: Flags = parts[names[0]] != 0
    for name in names[1:]:
        found |= parts[name] != 0
    return found


def _where(mask: Flags, value: float) -> Floats:
    """Return ``value`` where the mask says so, else 0."""
    return np.where(mask, value, 0.0)


def _weigh_form(parts: dict[str, Floats], problem: Floats) -> None:
    """A text about something bought that is no praise, question or news tends to complain."""
    signs, excused = _any(parts, _CLEAR_SIGNS), _any(parts, _EXCUSES)
    parts["nothing against"] = _where(((problem >= _SOME_PROBLEM) | signs) & ~excused, 0.7)
    personal = parts["personal"] != 0
    parts["impersonal"] = _where(~(signs | (problem >= _CLEAR_PROBLEM) | personal), -0.4)
    parts["nothing bought"] = _where((problem == 0) & ~signs, -0.7)
    parts["elsewhere"][_any(parts, ("directed", "party"))] *= 0.5


def _weigh_irony(readings: Readings, parts: dict[str, Floats], problem: Floats) -> None:
    """Thanks and admiration beside a clear problem are meant the other way round."""
    troubled = (problem >= _CLEAR_PROBLEM) | (parts["persist"] != 0)
    ironic = (readings.count("stance.for.irony") > 0) & troubled
    parts["irony"] = _where(ironic, 0.8)
    parts["praise"][ironic] *= 0.4


def _weigh_praise(readings: Readings, parts: dict[str, Floats]) -> None:
    """Denied praise is reproach; praise before a “but” hardly counts."""
    parts["denied praise"] = _where(readings.count_denied("stance.against.praise") > 0, 1.0)
    praise, last = parts["praise"], readings.last("stance.against.praise")
    for index in np.flatnonzero(praise).tolist():
        if turn := last_turn(readings.texts[index]):
            praise[index] *= 1.3 if last[index] >= turn else 0.3


def _weigh_question(parts: dict[str, Floats]) -> None:
    """A reproach or an address to the company makes a question rhetorical."""
    parts["question"][_any(parts, ("directed", "reproach", "anger"))] *= 0.4
    parts["hypothetical"][(parts["question"] != 0) & (parts["hypothetical"] != 0)] -= 1.0


def _weigh_denial(readings: Readings, parts: dict[str, Floats]) -> None:
    """A problem that is denied, or known from hearsay and not found, is none."""
    parts["denied problem"] = -0.7 * np.minimum(readings.denied_problems(), 3)
    hearsay = readings.count("stance.against.hearsay") > 0
    unfounded = readings.count("stance.against.unfounded") > 0
    heard = np.where(unfounded, -4.0, np.where(parts["praise"] != 0, -2.2, -0.8))
    parts["hearsay"] = np.where(hearsay, heard, 0.0)
    parts["unfounded"] = _where(unfounded & ~hearsay, -0.5)


def _weigh_settled(readings: Readings, parts: dict[str, Floats]) -> None:
    """A problem put right with a satisfied ending is none; a bitter ending leaves it one."""
    resolved = readings.count("stance.against.resolved") > 0
    bitter = readings.count("stance.against.bitter") > 0
    worth = np.where(parts["praise"] != 0, -3.6, -1.0)
    parts["settled"] = np.where(resolved & ~bitter, worth, 0.0)
