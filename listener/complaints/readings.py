"""Many texts as the rules see them: folded, scanned for cues, negation resolved, all at once.

The cues of all texts stand in arrays, a row for each. One text by itself (``Readings.one``) is
made only for what looks at single words: the types and severities of complaints.
"""

from collections.abc import Sequence
from functools import cache, cached_property, partial
from typing import NamedTuple

import numpy as np

from listener.complaints.codes import ComplaintType
from listener.complaints.folding import plain_texts
from listener.complaints.following import Flags
from listener.complaints.lexicon import Cues, Hit, Integers, JoinedTexts, default_lexicon
from listener.complaints.polarity import denied, is_deniable
from listener.complaints.reading import (
    LEVEL_OF_GROUP,
    LEVELS,
    TYPE_OF_GROUP,
    TYPES,
    Reading,
)

# Longer words that hold a cue by chance: “二十分钟” holds “十分”.
_TRAP = "stance.trap"


class Tally(NamedTuple):
    """How many ``cues`` of which group stand in which text, a row for each pair that has any.

    ``distinct`` counts different wordings. The groups of one text come in the order in which they
    first appear in it: ``first`` is the row of that cue. ``of_cue`` leads from a cue to its pair.
    """

    text: Integers
    group: Integers
    cues: Integers
    distinct: Integers
    first: Integers
    of_cue: Integers


class Evidence(NamedTuple):
    """The cues of complaint types, without those inside a longer one of the same type.

    They come by text, then by type in the order in which the types first appear in it, then by
    position. ``type`` and ``level`` are places in ``TYPES`` and ``LEVELS``; ``start`` and ``end``
    are positions in all texts joined.
    """

    text: Integers
    type: Integers
    level: Integers
    start: Integers
    end: Integers


class _Groups(NamedTuple):
    """What the groups of the lexicon are, by number; and their numbers, by name and by type."""

    number: dict[str, int]
    is_deniable: Flags
    is_stance: Flags
    type: Integers
    level: Integers
    of_type: Integers


class Readings:
    """Folded texts with their cues: ``in_force`` and ``denied``.

    ``said`` are the texts as given, ``langs`` what their sources say of the language.
    """

    def __init__(self, said: Sequence[str], langs: Sequence[str | None]) -> None:
        self.said = said
        self.langs = langs
        self._folded = plain_texts(said)
        self.texts = [one if isinstance(one, str) else one.text for one in self._folded]
        self._joined = JoinedTexts(self.texts)
        self._groups = groups = _groups()
        found = default_lexicon().find(self._joined)
        found = _without_trapped(found, found.group == groups.number[_TRAP])
        deniable = groups.is_deniable.take(found.group)
        is_denied = denied(self._joined, found.start, found.end, deniable)
        self.in_force = Cues(*(part[~is_denied] for part in found))
        self.denied = Cues(*(part[is_denied] for part in found))

    def __len__(self) -> int:
        return len(self.said)

    @cached_property
    def tally(self) -> Tally:
        """The groups in force."""
        return self._tallied(self.in_force)

    @cached_property
    def denied_tally(self) -> Tally:
        """The groups that are denied."""
        return self._tallied(self.denied)

    def count(self, group: str) -> Integers:
        """Return how many cues of ``group`` are in force in each text."""
        column: Integers = self._dense.cues[self._groups.number[group]]
        return column

    def distinct(self, group: str) -> Integers:
        """Return in how many wordings ``group`` is in force in each text."""
        column: Integers = self._dense.distinct[self._groups.number[group]]
        return column

    def count_denied(self, group: str) -> Integers:
        """Return how many cues of ``group`` are denied in each text."""
        column: Integers = self._dense.denied[self._groups.number[group]]
        return column

    def denied_problems(self) -> Integers:
        """Return how many cues are denied in each text that are no sign of stance."""
        problems = ~self._groups.is_stance.take(self.denied.group)
        return np.bincount(self.denied.text[problems], minlength=len(self))

    def last(self, group: str) -> Integers:
        """Return where the last cue of ``group`` in force begins in each text, else -1."""
        rows = np.flatnonzero(self.in_force.group == self._groups.number[group])
        text = self.in_force.text[rows]
        last = np.full(len(self), -1, dtype=np.int64)
        last[text] = self.in_force.start[rows] - self._joined.begins[text]
        return last

    @cached_property
    def evidence(self) -> Evidence:
        """What speaks for the types of complaints."""
        cues, size = self.in_force, len(self._joined.codes)
        typed = np.flatnonzero(self._groups.type.take(cues.group) >= 0)
        text, group, start, end = (part[typed] for part in cues)
        code, level = self._groups.type[group], self._groups.level[group]
        # Where two groups have the same cue, the group that appears first in the text has it.
        first = self.tally.first[self.tally.of_cue[typed]]
        _, appears, place = np.unique(
            text * len(TYPES) + code, return_index=True, return_inverse=True
        )
        order = np.lexsort((first, -end, start, code))
        reached = np.maximum.accumulate((code * size + end)[order])
        is_outermost = np.diff(reached, prepend=-1) > 0
        kept = order[is_outermost]
        kept = kept[np.lexsort((start[kept], appears[place[kept]]))]
        return Evidence(text[kept], code[kept], level[kept], start[kept], end[kept])

    def some(self, chosen: Sequence[int]) -> list[Reading]:
        """Return some of the texts, each by itself; ``chosen`` are their places in order."""
        evidence = self.evidence
        groups = self._groups.of_type[evidence.type, evidence.level]
        in_force = self._hits_of(chosen, self.in_force)
        evident = self._hits_of(chosen, Cues(evidence.text, groups, evidence.start, evidence.end))
        return [
            self._one(index, hits, others)
            for index, hits, others in zip(chosen, in_force, evident, strict=True)
        ]

    def _one(self, index: int, in_force: list[Hit], evident: list[Hit]) -> Reading:
        hits: dict[str, list[Hit]] = {}
        for hit in in_force:
            if hit.group in hits:
                hits[hit.group].append(hit)
            else:
                hits[hit.group] = [hit]
        evidence: dict[ComplaintType, list[Hit]] = {}
        for hit in evident:
            evidence.setdefault(TYPE_OF_GROUP[hit.group], []).append(hit)
        folded = self._folded[index]
        return Reading(
            said=self.said[index],
            lang=self.langs[index],
            text=self.texts[index],
            folded=None if isinstance(folded, str) else folded,
            hits=hits,
            evidence=evidence,
        )

    def _hits_of(self, chosen: Sequence[int], cues: Cues) -> list[list[Hit]]:
        """Return the cues of each chosen text, with positions in that text."""
        is_chosen = np.zeros(len(self), dtype=np.bool_)
        is_chosen[list(chosen)] = True
        text, group, start, end = (part[is_chosen[cues.text]] for part in cues)
        begin = self._joined.begins[text]
        names = default_lexicon().groups
        rows = zip(
            map(names.__getitem__, group.tolist()),
            (start - begin).tolist(),
            (end - begin).tolist(),
            strict=True,
        )
        # Made by the tuple itself, which is three times as fast as by name.
        hits = list(map(partial(tuple.__new__, Hit), rows))
        bounds = np.searchsorted(text, np.arange(len(self) + 1)).tolist()
        return [hits[bounds[index] : bounds[index + 1]] for index in chosen]

    @cached_property
    def _dense(self) -> "_Dense":
        shape = len(self._groups.number), len(self)
        dense = _Dense(*(np.zeros(shape, dtype=np.int64) for _ in _Dense._fields))
        dense.cues[self.tally.group, self.tally.text] = self.tally.cues
        dense.distinct[self.tally.group, self.tally.text] = self.tally.distinct
        dense.denied[self.denied_tally.group, self.denied_tally.text] = self.denied_tally.cues
        return dense

    def _tallied(self, cues: Cues) -> Tally:
        size = len(self._groups.number)
        pairs, first, of_cue, count = np.unique(
            cues.text * size + cues.group,
            return_index=True,
            return_inverse=True,
            return_counts=True,
        )
        order = np.argsort(first)
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        pairs, first, count, of_cue = pairs[order], first[order], count[order], place[of_cue]
        distinct = np.minimum(count, 1)
        several = np.flatnonzero(count[of_cue] > 1)
        known: dict[str, int] = {}
        text = self._joined.text
        wording = [
            known.setdefault(text[start:end], len(known))
            for start, end in zip(
                cues.start[several].tolist(), cues.end[several].tolist(), strict=True
            )
        ]
        if wording:
            different = np.unique(of_cue[several] * len(known) + np.array(wording)) // len(known)
            many = np.bincount(different, minlength=len(pairs))
            distinct = np.maximum(distinct, many)
        return Tally(pairs // size, pairs % size, count, distinct, first, of_cue)


class _Dense(NamedTuple):
    """Numbers of cues, a row for each group and a column for each text."""

    cues: Integers
    distinct: Integers
    denied: Integers


@cache
def _groups() -> _Groups:
    names = default_lexicon().groups
    number = {name: place for place, name in enumerate(names)}
    return _Groups(
        number=number,
        is_deniable=np.array([is_deniable(name) for name in names]),
        is_stance=np.array([name.startswith("stance") for name in names]),
        type=np.array(
            [TYPES.index(TYPE_OF_GROUP[n]) if n in TYPE_OF_GROUP else -1 for n in names]
        ),
        level=np.array([LEVELS.index(LEVEL_OF_GROUP.get(name, LEVELS[0])) for name in names]),
        of_type=np.array([[number[f"{code}.{level}"] for level in LEVELS] for code in TYPES]),
    )


def _without_trapped(found: Cues, is_trap: Flags) -> Cues:
    """Leave out the cues that are a part, not the whole, of a trap."""
    if not is_trap.any():
        return found
    # Traps begin and end in the same order, so the last one before a cue reaches furthest.
    first, last = found.start[is_trap], found.end[is_trap]
    trap = np.searchsorted(first, found.start, side="right") - 1
    longer = (found.end <= last[trap]) & (found.end - found.start < (last - first)[trap])
    kept = ~longer | (trap < 0)
    return Cues(*(part[kept] for part in found))
