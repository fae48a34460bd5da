"""Fingerprints of texts (same words, same story) and the search column of stored mentions."""

import hashlib
import re

from listener.text.fold import fold, is_ideograph

_NOISE = re.compile(r"https?://\S+|www\.[^\s\u3400-\u9fff]+|@[\w\u3400-\u9fff-]+")
_NOT_WORD = re.compile(r"[\W_]+")
_WORD = re.compile(
    r"[a-z0-9]+(?:[._-][a-z0-9]+)*|[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U000323af]+"
)
MAX_SEARCH_TERMS = 4_000


def text_fingerprint(text: str, title: str | None = None) -> str:
    """Return 32 hexadecimal digits that are equal for texts with the same words.

    Addresses, handles, punctuation, emoji, case, width, script and white space do not count.
    Texts without a single word are told apart by their exact characters.
    """
    words = words_of(text, title)
    basis = f"words:{words}" if words else f"raw:{_folded(text, title)}"
    return hashlib.sha256(basis.encode("utf-8", "replace")).hexdigest()[:32]


def words_of(text: str, title: str | None = None) -> str:
    """Return the folded letters and ideographs alone, without addresses and handles."""
    return _NOT_WORD.sub("", _NOISE.sub(" ", _folded(text, title)))


def _folded(text: str, title: str | None) -> str:
    return fold(f"{title or ''}\n{text}")


def search_terms(text: str) -> str:
    """Return the search column of a text: CJK bigrams and Latin words, folded, space-separated.

    A one-character CJK run stands for itself. Two-character Chinese words are what people search
    for and what trigram indexes cannot find, hence bigrams.
    """
    terms: dict[str, None] = {}
    for word in _WORD.findall(fold(text)):
        if not is_ideograph(word[0]) or len(word) == 1:
            terms[word] = None
        else:
            terms.update((word[i : i + 2], None) for i in range(len(word) - 1))
        if len(terms) >= MAX_SEARCH_TERMS:
            break
    return " ".join(terms)
