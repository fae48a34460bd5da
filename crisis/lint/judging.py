"""What the sentence judge says of one statement: more findings, cues it does not believe, parts.

It stands beside the rules: they speak first, and the judge reads only clauses in which they found
nothing. The conditions under which a rule holds (no day, no proof, before care) hold for it too.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise

from crisis.lint.finding import WHOLE, Hit, Level, Span
from crisis.lint.judge import FAULTS, HEADS, Floats, classes, shipped_judge
from crisis.lint.posture import rule_of_denial
from crisis.lint.reading import Reading
from crisis.lint.rules import rules
from crisis.lint.times import has_time
from crisis.lint.wording import (
    is_aimed_at_reposts,
    is_denial,
    is_praise_in_place,
    takes_its_share,
)

# An apology is half of one by what stands beside it: a condition, a regret, somebody's feelings.
_HALF = frozenset({"condition", "some", "regret", "bear", "misread"})
_SORRY = re.compile(
    "歉|对不[起住]|不好意思|谅|遗憾|惋惜|可惜|海涵|包[涵容]|担待|理解|难过|往心里|sorry|apolog|"
    "regret|forgive|understanding|sadden|unfortunate|shame|disappoint|offence|feel bad|intent|"
    "bear with|feelings"
)
_NO_GUESS = re.compile(
    "(?:不|没有|未)(?:会|去|作|做|能|再)?(?:猜|推测|揣测|推断)|speculat|no guess"
)
_REFUSES = re.compile("不会|不要|勿|别(?!的)|不需|无需|不必|never|not |don't|without|no need")
_PRICE = re.compile("满|减|折|半价|券|低至|直降|off|discount|price")
_REMEDIES = ("parts.remedy", "posture.words.compensation")
_HEADING = re.compile(r"【[^】]*】|\[[^\]]*\]")
# The cues of the rules that have a file of their own, and what clears them.
_GROUPS = {
    "blame-third-party": ("posture.third-party.hit", "posture.third-party.except"),
    "unproven-denial": ("posture.denial.hit", "posture.denial.except"),
    "absolute-word": ("absolute.absolute-word.hit", "absolute.absolute-word.except"),
    "undated-promise": ("promises.soon", "promises.past"),
    "unknown-asserted": ("flags.cause_guess", "flags.cause_guess_not"),
}
# Whoever says what they do not do, do not promise or take back, does not do it.
_DENIES = re.compile(
    "我们(?:不会|撤回|收回)|本公司(?:不会|撤回)|不敢(?:保证|说)|不能保证|无法保证|不作评价|不评价|"
    "不是(?:小事|炒作|个人行为)|应(?:该)?由我[们司]|无论.{0,12}都是我们|"
    "not a small|cannot promise|can't promise|have been sued|we will never ask|we withdraw"
)
SHORTEST = 4
SHORTEST_ENGLISH = 10
# A passage that is mostly quotation is not the company's own.
_MOSTLY = 0.6
_LONG_TEXT = 60  # clauses beyond which pairs of clauses are not read any more
# Parts that the judge may find where no cue did; the others are matters of form.
_JUDGED_PARTS = frozenset({"event", "care", "checking", "action", "remedy"})


# To have heard of something is not yet to have done something about it.
_ONLY_HEARD = re.compile(
    "(?:我们|我司|公司|本公司)?(?:已经?|均已|都已?)?(?:收到|接到|看到|注意到|关注到|留意到|获悉|知悉|了解到)"
    "[^,;:]{0,16}"
)


def judged(reading: Reading, kept: Sequence[Hit]) -> Iterator[Hit]:
    """Yield what the judge finds in clauses about which no finding of ``kept`` speaks."""
    no_denial = any(hit.rule == "ladder-lowered" for hit in kept)
    taken = [hit for hit in kept if hit.span != WHOLE]
    for sentence in reading.sentences:
        if sentence == reading.title:
            continue
        said = {hit.rule for hit in taken if hit.span.overlaps(sentence)}
        free = [
            clause
            for clause in _clauses(reading, sentence)
            if not any(hit.span.overlaps(clause) for hit in taken)
        ]
        for hit in _best(reading, free):
            rule = hit.rule
            if rule == "unproven-denial":
                rule = "" if no_denial else rule_of_denial(reading, hit.span)
            if rule and rule not in said and _may_hold(reading, rule, hit.span):
                said.add(rule)
                yield hit._replace(rule=rule)


def _may_hold(reading: Reading, rule: str, place: Span) -> bool:
    """Say whether the circumstances are given, and no longer cue clears all that the rule saw."""
    hit, clears = _GROUPS.get(rule, (f"wording.{rule}.hit", f"wording.{rule}.except"))
    if reading.has(hit, place):
        if not any(span.overlaps(place) for span in reading.kept(hit, clears)):
            return False
    elif _DENIES.search(reading.of(place)):
        return False
    return rule not in _HOLDS or _HOLDS[rule](reading, place)


def is_disbelieved(reading: Reading, hit: Hit) -> bool:
    """Say whether the judge is sure that a cue of this rule means something else here.

    Asked only of what blocks: a warning costs a look.
    """
    if hit.rule not in FAULTS or rules()[hit.rule].level is not Level.ERROR:
        return False
    limit = shipped_judge().clears[hit.rule]
    column = HEADS.index(hit.rule)
    places = (reading.clause_at(hit.span), reading.sentence_at(hit.span))
    return all(_scores(reading, place)[column] < limit for place in places)


def is_part_found(reading: Reading, part: str) -> bool:
    """Say whether some sentence or clause is like those that fill ``part``."""
    if part == "root-cause":
        return _is_like(reading, "root-cause") and _is_like(reading, "prevention")
    return part in _JUDGED_PARTS and _is_like(reading, part)


def _is_like(reading: Reading, part: str) -> bool:
    least = shipped_judge().finds[part]
    column = HEADS.index(part)
    return any(
        _scores(reading, place)[column] >= least
        for sentence in reading.sentences
        for place in {sentence, *_clauses(reading, sentence)}
        if sentence != reading.title
        and _is_own(reading, place)
        and not (part == "action" and _ONLY_HEARD.fullmatch(reading.of(place).strip("。. \n")))
    )


def _scores(reading: Reading, place: Span) -> Floats:
    known = reading.judgements
    if place not in known:
        known[place] = shipped_judge().scores(reading.window(place))
    return known[place]


def _clauses(reading: Reading, sentence: Span) -> list[Span]:
    return [clause for clause in reading.clauses if clause.within(sentence)]


def _best(reading: Reading, free: Sequence[Span]) -> list[Hit]:
    """Return the clearest findings in the free clauses of a sentence, none over another."""
    found = []
    for place in _places(reading, free):
        if not _is_own(reading, place) or _HEADING.fullmatch(reading.of(place)):
            continue
        scores = _scores(reading, place)[: len(FAULTS)]
        column = int(scores.argmax())
        margin = float(scores[column]) - shipped_judge().finds[FAULTS[column]]
        if margin >= 0:
            found.append((-margin, place, FAULTS[column]))
    chosen: list[Hit] = []
    for _, place, rule in sorted(found):
        if not any(place.overlaps(hit.span) for hit in chosen):
            like = shipped_judge().evidence(reading.window(place), rule)
            span = _without_stop(reading, place)
            words = reading.text[span.start : span.end]
            chosen.append(Hit(rule, span, words, tuple(like)))
    return chosen


def _places(reading: Reading, free: Sequence[Span]) -> Iterator[Span]:
    """Yield clauses, pairs of neighbours, and the whole run of free clauses of a sentence."""
    least = SHORTEST_ENGLISH if reading.statement.lang == "en" else SHORTEST
    places = list(free)
    if len(reading.clauses) <= _LONG_TEXT:
        places += [
            Span(one.start, other.end)
            for one, other in pairwise(free)
            if other.start - one.end <= 1
        ]
    if len(free) > 2 and not any(other.start - one.end > 1 for one, other in pairwise(free)):
        places.append(Span(free[0].start, free[-1].end))
    yield from (place for place in dict.fromkeys(places) if place.end - place.start >= least)


def _is_own(reading: Reading, place: Span) -> bool:
    foreign = sum(
        max(0, min(place.end, other.end) - max(place.start, other.start))
        for other in reading.foreign
    )
    return foreign < _MOSTLY * (place.end - place.start)


def _without_stop(reading: Reading, place: Span) -> Span:
    words = reading.text[place.start : place.end].rstrip(" ,，。;；.!！、:：")
    return Span(place.start, place.start + len(words))


def _has_no_day(reading: Reading, place: Span) -> bool:
    return not has_time(reading.flat, reading.sentence_at(place))


def _is_half_apology(reading: Reading, place: Span) -> bool:
    """Say whether somebody says sorry, and not for something they name."""
    sentence = reading.sentence_at(place)
    named = reading.kept("posture.words.admission", "posture.denial.hit")
    return (
        bool(_SORRY.search(reading.of(sentence)))  # "if you feel unwell" is advice
        and not any(span.within(sentence) for span in named)
        and not _HALF.isdisjoint(classes(reading.window(place).words))
    )


def _asks_for_secret(reading: Reading, place: Span) -> bool:
    words = reading.window(place).words
    return {"ask", "secret"} <= set(classes(words)) and not _REFUSES.search(words)


def _sells(reading: Reading, place: Span) -> bool:
    if reading.statement.crisis == "C06" and _PRICE.search(reading.of(place)):
        return False
    return not any(reading.has(group, reading.sentence_at(place)) for group in _REMEDIES)


def _threatens(reading: Reading, place: Span) -> bool:
    return reading.statement.kind != "correction" or is_aimed_at_reposts(reading, place)


def _promises(reading: Reading, place: Span) -> bool:
    sure = {"never", "vow"} & set(classes(reading.window(place).words))
    return bool(sure) and not is_denial(reading.of(place))


def _belittles(reading: Reading, _: Span) -> bool:
    """Say whether somebody without the proof in hand tells people that it is nothing."""
    is_rumour = reading.statement.crisis == "C09" or reading.statement.kind == "correction"
    return not (is_rumour and reading.has("posture.words.evidence"))


def _guesses(reading: Reading, place: Span) -> bool:
    return not _NO_GUESS.search(reading.of(reading.sentence_at(place))) and not reading.has(
        "parts.data_types", place
    )


# The circumstances of a rule, asked where its wording was found.
_HOLDS: Mapping[str, Callable[[Reading, Span], bool]] = {
    "undated-promise": _has_no_day,
    "non-apology": _is_half_apology,
    "secret-request": _asks_for_secret,
    "promotion-mix": _sells,
    "legal-threat": _threatens,
    "unfair-term": lambda reading, _: reading.statement.kind != "internal",
    "over-promise": _promises,
    "belittling-phrase": _belittles,
    "blame-third-party": lambda reading, _: not takes_its_share(reading),
    "self-praise": is_praise_in_place,
    "unknown-asserted": _guesses,
}
