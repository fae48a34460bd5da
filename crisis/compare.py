"""Compares two texts sentence by sentence: what an edit changed, how the published one differs."""

import difflib
import re
from collections.abc import Iterator

_SENTENCE = re.compile(r"[^。！？!?；;\n]+[。！？!?；;]*[”』」\"')）]*")
KEPT, GONE, NEW = " ", "-", "+"


def sentences_of(text: str) -> list[str]:
    """Return the sentences of a text without the white space around them."""
    return [part for found in _SENTENCE.findall(text) if (part := " ".join(found.split()))]


def sentence_diff(before: str, after: str) -> Iterator[tuple[str, str]]:
    """Yield every sentence with ``-`` gone, ``+`` new or a blank kept, in reading order."""
    old, new = sentences_of(before), sentences_of(after)
    matcher = difflib.SequenceMatcher(a=old, b=new, autojunk=False)
    for tag, a_from, a_to, b_from, b_to in matcher.get_opcodes():
        if tag == "equal":
            yield from ((KEPT, one) for one in old[a_from:a_to])
            continue
        yield from ((GONE, one) for one in old[a_from:a_to])
        yield from ((NEW, one) for one in new[b_from:b_to])


def differences(before: str, after: str) -> list[tuple[str, str]]:
    """Return only what is gone and what is new; empty when every sentence is the same."""
    return [one for one in sentence_diff(before, after) if one[0] != KEPT]
