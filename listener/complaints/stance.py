"""Is the text a complaint: problem cues and the author's stance, added up to log-odds.

The weights were set by hand and then moved towards the best fit on texts written for this purpose.
"""

import math

from listener.complaints.lexicon import Hit
from listener.complaints.reading import LEVELS, TYPES, Reading

_BASE = -0.3
_PROBLEM = dict(zip(LEVELS, (1.0, 0.4, 0.15), strict=True))
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
_FORM_WEIGHTS = (0.0, -1.2, -3.0, -4.5)
_WEAK_SIGNS = ("personal", "negative")


# By group: its name, weight and most; whether each wording counts once.
_SIGNS = {
    **{f"stance.for.{name}": (name, *weights, False) for name, weights in _FOR.items()},
    **{f"stance.against.{name}": (name, *weights, True) for name, weights in _AGAINST.items()},
}
_NOTHING = dict.fromkeys(("base", "problem", *_FOR, *_AGAINST, *_FORMS), 0.0)
_CLEAR_SIGNS = tuple(name for name in _FOR if name not in _WEAK_SIGNS)
_EXCUSES = (*_AGAINST, *_FORMS)
_PROBLEM_OF_GROUP = {
    f"{code}.{level}": weight for code in TYPES for level, weight in _PROBLEM.items()
}


def complaint_log_odds(reading: Reading) -> float:
    """Return the log-odds that the text is a complaint; above 0 it is one."""
    return sum(_weighed(reading).values())


def contributions(reading: Reading) -> dict[str, float]:
    """Return what each sign adds to the log-odds, for explanation and tests."""
    return {name: value for name, value in _weighed(reading).items() if value}


def _weighed(reading: Reading) -> dict[str, float]:
    problem = _problem(reading)
    parts = _NOTHING | {"base": _BASE, "problem": _PROBLEM_FACTOR * problem}
    for group, hits in reading.hits.items():
        if sign := _SIGNS.get(group):
            name, weight, most, once = sign
            parts[name] = weight * min(reading.distinct(group) if once else len(hits), most)
    for group in _FORMS:
        parts[group] = _FORM_WEIGHTS[min(reading.distinct(f"stance.against.{group}"), 3)]
    _weigh_form(parts, problem)
    _weigh_irony(reading, parts, problem)
    _weigh_praise(reading, parts)
    _weigh_question(parts)
    _weigh_denial(reading, parts)
    _weigh_settled(reading, parts)
    return parts


def confidence(log_odds: float) -> float:
    """Return the probability of the verdict that ``log_odds`` leads to, 0.5 to 1."""
    return 1.0 / (1.0 + math.exp(-abs(log_odds)))


def _problem(reading: Reading) -> float:
    """Add up the cues of all types, each stretch of text once, up to a limit."""
    hits = [hit for evidence in reading.evidence.values() for hit in evidence]
    if len(hits) > 1:
        hits.sort(key=_heaviest)
    total = 0.0
    taken: list[Hit] = []
    for hit in hits:
        if total >= _PROBLEM_MOST:
            return _PROBLEM_MOST
        if not any(hit.end > other.start and hit.start < other.end for other in taken):
            taken.append(hit)
            total += _PROBLEM_OF_GROUP[hit.group]
    return min(total, _PROBLEM_MOST)


def _heaviest(hit: Hit) -> float:
    return -_PROBLEM_OF_GROUP[hit.group]


def _weigh_form(parts: dict[str, float], problem: float) -> None:
    """A text about something bought that is no praise, question or news tends to complain."""
    signs = any(map(parts.__getitem__, _CLEAR_SIGNS))
    excused = any(map(parts.__getitem__, _EXCUSES))
    if (problem >= _SOME_PROBLEM or signs) and not excused:
        parts["nothing against"] = 0.7
    if not (signs or problem >= _CLEAR_PROBLEM or parts["personal"]):
        parts["impersonal"] = -0.4
    if not problem and not signs:
        parts["nothing bought"] = -0.7
    if parts["directed"] or parts["party"]:
        parts["elsewhere"] *= 0.5


def _weigh_irony(reading: Reading, parts: dict[str, float], problem: float) -> None:
    """Thanks and admiration beside a clear problem are meant the other way round."""
    if reading.has("stance.for.irony") and (problem >= _CLEAR_PROBLEM or parts["persist"]):
        parts["irony"] = 0.8
        parts["praise"] *= 0.4


def _weigh_praise(reading: Reading, parts: dict[str, float]) -> None:
    """Denied praise is reproach; praise before a “but” hardly counts."""
    if reading.negated.get("stance.against.praise"):
        parts["denied praise"] = 1.0
    if parts["praise"] and (turn := reading.turn()):
        after = any(hit.start >= turn for hit in reading.all("stance.against.praise"))
        parts["praise"] *= 1.3 if after else 0.3


def _weigh_question(parts: dict[str, float]) -> None:
    """A reproach or an address to the company makes a question rhetorical."""
    if parts["question"] and (parts["directed"] or parts["reproach"] or parts["anger"]):
        parts["question"] *= 0.4
    if parts["question"] and parts["hypothetical"]:
        parts["hypothetical"] -= 1.0


def _weigh_denial(reading: Reading, parts: dict[str, float]) -> None:
    """A problem that is denied, or known from hearsay and not found, is none."""
    denied = sum(
        len(hits) for group, hits in reading.negated.items() if not group.startswith("stance")
    )
    parts["denied problem"] = -0.7 * min(denied, 3)
    hearsay = reading.has("stance.against.hearsay")
    unfounded = reading.has("stance.against.unfounded")
    if hearsay:
        parts["hearsay"] = -4.0 if unfounded else -2.2 if parts["praise"] else -0.8
    elif unfounded:
        parts["unfounded"] = -0.5


def _weigh_settled(reading: Reading, parts: dict[str, float]) -> None:
    """A problem put right with a satisfied ending is none; a bitter ending leaves it one."""
    if reading.has("stance.against.resolved") and not reading.has("stance.against.bitter"):
        parts["settled"] = -3.6 if parts["praise"] else -1.0
