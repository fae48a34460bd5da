"""The cue words of the package, read once when first needed, and the scan that finds them.

The words are data (``cues/*.toml``): one file per complaint type, one for the stance of the author
and one for severity. A group is named ``file.key`` or ``file.table.key``.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from listener.complaints.pattern import GAP_MARK, HEAD, Pattern, cuts_word, is_latin, parse_pattern
from listener.text.fold import Folded, fold, fold_with_offsets

# Cantonese function words and spelling variants, one character to one, so that offsets survive.
_PLAIN = str.maketrans(
    "嘅唔冇佢哋咗喺啲𠮶俾畀睇揾攞嚟仲啱话讲食饮着著妳您她牠祇甚咩乜畧裏帐陆「」『』‘’“”\"'、:",
    "的不没他们了在些那给给看找拿来还刚说说吃喝着着你你他它只什么么略里账录“”“”'''''',:",
)


class Hit(NamedTuple):
    """One cue in the folded text: its group and half-open folded positions."""

    group: str
    start: int
    end: int


Entries = list[tuple[str, Pattern]]


class Lexicon:
    """All cue words, indexed by the first ``HEAD`` characters, fewer where a gap follows."""

    def __init__(self, groups: Mapping[str, list[str]]) -> None:
        by_head: dict[str, Entries] = {}
        for group, sources in groups.items():
            for source in dict.fromkeys(map(_plain_source, sources)):
                pattern, heads = parse_pattern(source)
                for head in heads:
                    by_head.setdefault(head, []).append((group, pattern))
        # A head is also found under the heads that continue it, so that one look-up is enough.
        for head in sorted(by_head, key=len):
            if len(head) > 1:
                by_head[head] += by_head.get(head[:-1]) or by_head.get(head[0], [])
        self._by_head = by_head
        self._firsts = frozenset(head[0] for head in by_head)

    def scan(self, text: str) -> list[Hit]:
        """Return every cue in folded ``text`` by position; inside one group the longest wins."""
        hits: list[Hit] = []
        last_end: dict[str, int] = {}
        entries = self._by_head.get
        for start, char in enumerate(text):
            if char not in self._firsts or (is_latin(char) and cuts_word(text, start)):
                continue
            head = text[start : start + HEAD]
            candidates = entries(head) or entries(head[:2]) or entries(char)
            if not candidates:
                continue
            found: dict[str, int] = {}
            for group, pattern in candidates:
                if pattern.literal and not text.startswith(pattern.literal, start):
                    continue
                end = pattern.end_of_match(text, start)
                if end > 0 and end > found.get(group, last_end.get(group, -1)):
                    found[group] = end
            for group, end in found.items():
                hits.append(Hit(group, start, end))
                last_end[group] = end
        return hits


class _CharacterFolding(dict[int, str]):
    """Folded single characters; empty where a character cannot be folded one to one."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        folded = "" if unicodedata.combining(char) else plain(char)
        self[code] = folded if len(folded) == 1 else ""
        return self[code]


_CHARACTERS = _CharacterFolding()
_WHITE_RUN = re.compile(r"\s\s")


def plain(text: str) -> str:
    """Fold a cue word the way texts are folded."""
    return fold(text).translate(_PLAIN)


def plain_with_offsets(text: str) -> Folded:
    """Fold ``text`` for the scan; offsets lead back to the text as given.

    Most texts fold one character to one, which is ten times as fast as the general way.
    """
    quick = text.translate(_CHARACTERS)
    if len(quick) == len(text) and not _WHITE_RUN.search(text):
        return Folded(quick, tuple(range(len(text))), tuple(range(1, len(text) + 1)))
    folded = fold_with_offsets(text)
    return Folded(folded.text.translate(_PLAIN), folded.starts, folded.ends)


def _plain_source(source: str) -> str:
    return GAP_MARK.join(map(plain, source.split(GAP_MARK)))  # folding would turn it into dots


@cache
def default_lexicon() -> Lexicon:
    """Return the lexicon of the package; the files are read on the first call."""
    groups: dict[str, list[str]] = {}
    for path in sorted(files("listener.complaints").joinpath("cues").iterdir(), key=str):
        if path.name.endswith(".toml"):
            table = tomllib.loads(path.read_text(encoding="utf-8"))
            groups.update(_flatten(path.name.removesuffix(".toml"), table))
    return Lexicon(groups)


def _flatten(prefix: str, table: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flatten(f"{prefix}.{key}", value)
        else:
            yield f"{prefix}.{key}", list(value)
