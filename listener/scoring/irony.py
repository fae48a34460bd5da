"""Irony: friendly words beside trouble, as pairs of cues whose worth the model learned.

“谢谢” leans to praise and “等了一个月” hardly to blame; together they mean the opposite of thanks.
A sum over n-grams cannot say so, a weight for the pair can. Beside a friendly word n-grams have
leans of their own as well. A text without a cue on its surface is left alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from listener.scoring.gramleans import GramLeans, no_leans
from listener.scoring.grams import (
    BUCKETS,
    COMMON,
    Batch,
    CharTables,
    Codes,
    fold_batch,
    hash_grams,
    hash_ones,
)
from listener.scoring.model import Judged
from listener.scoring.recipe import word_list
from listener.scoring.spans import Hits

# How far a text's cues may move its log-odds of negative.
LEAST_LEAN, MOST_LEAN = -1.0, 1.0
# A lean from here on is shown as evidence.
SHOWN_LEAN = 0.6
_AMOUNTS = {"troubles": ("trouble", "refusal", "waiting"), "deeds": ("deed",)}
# Irony is short, but no bare word. Up to the first length and from the last on nothing counts,
# in between in full.
_LENGTHS = (6, 10, 50, 80)
# More cues of a kind in one text say nothing more.
_MOST_CUES = 3

_BITS = np.arange(32, dtype=np.uint32)

Logits = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Marks:
    """Where in a batch cues begin, in which text, and which: one bit for each group.

    ``together[i]`` are all groups of text ``i`` of ``batch``.
    """

    at: NDArray[np.int64]
    text: NDArray[np.int64]
    groups: NDArray[np.uint32]
    together: NDArray[np.uint32]
    batch: Batch


@dataclass(frozen=True, slots=True)
class _Said:
    """Which short texts have a friendly word; their cues, a row for each of these texts.

    ``on`` are the cues of the surface, ``by`` those beside it; ``share`` fades with length.
    """

    texts: NDArray[np.int64]
    on: Logits
    by: Logits
    amounts: Logits
    share: Logits


class IronyCues:
    """Finds the cues of ``lexicons/irony.toml`` in a batch whose n-grams are hashed already.

    A cue is known by its bucket; two cues or a cue and a chance n-gram fall into the same one
    about once in two thousand positions.
    """

    def __init__(
        self,
        tables: CharTables,
        leans: Mapping[str, float] | None = None,
        grams: GramLeans | None = None,
    ) -> None:
        """``leans`` are what the model learned each column of ``features`` to be worth.

        ``grams`` are what it learned of n-grams beside a friendly word.
        """
        self._grams = grams or no_leans()
        lists = word_list("irony")
        self._surface = tuple(lists["surface"])
        self._beside = tuple(lists["beside"])
        self._friendly = np.uint32((1 << len(self._surface)) - 1)
        # Small numbers instead of bits, because a table that fits the cache is twice as fast.
        self._kinds = [np.zeros(BUCKETS, dtype=np.uint8) for _ in range(3)]
        self._groups = [0]
        groups = [*lists["surface"].values(), *lists["beside"].values()]
        for bit, words in enumerate(groups):
            self._add(words.split(), 1 << bit, tables)
        self._masks = np.array(self._groups, dtype=np.uint32)
        # The same by character, which spares the hash.
        self._of_chars = self._kinds[0].take(hash_ones(np.arange(COMMON, dtype=np.uint32)))
        self._amount_bits = [
            np.uint32(sum(1 << (len(self._surface) + self._beside.index(name)) for name in names))
            for names in _AMOUNTS.values()
        ]
        worth = dict(leans or {})
        self._combined = np.triu_indices(len(self._surface), 1)
        self._alone = np.array([worth.get(one, 0.0) for one in self._surface])
        self._pairs = np.array(
            [[worth.get(f"{one}+{other}", 0.0) for other in self._beside] for one in self._surface]
        )
        self._both = np.array(
            [
                [worth.get(f"{one}+{other}", 0.0) for other in self._surface]
                for one in self._surface
            ]
        )
        self._counted = np.array([worth.get(name, 0.0) for name in _AMOUNTS])

    @property
    def names(self) -> list[str]:
        """Name of each column of ``features``."""
        pairs = [f"{one}+{other}" for one in self._surface for other in self._beside]
        both = [f"{one}+{other}" for one, other in combinations(self._surface, 2)]
        return [*self._surface, *pairs, *both, *_AMOUNTS]

    @property
    def buckets(self) -> NDArray[np.intp]:
        """Return every bucket of a cue, for ``Model.watching``."""
        one, two, three = self._kinds
        return np.flatnonzero((one | two | three) != 0)

    def _add(self, words: list[str], bit: int, tables: CharTables) -> None:
        batch = fold_batch([word.removesuffix("$") for word in words], tables)
        grams = hash_grams(batch)
        buckets = (grams.one, grams.two, grams.three)
        first = batch.starts[:-1] + 2
        lengths = np.diff(batch.starts) - 2
        for word, at, length in zip(words, first.tolist(), lengths.tolist(), strict=True):
            size = length + word.endswith("$")
            bucket = buckets[size - 1][at]
            mask = self._groups[self._kinds[size - 1][bucket]] | bit
            if mask not in self._groups:
                self._groups.append(mask)
            self._kinds[size - 1][bucket] = self._groups.index(mask)

    def marks(self, batch: Batch, judged: Judged) -> Marks:
        """Find the cues of a batch; a model that watches them judged it, or one without watch."""
        at = judged.watched
        groups = self._masks.take(self._of_single(batch.codes[at]))
        groups |= self._masks.take(self._kinds[1].take(judged.two[at]))
        groups |= self._masks.take(self._kinds[2].take(judged.three[at]))
        is_cue = groups != 0
        at, groups = at[is_cue], groups[is_cue]
        cuts = at.searchsorted(batch.starts)
        at, groups = at[: cuts[-1]], groups[: cuts[-1]]
        counts = cuts[1:] - cuts[:-1]
        (some,) = counts.nonzero()
        together = np.zeros(len(batch), dtype=np.uint32)
        if len(some):
            together[some] = np.bitwise_or.reduceat(groups, cuts[some])
        texts = np.arange(len(batch)).repeat(counts)
        return Marks(at, texts, groups, together, batch)

    def _of_single(self, codes: Codes) -> NDArray[np.uint8]:
        found = self._of_chars.take(codes, mode="clip")
        far = codes >= COMMON
        if far.any():
            found[far] = self._kinds[0].take(hash_ones(codes[far]))
        return found

    def features(self, judged: Judged, marks: Marks) -> NDArray[np.float32]:
        """Return the cues, their pairs and their numbers, a row for each text."""
        said = self._said(judged, marks)
        pairs = said.on[:, :, None] * said.by[:, None, :]
        one, other = self._combined
        both = said.on[:, one] * said.on[:, other]
        found = (said.on, pairs.reshape(len(pairs), self._pairs.size), both, said.amounts)
        rows = np.zeros((len(marks.together), len(self.names)), dtype=np.float32)
        rows[said.texts] = np.concatenate(found, axis=1) * said.share[:, None]
        return rows

    def leans(self, judged: Judged, marks: Marks) -> Logits:
        """Return what cues and n-grams add to each text's log-odds of negative."""
        said = self._said(judged, marks)
        found = said.on @ self._alone + said.amounts @ self._counted
        found += ((said.on @ self._pairs) * said.by).sum(axis=1)
        found += ((said.on @ self._both) * said.on).sum(axis=1)
        found += self._grams.sums(marks.batch, judged, said.texts)
        leans = np.zeros(len(marks.together))
        # Rounded, because the last bits of a product depend on how many texts stand together.
        found *= said.share
        leans[said.texts] = np.minimum(np.maximum(found.round(4), LEAST_LEAN), MOST_LEAN)
        return leans

    def _said(self, judged: Judged, marks: Marks) -> "_Said":
        together = marks.together
        is_friendly = (together & self._friendly) != 0
        is_chosen = is_friendly & (judged.lengths > _LENGTHS[0]) & (judged.lengths < _LENGTHS[-1])
        (texts,) = is_chosen.nonzero()
        bits = (together[texts, None] >> _BITS) & _BITS[1]
        count = len(self._surface)
        return _Said(
            texts=texts,
            on=bits[:, :count].astype(np.float64),
            by=bits[:, count : count + len(self._beside)].astype(np.float64),
            amounts=self._amounts(marks)[texts],
            share=np.interp(judged.lengths[texts], _LENGTHS, (0.0, 1.0, 1.0, 0.0)),
        )

    def shown(self, batch: Batch, marks: Marks, leans: Logits) -> Hits:
        """Return the first friendly word of each ironic text, weighing its lean."""
        is_shown = (marks.groups & self._friendly) != 0
        is_shown &= leans[marks.text] >= SHOWN_LEAN
        text, first = marks.text[is_shown], marks.at[is_shown]
        is_new = np.ones(len(text), dtype=bool)
        is_new[1:] = text[1:] != text[:-1]
        text, first = text[is_new], first[is_new]
        last = np.minimum(first + 1, batch.starts[text + 1] - 1)
        return Hits(text, first, last, np.array([round(lean, 2) for lean in leans[text].tolist()]))

    def _amounts(self, marks: Marks) -> Logits:
        """Return how many troubles and how many good deeds each text tells."""
        size = len(marks.together)
        amounts = np.empty((size, len(_AMOUNTS)))
        for column, bits in enumerate(self._amount_bits):
            told = marks.text[(marks.groups & bits) != 0]
            amounts[:, column] = np.bincount(told, minlength=size)
        return np.minimum(amounts, _MOST_CUES, out=amounts)
