"""Regular expressions that cannot hang: a small language whose worst case is known beforehand.

Python's ``re`` backtracks, so a careless pattern takes longer than anybody can wait. Here every
repetition is bounded, and a pattern is refused when the number of ways to match from one place,
times the length of a match, is too large. Searching is then linear in the length of the text.
"""

import re
from dataclasses import dataclass

from listener.errors import QueryError
from listener.text.fold import fold_character

MAX_CHARS = 200
MAX_REPEAT = 50
"""What ``*``, ``+`` and ``{2,}`` mean at most."""

MAX_WORK = 5_000
MAX_DEPTH = 20

_CLASSES = "dDwWsSbB"
_COUNT = re.compile(r"\{(\d{1,4})(?:(,)(\d{0,4}))?\}")


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of a pattern: how it is written, in how many ways it matches, and how long."""

    written: str
    ways: int
    shortest: int
    longest: int


def compile_regular(source: str, *, column: int = 1) -> re.Pattern[str]:
    """Compile the inside of ``/…/`` for folded text; ``column`` is where the first ``/`` stands.

    Allowed: characters, ``.``, ``[…]``, ``\\d \\w \\s \\b``, groups, ``|``, ``^ $`` and the
    repetitions ``? * + {m,n}``. Raises ``QueryError`` for anything else and for patterns that
    could take long or that match the empty text.
    """
    if len(source) > MAX_CHARS:
        raise QueryError(
            f"a regular expression has at most {MAX_CHARS} characters (got {len(source)})",
            column=column,
        )
    parser = _Parser(source, column + 1)
    part = parser.alternatives(0)
    if parser.at < len(source):
        raise parser.refused("this ) closes nothing; remove it, or write \\)")
    if part.shortest == 0:
        raise QueryError(
            "this regular expression matches the empty text, so it would match everything; "
            "make a part of it obligatory",
            column=column,
        )
    try:
        return re.compile(part.written)
    except re.error as error:
        raise QueryError(f"not a regular expression: {error.msg}", column=column) from None


class _Parser:
    def __init__(self, source: str, column: int) -> None:
        self.source = source
        self.column = column
        self.at = 0

    def refused(self, problem: str, at: int | None = None) -> QueryError:
        place = min(self.at if at is None else at, max(len(self.source) - 1, 0))
        return QueryError(problem, column=self.column + place)

    def alternatives(self, depth: int) -> _Part:
        if depth > MAX_DEPTH:
            raise self.refused(f"groups are nested more than {MAX_DEPTH} deep; simplify")
        parts = [self.sequence(depth)]
        while self.source.startswith("|", self.at):
            self.at += 1
            parts.append(self.sequence(depth))
        if len(parts) == 1:
            return parts[0]
        return self.affordable(
            _Part(
                "(?:" + "|".join(part.written for part in parts) + ")",
                sum(part.ways for part in parts),
                min(part.shortest for part in parts),
                max(part.longest for part in parts),
            ),
            self.at - 1,
        )

    def sequence(self, depth: int) -> _Part:
        whole = _Part("", 1, 0, 0)
        while self.at < len(self.source) and self.source[self.at] not in "|)":
            begin = self.at
            part = self.repeated(self.atom(depth), begin)
            whole = self.affordable(
                _Part(
                    whole.written + part.written,
                    whole.ways * part.ways,
                    whole.shortest + part.shortest,
                    whole.longest + part.longest,
                ),
                begin,
            )
        return whole

    def affordable(self, part: _Part, begin: int) -> _Part:
        if part.ways * max(part.longest, 1) > MAX_WORK:
            raise self.refused(
                "up to here there are too many ways to match, which could take very long; use "
                "fewer or shorter repetitions, such as .{0,9} for .*, or NEAR",
                begin,
            )
        return part

    def atom(self, depth: int) -> _Part:
        char = self.source[self.at]
        if char == "(":
            return self.group(depth)
        if char == "[":
            return self.char_class()
        if char == "\\":
            return self.escape()
        if char in "*+?{":
            raise self.refused(f"{char} repeats nothing here; to look for it, write \\{char}")
        self.at += 1
        if char in "^$":
            return _Part(char, 1, 0, 0)
        return _Part(char, 1, 1, 1) if char == "." else _literal(char)

    def group(self, depth: int) -> _Part:
        begin = self.at
        self.at += 1
        if self.source.startswith("?", self.at):
            if not self.source.startswith("?:", self.at):
                raise self.refused("of the special groups only (?:…) is allowed")
            self.at += 2
        inner = self.alternatives(depth + 1)
        if not self.source.startswith(")", self.at):
            raise self.refused("this ( is never closed; add ), or write \\(", begin)
        self.at += 1
        return _Part(f"(?:{inner.written})", inner.ways, inner.shortest, inner.longest)

    def escape(self) -> _Part:
        char = self.source[self.at + 1 : self.at + 2]
        if char and char in _CLASSES:
            self.at += 2
            width = 0 if char in "bB" else 1
            return _Part(f"\\{char}", 1, width, width)
        if not char or char.isalnum():
            raise self.refused(
                "after \\ may come d, w, s, b or a sign; references back are not allowed"
            )
        self.at += 2
        return _literal(char)

    def char_class(self) -> _Part:
        begin = self.at
        self.at += 1
        written = "["
        if self.source.startswith("^", self.at):
            self.at += 1
            written += "^"
        members = ""
        while not (self.source.startswith("]", self.at) and members):
            members += self.member(begin)
        self.at += 1
        return _Part(f"{written}{members}]", 1, 1, 1)

    def member(self, begin: int) -> str:
        """Read one member of a class: a character, a range, or such as ``\\d``."""
        if self.source.startswith("\\", self.at) and self.source[self.at + 1 : self.at + 2] in (
            *"dDwWsS",
        ):
            self.at += 2
            return self.source[self.at - 2 : self.at]
        low = self.class_char(begin)
        if not self.source.startswith("-", self.at) or self.source[self.at + 1 : self.at + 2] in (
            "",
            "]",
        ):
            return re.escape(low)
        self.at += 1
        high = self.class_char(begin)
        if low > high:
            raise self.refused(f"the range {low}-{high} runs backwards; turn it round", begin)
        return f"{re.escape(low)}-{re.escape(high)}"

    def class_char(self, begin: int) -> str:
        if self.source.startswith("\\", self.at):
            self.at += 1
        if self.at >= len(self.source):
            raise self.refused("this [ is never closed; add ], or write \\[", begin)
        folded = fold_character(self.source[self.at])
        if len(folded) != 1:
            raise self.refused("this character cannot stand in […]; use (…|…)")
        self.at += 1
        return folded

    def repeated(self, part: _Part, begin: int) -> _Part:
        sign = self.source[self.at : self.at + 1]
        if not sign or sign not in "?*+{":
            return part
        least, most = self.counts(sign)
        if self.source[self.at : self.at + 1] in ("?", "*", "+", "{"):
            raise self.refused("one repetition after another; put the first in a group")
        if least > most or most > MAX_REPEAT:
            raise self.refused(f"a repetition counts from less to more, at most {MAX_REPEAT}")
        ways = 0
        for count in range(least, most + 1):
            ways += part.ways**count
            if ways > MAX_WORK:
                break
        return self.affordable(
            _Part(
                f"(?:{part.written}){{{least},{most}}}",
                ways,
                part.shortest * least,
                part.longest * most,
            ),
            begin,
        )

    def counts(self, sign: str) -> tuple[int, int]:
        if sign != "{":
            self.at += 1
            return {"?": (0, 1), "*": (0, MAX_REPEAT), "+": (1, MAX_REPEAT)}[sign]
        found = _COUNT.match(self.source, self.at)
        if found is None:
            raise self.refused("{ begins a count such as {2,5}; to look for it, write \\{")
        self.at = found.end()
        least = int(found[1])
        if found[2] is None:
            return least, least
        return least, int(found[3]) if found[3] else MAX_REPEAT


def _literal(char: str) -> _Part:
    folded = fold_character(char)
    return _Part(re.escape(folded), 1, len(folded), len(folded))
