"""The small language in which cue words are written, compiled to regular expressions.

``{a|b|}`` is one of several pieces (the last one here is empty), ``…`` is a gap of at most
``GAP`` characters inside one clause (``LATIN_GAP`` after a Latin beginning), ``$`` at the end is
the end of a clause. Everything else stands for itself after folding.
"""

import re
import sys
from collections.abc import Iterator
from functools import cache

GAP_MARK = "…"
END_MARK = "$"
HEAD = 3
GAP = 6
LATIN_GAP = 30
CLAUSE_END = ",。!?;\n"
_MOST_WORDINGS = 300
_META = re.compile(r"\{[^{}]*\}|…|\$$")

_SIGNS = frozenset("{|}…$")  # a source without them stands for itself

Token = str | tuple[str, ...]


class Pattern:
    """One compiled entry.

    ``choices`` are all its wordings, the preferred one first, where it has neither gap nor clause
    end and not too many wordings; else it is empty and the regular ``expression`` decides.
    Wherever the entry stands, one of ``openings`` does. Behind that comes one of ``follow``, one
    or two characters, after at most ``reach`` others (``follow`` empty: it cannot be told).
    """

    __slots__ = ("_match", "choices", "expression", "follow", "openings", "reach")

    def __init__(
        self,
        choices: tuple[str, ...],
        expression: str = "",
        openings: frozenset[str] = frozenset(),
        follow: frozenset[str] = frozenset(),
        reach: int = 0,
    ) -> None:
        self.choices = choices
        self.expression = expression
        self.openings = openings or frozenset(choices)
        self.follow = follow
        self.reach = reach
        self._match: re.Pattern[str] | None = None

    @property
    def prefers_longer(self) -> bool:
        """Say whether of two wordings that stand at one place the longer one is preferred."""
        if len(self.choices) <= 1:
            return bool(self.choices)
        before: set[str] = set()
        shortest = len(self.choices[0])
        for choice in self.choices:
            length = len(choice)
            if shortest < length and any(
                choice[:end] in before for end in range(shortest, length)
            ):
                return False
            before.add(choice)
            shortest = min(shortest, length)
        return True

    def end_of_match(self, text: str, start: int, stop: int = sys.maxsize) -> int:
        """Return where the entry that begins at ``start`` ends in ``text[:stop]``, or -1."""
        if self.choices:
            return end_of_choice(self.choices, text, start)
        if self._match is None:
            self._match = _compiled(self.expression)
        found = self._match.match(text, start, stop)
        return found.end() if found else -1


def end_of_choice(choices: tuple[str, ...], text: str, start: int) -> int:
    """Return where the first of ``choices`` ends that stands at ``start``, or -1.

    None may end inside a Latin word.
    """
    for choice in choices:
        if text.startswith(choice, start):
            end = start + len(choice)
            if choice[-1] > "z" or not cuts_word(text, end):
                return end
    return -1


def is_latin(char: str) -> bool:
    """Say whether ``char`` is a folded Latin letter."""
    return "a" <= char <= "z"


def cuts_word(text: str, index: int) -> bool:
    """Say whether a Latin word runs across ``index``."""
    return 0 < index < len(text) and is_latin(text[index - 1]) and is_latin(text[index])


def parse_pattern(source: str) -> tuple[Pattern, frozenset[str]]:
    """Compile one folded entry; return it with its heads: the characters it can begin with.

    A head has ``HEAD`` characters, fewer where a gap follows. Raises ``ValueError`` for an entry
    that begins with a gap or has stray braces.
    """
    if source and _SIGNS.isdisjoint(source):
        return Pattern((source,)), frozenset((source[:HEAD],))
    tokens = list(_tokens(source))
    if any(token in ("{", "}", "|") for token in tokens):
        raise ValueError(f"cue {source!r}: braces must be closed and not nested")
    choices = _wordings(tokens)
    heads = {choice[:HEAD] for choice in choices} or _heads(tokens)
    if not heads or "" in heads:
        raise ValueError(f"cue {source!r}: must begin with a character, not with a gap")
    if choices:
        return Pattern(choices), frozenset(heads)
    begins_latin = any(map(is_latin, (head[0] for head in heads)))
    reach, inside = (LATIN_GAP, f"{CLAUSE_END}.") if begins_latin else (GAP, CLAUSE_END)
    gap = f"[^{inside}]{{0,{reach}}}?"
    word_end = r"(?:(?<![a-z])|(?![a-z]))"
    expression = "".join(_expression(token, gap) for token in tokens) + word_end
    openings, rest = _openings(tokens)
    if not openings:
        return Pattern((), expression, frozenset(heads)), frozenset(heads)
    behind_gap = rest[:1] == [GAP_MARK]
    follow = _heads(rest[1:] if behind_gap else rest, 2)
    if "" in follow:
        follow = set()
    found = Pattern((), expression, openings, frozenset(follow), reach if behind_gap else 0)
    return found, frozenset(heads)


@cache
def _compiled(expression: str) -> re.Pattern[str]:
    return re.compile(expression)


def _tokens(source: str) -> Iterator[Token]:
    position = 0
    for found in _META.finditer(source):
        yield from source[position : found.start()]
        piece = found.group()
        yield tuple(piece[1:-1].split("|")) if piece[0] == "{" else piece
        position = found.end()
    yield from source[position:]


def _expression(token: Token, gap: str) -> str:
    if not isinstance(token, tuple):
        return _piece(token, gap)
    return f"(?:{'|'.join(_piece(piece, gap) for piece in _longest_first(token))})"


def _longest_first(token: tuple[str, ...]) -> list[str]:
    return sorted(set(token), key=lambda piece: (-len(piece), piece))


def _wordings(tokens: list[Token]) -> tuple[str, ...]:
    """Return all that gapless tokens can stand for, in the order an expression would try them.

    Empty where there is a gap or the end of a clause, or where it would be too many.
    """
    wordings = [""]
    for token in tokens:
        pieces = _longest_first(token) if isinstance(token, tuple) else [token]
        if len(wordings) * len(pieces) > _MOST_WORDINGS:
            return ()
        if any(piece == END_MARK or GAP_MARK in piece for piece in pieces):
            return ()
        wordings = [wording + piece for wording in wordings for piece in pieces]
    return tuple(dict.fromkeys(wordings))


def _openings(tokens: list[Token]) -> tuple[frozenset[str], list[Token]]:
    """Return what the first tokens can stand for, as many as are plain words, and the rest."""
    openings = {""}
    for number, token in enumerate(tokens):
        pieces = token if isinstance(token, tuple) else (token,)
        is_plain = not any(piece == END_MARK or GAP_MARK in piece for piece in pieces)
        if not is_plain or len(openings) * len(pieces) > _MOST_WORDINGS:
            return frozenset(() if "" in openings else openings), tokens[number:]
        openings = {opening + piece for opening in openings for piece in pieces}
    return frozenset(openings), []


def _piece(piece: str, gap: str) -> str:
    if piece == END_MARK:
        return rf"(?=[{CLAUSE_END}]|\Z)"
    return gap.join(map(re.escape, piece.split(GAP_MARK)))


def _heads(tokens: list[Token], most: int = HEAD) -> set[str]:
    """Return the first ``most`` characters of all the tokens can match, fewer before a gap."""
    growing, finished = {""}, set()
    for token in tokens:
        choices = token if isinstance(token, tuple) else (token,)
        longer: set[str] = set()
        for head in growing:
            for choice in choices:
                if choice in (GAP_MARK, END_MARK):
                    finished.add(head)
                    continue
                before_gap, *after_gap = choice.split(GAP_MARK)
                head_now = (head + before_gap)[:most]
                (finished if after_gap or len(head_now) == most else longer).add(head_now)
        growing = longer
        if not growing:
            break
    return growing | finished
