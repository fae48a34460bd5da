"""Check one statement: run every family of rules, keep one finding for each phrase, word it."""

from collections.abc import Callable, Iterator

from crisis.lint.anatomy import missing_parts
from crisis.lint.consistency import contradictions
from crisis.lint.finding import WHOLE, Finding, Hit
from crisis.lint.form import form
from crisis.lint.judging import is_disbelieved, judged
from crisis.lint.legal import legal_triggers
from crisis.lint.numbers import unsourced_numbers
from crisis.lint.posture import posture
from crisis.lint.privacy import personal_data
from crisis.lint.promises import guessed_causes, promises
from crisis.lint.reading import Reading
from crisis.lint.rules import rules
from crisis.lint.scripts import scripts
from crisis.lint.sheet import against_sheet
from crisis.lint.statement import StatementToCheck
from crisis.lint.wording import third_parties, wording

# In order of how specific they are: of two findings on one phrase the first one stays.
_FAMILIES: tuple[Callable[[Reading], Iterator[Hit]], ...] = (
    form,
    personal_data,
    against_sheet,
    contradictions,
    posture,
    wording,
    guessed_causes,
    third_parties,
    promises,
    unsourced_numbers,
    scripts,
)
# What these find by a cue word alone the sentence judge may not believe.
_BY_CUES = frozenset({posture, wording, guessed_causes, third_parties, promises})
# Rules about a whole line or about single characters say nothing against another finding there.
_BESIDE = frozenset(
    {"rumour-in-title", "form-mismatch", "emoji-use", "mixed-script", "regional-vocabulary"}
)


def lint_statement(statement: StatementToCheck, *, shown_in: str | None = None) -> list[Finding]:
    """Return everything to change, ask about or know before this statement goes out.

    Pure: no I/O besides reading the rules once. Findings come in order of their place, those on
    the whole text first. ``shown_in`` is the language of the messages (zh-CN, zh-TW, en); by
    default that of the statement.
    """
    reading = Reading(statement)
    hits: list[Hit] = list(missing_parts(reading))
    kept: list[Hit] = []
    for family in _FAMILIES:
        for hit in family(reading):
            if not _is_said(hit, kept) and (
                family not in _BY_CUES or not is_disbelieved(reading, hit)
            ):
                kept.append(hit)
    kept += judged(reading, [hit for hit in kept if hit.rule not in _BESIDE])
    kept += hits
    kept += legal_triggers(reading)
    ordered = sorted(dict.fromkeys(kept), key=lambda hit: (hit.span != WHOLE, hit.span, hit.rule))
    return [_worded(hit, statement, shown_in or statement.lang) for hit in ordered]


def _is_said(hit: Hit, kept: list[Hit]) -> bool:
    """Say whether a more specific finding already covers this phrase."""
    if hit.span == WHOLE or hit.rule in _BESIDE:
        return False
    return any(
        other.span.overlaps(hit.span)
        for other in kept
        if other.span != WHOLE and other.rule not in _BESIDE
    )


_LIKENESS = {
    "zh-CN": ("（与同类说法相近：{}）", "、", "“{}”"),
    "zh-TW": ("（與同類說法相近：{}）", "、", "「{}」"),
    "en": (" (it reads like others of its kind: {})", ", ", "“{}”"),
}


def _likeness(hit: Hit, lang: str) -> str:
    """Return why the sentence judge found it; empty where a rule did."""
    if not hit.like:
        return ""
    frame, comma, quotes = _LIKENESS[lang]
    return frame.format(comma.join(quotes.format(words) for words in hit.like))


def _worded(hit: Hit, statement: StatementToCheck, lang: str) -> Finding:
    rule = rules()[hit.rule]
    start, end = hit.span
    detail = hit.detail or statement.text[start:end]
    return Finding(
        rule=rule.code,
        level=rule.level,
        start=start,
        end=end,
        text=statement.text[start:end],
        message=rule.messages[lang].replace("{detail}", detail) + _likeness(hit, lang),
        suggestion=rule.suggestions[lang].replace("{detail}", detail),
        law=hit.detail if hit.rule == "legal-review" else rule.law,
    )
