"""English texts to hashed words: single words, pairs, and words that a negation denies."""

import re
import zlib
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from listener.scoring.model import ENGLISH_BUCKETS

# Words this close behind a negation are taken as denied, unless the clause ends first.
REACH = 4
_TOKEN = re.compile(r"[a-z]+(?:['’][a-z]+)?|[.,;:!?…()]|[^\s\w.,;:!?…()'’]+")
_OPENING = "^"
_ENDS = frozenset(".,;:!?…()")
_NEGATIONS = frozenset(
    [
        *("not", "no", "never", "none", "nothing", "nobody", "neither", "nor", "without"),
        *("cannot", "hardly", "barely", "scarcely", "lacks", "lack"),
    ]
)
_TURNS = frozenset(("but", "however", "although", "though", "yet", "except"))


def english_features(text: str) -> list[tuple[int, str]]:
    """Return bucket and word of each feature of ``text``; the word is as typed, lower case.

    A denied word counts as another word. What stands before “but” counts as its own, weaker kind,
    because the clause after it carries the verdict.
    """
    words = _TOKEN.findall(text.lower().replace("’", "'"))
    turn = next((i for i in range(len(words) - 1, -1, -1) if words[i] in _TURNS), -1)
    found: list[tuple[int, str]] = []
    denied_until = -1
    previous = _OPENING
    for index, word in enumerate(words):
        if word in _ENDS:
            denied_until = -1
            if word in "!?":
                found.append((_bucket(word), word))
            previous = _OPENING
            continue
        mark = "not " if index <= denied_until else ""
        found.append((_bucket(mark + word), word))
        found.append((_bucket(f"{previous} {word}"), word))
        if index > turn > 0:
            found.append((_bucket("but " + mark + word), word))
        if word in _NEGATIONS or word.endswith("n't"):
            denied_until = index + REACH
        previous = word
    return found


@lru_cache(maxsize=65_536)
def _bucket(feature: str) -> int:
    return zlib.crc32(feature.encode("utf-8", "replace")) % ENGLISH_BUCKETS


def lexicon_features(word: str, *, denied: bool = False) -> Sequence[int]:
    """Return the buckets of a lexicon entry of one or more words, without the edges of a text."""
    words = word.lower().split()
    mark = "not " if denied else ""
    if len(words) == 1:
        return [_bucket(mark + words[0])]
    return [_bucket(f"{a} {b}") for a, b in pairwise(words)]
