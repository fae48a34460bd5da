"""One statement read once for all checks: folded views, sentences, clauses, cues, foreign words.

All positions are code points of the text as given: both folded views have its exact length.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from crisis.lint.cues import statement_lexicon
from crisis.lint.finding import Span
from crisis.lint.judge import Window, cues_in
from crisis.lint.statement import StatementToCheck
from listener.complaints.folding import plain
from listener.text.fold import fold

# Longer than any statement of the library; what lies beyond is reported as too long.
MAX_CHARS = 5_000


class _OneToOne(dict[int, str]):
    """Folded single characters; a character that does not fold one to one stands for itself."""

    def __init__(self, *, for_cues: bool) -> None:
        super().__init__()
        self._fold = plain if for_cues else fold

    def __missing__(self, code: int) -> str:
        folded = self._fold(chr(code))
        self[code] = folded if len(folded) == 1 else chr(code)
        return self[code]


_FLAT = _OneToOne(for_cues=False)
_FOR_CUES = _OneToOne(for_cues=True)
_SENTENCE_END = re.compile(r"[。!?\n]+[”’\"')]*|(?<![a-z]\.[a-z])(?<!\bno)(?<!\bmr)\.(?=\s|\Z)")
_CLAUSE_END = re.compile(r"(?:(?<!\d)[,:]|[,:](?!\d)|[;。!?\n])|\.(?=\s|\Z)|--+|—+")
_QUOTED = re.compile(
    "“[^“”\n]{1,60}”|「[^「」\n]{1,60}」|『[^『』\n]{1,60}』|《[^《》\n]{1,60}》|"
    '(?<![\\w])"[^"\n]{1,60}"|‘[^‘’\n]{2,60}’(?!\\w)'
)
_QUESTION = re.compile(r"(?m)^\s*(?:问|q|顾客问|用户问|消费者问)\d*\s*[:.、][^\n]*")
# A block of an agent's script that lists what not to say.
_NOT_TO_SAY = re.compile(
    r"(?m)^[【\[](?:不要|不能|禁止|切勿|不可|别|请勿|避免|不说|勿|do not|"
    r"don't|never|avoid)[^】\]\n]{0,12}[】\]](?:\n(?![【\[])[^\n]*)*"
)
_SAYS = re.compile(
    "(?:顾客|消费者|用户|网友|网帖|帖文|视频中|有人|媒体|会员|客户|博主|"
    "家长|乘客|贴文|民众|报道|customers?|users?|people|posts?|some|media)"
    r"[^。,!?\n]{0,12}?(?:反映|反馈|称|质疑|认为|指责|指出|投诉|指控|"
    r"批评|抱怨|提出|担心|问|say|said|claim(?:ed)?|report(?:ed)?|complain(?:ed)?|"
    r"think|thought)"
    r"(?P<said>[^。!?\n,;]{2,60})"
)


# What clears the cues of a group that is not named ``….hit``.
_CLEARS = {
    "promises.soon": "promises.past",
    "flags.cause_guess": "flags.cause_guess_not",
    "flags.cause_state": "flags.cause_state_not",
    "parts.care": "parts.care_not",
    "parts.checking": "parts.checking_not",
}


class Reading:
    """What every check needs to know of one text."""

    def __init__(self, statement: StatementToCheck) -> None:
        self.statement = statement
        self.text = statement.text[:MAX_CHARS]
        self.flat = self.text.translate(_FLAT)
        # What the sentence judge said of a passage, so that it reads each one once.
        self.judgements: dict[Span, NDArray[np.float64]] = {}

    @cached_property
    def _for_cues(self) -> str:
        return self.text.translate(_FOR_CUES)

    @cached_property
    def _groups(self) -> dict[str, list[Span]]:
        groups: dict[str, list[Span]] = {}
        for hit in statement_lexicon().scan(self._for_cues):
            groups.setdefault(hit.group, []).append(Span(hit.start, hit.end))
        return groups

    def spans(self, group: str) -> list[Span]:
        """Return every occurrence of a cue group, in order."""
        return self._groups.get(group, [])

    def has(self, group: str, within: Span | None = None) -> bool:
        """Say whether a cue of the group stands in the text, or inside ``within``."""
        return any(within is None or span.overlaps(within) for span in self.spans(group))

    def kept(self, group: str, unless: str) -> list[Span]:
        """Return the cues of ``group`` that no cue of ``unless`` overlaps."""
        cleared = self.spans(unless)
        starts = [span.start for span in cleared]
        kept = []
        for span in self.spans(group):
            # Cues of one group do not overlap: only the last one that begins before can reach in.
            index = bisect_left(starts, span.end)
            if not index or not span.overlaps(cleared[index - 1]):
                kept.append(span)
        return kept

    @cached_property
    def _cue_names(self) -> list[tuple[Span, str]]:
        """Every cue by the name of its group, and again where nothing clears it."""
        found = [(span, name) for name, spans in self._groups.items() for span in spans]
        for name in self._groups:
            clears = _CLEARS.get(name) or name.replace(".hit", ".except")
            if clears != name:
                found += [(span, f"kept:{name}") for span in self.kept(name, clears)]
        return found

    def window(self, span: Span | None) -> Window:
        """Return what the sentence judge reads of a passage, by default of the whole text."""
        place = span or Span(0, len(self.text))
        return Window(self._for_cues[place.start : place.end], cues_in(place, self._cue_names))

    @cached_property
    def sentences(self) -> list[Span]:
        """The sentences, without the blanks between them."""
        return list(self._parts(_SENTENCE_END))

    @cached_property
    def clauses(self) -> list[Span]:
        """The clauses: what commas, colons and sentence ends divide."""
        return list(self._parts(_CLAUSE_END))

    @cached_property
    def lines(self) -> list[Span]:
        """The lines that are not blank."""
        return list(self._parts(re.compile(r"\n")))

    def _parts(self, end: re.Pattern[str]) -> Iterator[Span]:
        start = 0
        for found in end.finditer(self.flat):
            yield from self._trimmed(start, found.end())
            start = found.end()
        yield from self._trimmed(start, len(self.text))

    def _trimmed(self, start: int, end: int) -> Iterator[Span]:
        piece = self.text[start:end]
        if piece.strip():
            yield Span(start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip()))

    def sentence_at(self, span: Span) -> Span:
        """Return the sentence that holds the beginning of ``span``."""
        return _holding(self.sentences, span)

    def clause_at(self, span: Span) -> Span:
        """Return the clause that holds the beginning of ``span``."""
        return _holding(self.clauses, span)

    def of(self, span: Span) -> str:
        """Return the folded text of ``span``."""
        return self.flat[span.start : span.end]

    @cached_property
    def title(self) -> Span | None:
        """The first line, where more follow and it does not end like a sentence."""
        lines = self.lines
        if len(lines) < 2 or self.text[lines[0].end - 1] in "。.;；，,":
            return None
        return lines[0]

    @cached_property
    def quoted(self) -> list[Span]:
        """Words in quotation marks or title marks."""
        return [Span(*found.span()) for found in _QUOTED.finditer(self.text)]

    @cached_property
    def foreign(self) -> list[Span]:
        """Words that are not the company's own: quotations, questions, what others say."""
        others = [Span(*found.span()) for found in _QUESTION.finditer(self.flat)]
        others += [Span(*found.span("said")) for found in _SAYS.finditer(self.flat)]
        others += [Span(*found.span()) for found in _NOT_TO_SAY.finditer(self.flat)]
        return self.quoted + others

    def is_own(self, span: Span) -> bool:
        """Say whether the company says these words itself."""
        return not any(span.within(other) for other in self.foreign)


def _holding(parts: list[Span], span: Span) -> Span:
    index = bisect_right(parts, span.start, key=lambda part: part.start)
    if index and span.start < parts[index - 1].end:
        return parts[index - 1]
    return span
