"""The small language in which cue words are written, compiled to regular expressions.

``{a|b|}`` is one of several pieces (the last one here is empty), ``…`` is a gap of at most
``GAP`` characters inside one clause (``LATIN_GAP`` after a Latin beginning), ``$`` at the end is
the end of a clause. Everything else stands for itself after folding.
"""

import re
from collections.abc import Iterator
from functools import cache

GAP_MARK = "…"
END_MARK = "$"
HEAD = 3
GAP = 6
LATIN_GAP = 30
_CLAUSE_END = ",。!?;\n"
_META = re.compile(r"\{[^{}]*\}|…|\$$")

Token = str | tuple[str, ...]


class Pattern:
    """One compiled entry: ``literal`` is compared, an empty one means a regular expression."""

    __slots__ = ("_expression", "_match", "ends_latin", "literal")

    def __init__(self, literal: str, expression: str, *, ends_latin: bool) -> None:
        self.literal = literal
        self.ends_latin = ends_latin
        self._expression = expression
        self._match: re.Pattern[str] | None = None

    def end_of_match(self, text: str, start: int) -> int:
        """Return where the entry that begins at ``start`` ends in ``text``, or -1."""
        if self.literal:
            if not text.startswith(self.literal, start):
                return -1
            end = start + len(self.literal)
            return -1 if self.ends_latin and cuts_word(text, end) else end
        if self._match is None:
            self._match = _compiled(self._expression)
        found = self._match.match(text, start)
        return found.end() if found else -1


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
    tokens = list(_tokens(source))
    heads = _heads(tokens)
    if any(token in ("{", "}", "|") for token in tokens):
        raise ValueError(f"cue {source!r}: braces must be closed and not nested")
    if not heads or "" in heads:
        raise ValueError(f"cue {source!r}: must begin with a character, not with a gap")
    if all(isinstance(token, str) and token not in (GAP_MARK, END_MARK) for token in tokens):
        return Pattern(source, "", ends_latin=is_latin(source[-1])), frozenset(heads)
    begins_latin = any(map(is_latin, (head[0] for head in heads)))
    gap = (
        f"[^{_CLAUSE_END}.]{{0,{LATIN_GAP}}}?" if begins_latin else f"[^{_CLAUSE_END}]{{0,{GAP}}}?"
    )
    word_end = r"(?:(?<![a-z])|(?![a-z]))"
    expression = "".join(_expression(token, gap) for token in tokens) + word_end
    return Pattern("", expression, ends_latin=True), frozenset(heads)


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
    longest_first = sorted(set(token), key=lambda piece: (-len(piece), piece))
    return f"(?:{'|'.join(_piece(piece, gap) for piece in longest_first)})"


def _piece(piece: str, gap: str) -> str:
    if piece == END_MARK:
        return rf"(?=[{_CLAUSE_END}]|\Z)"
    return gap.join(map(re.escape, piece.split(GAP_MARK)))


def _heads(tokens: list[Token]) -> set[str]:
    """Return the first ``HEAD`` characters of all the tokens can match, fewer before a gap."""
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
                head_now = (head + before_gap)[:HEAD]
                (finished if after_gap or len(head_now) == HEAD else longer).add(head_now)
        growing = longer
        if not growing:
            break
    return growing | finished
