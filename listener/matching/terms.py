"""One term of a query or of a brand, compiled: where it occurs in folded text.

The rules are those of ``docs/queries.md``. A term is found in two steps: its ``anchor`` has to
occur in the squeezed text, then its pattern decides. A handle or topic has no pattern; it is
compared with the handles and topics of the text.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from listener.errors import QueryError
from listener.matching.chars import (
    CJK,
    DIGIT,
    LETTER,
    SEPARATOR,
    SEPARATOR_OR_EMOJI,
    WORD,
    Kind,
    has_emoji,
    is_findable,
    kind_of,
    squeeze,
)
from listener.matching.regular import compile_regular
from listener.text.fold import fold_with_offsets

MAX_TERM_CHARS = 200
LEAST_BEFORE_STAR = 2

_ANY = f"[{CJK}{LETTER}{DIGIT}]"
_MIXED = ({Kind.LETTER, Kind.DIGIT}, {Kind.CJK})
_HANDLE = re.compile(r"[\w-]+")


class TermKind(StrEnum):
    """How a term is looked for."""

    PLAIN = "plain"
    PHRASE = "phrase"
    HANDLE = "handle"
    TOPIC = "topic"
    REGULAR = "regular"


@dataclass(frozen=True)
class Term:
    """A checked term.

    ``text`` is what the admin wrote, ``wanted`` the source of its pattern, or the folded name of
    a handle or topic. Without an ``anchor`` the term has to be looked for in every text;
    ``is_anchor_plain`` says that the anchor stands in the folded text rather than in the squeezed
    one. A term that ``has_emoji`` is looked for in text whose emoji are not marked.
    """

    kind: TermKind
    text: str
    wanted: str
    anchor: str
    is_anchor_plain: bool = False
    has_emoji: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """What is equal for terms that find the same."""
        return self.kind, self.wanted

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The compiled pattern; most terms never turn up, so this waits until one does."""
        return re.compile(self.wanted)


@dataclass(frozen=True, slots=True)
class _Gaps:
    """Patterns of what may stand between two characters of a term."""

    some: str
    every: str
    at_wildcard: str

    @classmethod
    def of(cls, separator: str) -> "_Gaps":
        every = f"{separator}{{1,2}}"
        # Around a wildcard the gap depends on what the wildcard stands for.
        at_wildcard = (
            f"(?:(?<=[{CJK}]){every}(?=[{CJK}])|(?<=[{LETTER}]){every}(?=[{DIGIT}])"
            f"|(?<=[{DIGIT}]){every}(?=[{LETTER}]))?"
        )
        return cls(f"{separator}{{0,2}}", every, at_wildcard)

    def between(self, left: Kind, right: Kind) -> str:
        if Kind.ANY in (left, right):
            return self.at_wildcard
        return self.some if {left, right} in _MIXED else ""


_GAPS, _GAPS_OR_EMOJI = _Gaps.of(SEPARATOR), _Gaps.of(SEPARATOR_OR_EMOJI)


@dataclass(frozen=True, slots=True)
class Hit:
    """One occurrence of a term: half-open code points of the field as given."""

    term: str
    start: int
    end: int
    field: str


def compile_entry(entry: str) -> Term:
    """Compile one entry of a brand's list: a term, ``"phrase"``, ``@handle`` or ``#topic#``.

    Raises ``QueryError`` with the column inside the entry.
    """
    quoted = entry.strip()
    if len(quoted) > 1 and quoted[0] in QUOTES and quoted[-1] in QUOTES:
        return compile_term(quoted[1:-1], is_phrase=True)
    return compile_term(entry)


QUOTES = '"“”„‟＂「」『』｢｣'
"""Quotation marks that enclose a phrase; all of them are alike."""


def compile_term(text: str, *, is_phrase: bool = False, column: int = 1) -> Term:
    """Compile a term or phrase that stands at ``column`` of its query.

    Raises ``QueryError`` for one that can match nothing or holds a misplaced wildcard.
    """
    if len(text) > MAX_TERM_CHARS:
        raise QueryError(
            f"this term is longer than {MAX_TERM_CHARS} characters; shorten it", column=column
        )
    folded = fold_with_offsets(text)
    trimmed = folded.text.strip()
    if not is_findable(trimmed):
        raise QueryError(
            f"'{text}' has no letter, digit, Chinese character or emoji to look for; remove it",
            column=column,
        )
    if trimmed.startswith("@") and (not is_phrase or _HANDLE.fullmatch(trimmed[1:])):
        return _handle(text, trimmed[1:], column)
    if is_phrase:
        return _contiguous(text, trimmed)
    if trimmed.startswith("#"):
        return _topic(text, trimmed, column)
    starts = folded.starts[folded.text.index(trimmed) :]
    return _plain(text, trimmed, [column + start for start in starts])


def compile_regular_term(text: str, *, column: int) -> Term:
    """Compile the inside of ``/…/``; it is looked for in every text."""
    return Term(TermKind.REGULAR, f"/{text}/", compile_regular(text, column=column).pattern, "")


def _handle(text: str, name: str, column: int) -> Term:
    if not _HANDLE.fullmatch(name):
        raise QueryError(
            f"'{text}' is no handle: after @ come letters, digits, _, - or Chinese characters",
            column=column,
        )
    return Term(TermKind.HANDLE, text, name, *_anchor(name))


def _topic(text: str, folded: str, column: int) -> Term:
    name = folded[1:].removesuffix("#").strip()
    if "#" in name or not is_findable(name):
        raise QueryError(f"'{text}' is no topic; write one name between # and #", column=column)
    return Term(TermKind.TOPIC, text, name, *_anchor(name))


def _contiguous(text: str, folded: str) -> Term:
    kinds = [kind_of(char) for char in folded]
    body = "".join(map(_literal, folded, kinds))
    pattern = _bounded(body, kinds[0], kinds[-1])
    anchor, is_plain = _anchor(folded)
    return Term(TermKind.PHRASE, text, pattern, anchor, is_plain, has_emoji(folded))


def _plain(text: str, folded: str, columns: list[int]) -> Term:
    has_star = folded.endswith("*")
    core = folded[:-1] if has_star else folded
    kinds = [Kind.ANY if char == "?" else kind_of(char) for char in core]
    _check_wildcards(core, kinds, columns, has_star=has_star)
    pieces = [
        _ANY if kind is Kind.ANY else _literal(c, kind)
        for c, kind in zip(core, kinds, strict=True)
    ]
    gaps = _GAPS_OR_EMOJI if has_emoji(core) else _GAPS
    body = pieces[0]
    for index in range(1, len(pieces)):
        body += gaps.between(kinds[index - 1], kinds[index]) + pieces[index]
    if _is_spelled(kinds):
        shown = [piece for piece, kind in zip(pieces, kinds, strict=True) if kind != Kind.SPACE]
        body = f"(?:{body}|{gaps.every.join(shown)})"
    if has_star:
        body += f"[{LETTER}{DIGIT}]*"
    pattern = _bounded(body, kinds[0], kinds[-1])
    longest = max(core.split("?"), key=lambda part: len(squeeze(part)))
    anchor, is_plain = _anchor(longest)
    return Term(TermKind.PLAIN, text, pattern, anchor, is_plain, has_emoji(core))


def _check_wildcards(core: str, kinds: list[Kind], columns: list[int], *, has_star: bool) -> None:
    if has_star and (
        len(core) < LEAST_BEFORE_STAR
        or Kind.CJK in kinds
        or Kind.LETTER not in kinds
        or kinds[-1] not in (Kind.LETTER, Kind.DIGIT)
    ):
        raise QueryError(
            "* may only end a Latin word of at least 2 characters, as in refund*; "
            "a Chinese term is found inside longer words anyway",
            column=columns[len(core)],
        )
    if "*" in core:
        raise QueryError(
            "* may only stand at the end of a Latin word; to look for the sign itself, "
            'put the term in "quotes"',
            column=columns[core.index("*")],
        )
    for index in (0, len(core) - 1):
        if kinds[index] is Kind.ANY:
            raise QueryError(
                "? stands for one character inside a term, not at its beginning or end; "
                'remove it, or put the term in "quotes" to look for the sign itself',
                column=columns[index],
            )


def _literal(char: str, kind: Kind) -> str:
    return "[ \n]" if kind is Kind.SPACE else re.escape(char)


def _is_spelled(kinds: list[Kind]) -> bool:
    """Say whether a term is Latin, so that it may be spelled with a separator in every gap."""
    allowed = (Kind.LETTER, Kind.DIGIT, Kind.SPACE, Kind.ANY)
    return len(kinds) > 1 and Kind.LETTER in kinds and all(kind in allowed for kind in kinds)


def _bounded(body: str, first: Kind, last: Kind) -> str:
    before = f"(?<![{WORD}])" if first in (Kind.LETTER, Kind.DIGIT) else ""
    after = f"(?![{WORD}])" if last in (Kind.LETTER, Kind.DIGIT) else ""
    return before + body + after


def _anchor(folded: str) -> tuple[str, bool]:
    """Return what has to occur, and whether in the folded text instead of the squeezed one."""
    squeezed = squeeze(folded)
    if len(squeezed) < 2 and len(squeezed) < len(folded) and " " not in folded:
        return folded, True
    return squeezed, False
