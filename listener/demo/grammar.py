"""Writes posts from handwritten fragments: topics with forms, and holes filled at random.

A hole ``{name}`` takes a fragment of the topic or a common word, ``{a|b}`` one of the two, and
``{2-9}`` a number. A fragment ``title｜words`` brings the title that fits its words. Knows nothing
of time, people or channels beyond what a topic says.
"""

import random
import re
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from importlib import resources
from types import MappingProxyType
from typing import Any

_HOLE = re.compile(r"\{([^{}]+)\}")
_NUMBERS = re.compile(r"(\d+)-(\d+)")
_AFTER_OWN_STOP = re.compile(r"([？！?!~～…。】])[，。]")
_STOP_BEFORE_PICTURE = re.compile(r"[，。](?=\[|[\U0001F300-\U0001FAFF])")
_LATIN_NAME_STUCK = re.compile(r"(?<=[Ll]anbai)(?=[A-Za-z0-9])")
_DOUBLE_STOP = re.compile(r"(?<=[，。])[，。]+")
_MAX_DEPTH = 6
_PRICES_FROM = 800
_REDRAWS = 4
_WHOLE_POST = "{line}"
_WHOLE_POST_ROUNDS = 2
_TITLE_MARK = "｜"
_SETTLED_PER_POST = ("washer", "robot", "rival", "city", "area", "pet", "elder", "kin", "months")


class Tone(StrEnum):
    """What a post was written to be; never served, only for checks and rehearsals."""

    POSITIVE = "positive"
    NEUTRAL = "neutral"
    QUESTION = "question"
    COMPLAINT = "complaint"
    NEWS = "news"
    PROMOTION = "promotion"
    OTHER = "other"
    TRAP = "trap"


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One thing people write about, with the fragments to write it from."""

    name: str
    tone: Tone
    weight: float
    titles: tuple[str, ...]
    forms: tuple[str, ...]
    fragments: Mapping[str, tuple[str, ...]]
    ratings: tuple[int, ...] = ()
    country: str = "cn"
    brand: bool = True
    joins: bool = True
    from_min: float = 0.0
    until_min: float = float("inf")


@dataclass(frozen=True, slots=True)
class Library:
    """Everything in ``data/``: topics by file name without suffix, common words and tables."""

    topics: Mapping[str, tuple[Topic, ...]]
    words: Mapping[str, tuple[str, ...]]
    typos: Mapping[str, str]
    endings: Mapping[str, tuple[str, ...]]
    emoticons: Mapping[str, str]
    names: Mapping[str, Mapping[str, tuple[str, ...]]]
    posts: Mapping[str, str]


@dataclass(slots=True)
class _Bag:
    """Hands out every fragment once, in random order, before any comes again."""

    fragments: Sequence[str]
    left: list[str] = field(default_factory=list)

    def draw(self, rng: random.Random) -> str:
        if not self.left:
            self.left = list(self.fragments)
            rng.shuffle(self.left)
        return self.left.pop()


@dataclass(frozen=True, slots=True)
class Wording:
    """A text, and the title its main fragment brought along, if any."""

    text: str
    title: str | None


@dataclass(slots=True)
class _Draft:
    """What one post has settled so far."""

    topic: Topic
    facts: dict[str, str]
    used: set[str] = field(default_factory=set)
    title: str | None = None


class Writer:
    """Writes texts and titles of topics. Keeps what it has used, so that fragments take turns."""

    def __init__(self, words: Mapping[str, tuple[str, ...]], rng: random.Random) -> None:
        self._words = words
        self._rng = rng
        self._bags: dict[tuple[str, str], _Bag] = {}
        self._whole_posts: Counter[str] = Counter()

    def facts(self, given: Mapping[str, str] | None = None) -> dict[str, str]:
        """Settle what must be the same in title and text, such as the model; ``given`` wins."""
        settled = {name: self._rng.choice(self._words[name]) for name in _SETTLED_PER_POST}
        return {**settled, **(given or {})}

    def wording(self, topic: Topic, facts: dict[str, str]) -> Wording:
        """Return a new text of the topic; ``facts`` fill holes before any fragment does."""
        draft = _Draft(topic, facts)
        text = self._fill(self._form(draft), draft, 0)
        title = None if draft.title is None else _tidy(self._fill(draft.title, draft, 0))
        return Wording(_tidy(text), title)

    def title(self, topic: Topic, facts: dict[str, str]) -> str:
        """Return a new title of the topic."""
        draft = _Draft(topic, facts)
        return _tidy(self._fill(self._draw(draft, "titles", topic.titles), draft, 0))

    def _form(self, draft: _Draft) -> str:
        topic = draft.topic
        form = self._draw(draft, "forms", topic.forms)
        composed = [other for other in topic.forms if other != _WHOLE_POST]
        if form != _WHOLE_POST or not composed:
            return form
        # A post written as a whole is remembered: nobody may see it a third time.
        used = self._whole_posts[topic.name]
        if used >= _WHOLE_POST_ROUNDS * len(topic.fragments["line"]):
            return self._rng.choice(composed)
        self._whole_posts[topic.name] = used + 1
        return form

    def _fill(self, text: str, draft: _Draft, depth: int) -> str:
        if depth > _MAX_DEPTH:
            raise ValueError(f"topic {draft.topic.name!r} refers to itself near {text!r}")

        def fill(match: re.Match[str]) -> str:
            return self._fill(self._choose(match[1], draft), draft, depth + 1)

        return _HOLE.sub(fill, text)

    def _choose(self, hole: str, draft: _Draft) -> str:
        if numbers := _NUMBERS.fullmatch(hole):
            return str(_human_number(int(numbers[1]), int(numbers[2]), self._rng))
        if "|" in hole:
            return self._rng.choice(hole.split("|"))
        if hole in draft.facts:
            return draft.facts[hole]
        if hole in draft.topic.fragments:
            fragment = self._draw(draft, hole, draft.topic.fragments[hole])
            title, mark, words = fragment.partition(_TITLE_MARK)
            if not mark:
                return fragment
            draft.title = draft.title or title
            return words
        if hole in self._words:
            return self._rng.choice(self._words[hole])
        raise ValueError(f"topic {draft.topic.name!r} has no fragments for {{{hole}}}")

    def _draw(self, draft: _Draft, hole: str, fragments: Sequence[str]) -> str:
        bag = self._bags.setdefault((draft.topic.name, hole), _Bag(fragments))
        chosen = bag.draw(self._rng)
        for _ in range(_REDRAWS):
            if chosen not in draft.used:
                break
            chosen = bag.draw(self._rng)
        draft.used.add(chosen)
        return chosen


def load_library() -> Library:
    """Read the package's own data files."""
    files = {
        entry.name.removesuffix(".toml"): tomllib.loads(entry.read_text(encoding="utf-8"))
        for entry in sorted(resources.files("listener.demo").joinpath("data").iterdir(), key=_name)
        if entry.name.endswith(".toml")
    }
    words, people = files.pop("words"), files.pop("people")
    return Library(
        topics={name: tuple(map(_topic, table["topic"])) for name, table in files.items()},
        words=_tuples(words["words"]) | _tuples(files["crisis"]["words"]),
        typos=words["typos"],
        endings=_tuples(words["endings"]),
        emoticons=words["emoticons"],
        names={group: _tuples(table) for group, table in people.items()},
        posts=files["crisis"]["posts"],
    )


def _name(entry: Any) -> str:
    return str(entry.name)


def _tuples(table: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {key: tuple(values) for key, values in table.items()}


_PLAIN_KEYS = ("name", "weight", "country", "brand", "joins", "from_min", "until_min")
_TOPIC_KEYS = frozenset((*_PLAIN_KEYS, "tone", "titles", "forms", "ratings"))


def _topic(table: Mapping[str, Any]) -> Topic:
    settings = {key: value for key, value in table.items() if key in _TOPIC_KEYS}
    fragments = {key: tuple(value) for key, value in table.items() if key not in _TOPIC_KEYS}
    settings |= {
        "tone": Tone(settings["tone"]),
        "titles": tuple(settings["titles"]),
        "forms": tuple(settings["forms"]),
        "ratings": tuple(settings.get("ratings", ())),
        "fragments": MappingProxyType(fragments),
    }
    return Topic(**settings)


def _human_number(low: int, high: int, rng: random.Random) -> int:
    """Return a number as people say it: prices end in 99, other large ones are round."""
    chosen = rng.randint(low, high)
    if low >= _PRICES_FROM:
        return max(low, round(chosen / 100) * 100 - 1)
    span = high - low
    step = 50 if span >= 200 and low >= 150 else 10 if span >= 60 else 1
    return max(low, round(chosen / step) * step)


def _tidy(text: str) -> str:
    text = _AFTER_OWN_STOP.sub(r"\1", text)
    text = _STOP_BEFORE_PICTURE.sub("", text)
    text = _LATIN_NAME_STUCK.sub(" ", text)
    return _DOUBLE_STOP.sub("", text).strip("，")
