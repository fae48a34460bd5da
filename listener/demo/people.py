"""Who posts: invented people, each with a name, a following and a way of typing."""

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate


class Typing(StrEnum):
    """How somebody punctuates."""

    PLAIN = "plain"
    CLOSED = "closed"
    SPACES = "spaces"
    LINES = "lines"
    COMMAS = "commas"
    ASCII = "ascii"
    LOUD = "loud"
    TILDE = "tilde"
    DOTS = "dots"


_TYPING_WEIGHTS = {
    Typing.PLAIN: 34,
    Typing.CLOSED: 17,
    Typing.SPACES: 14,
    Typing.LINES: 9,
    Typing.COMMAS: 11,
    Typing.ASCII: 4,
    Typing.LOUD: 6,
    Typing.TILDE: 3,
    Typing.DOTS: 2,
}
_BETWEEN = {
    Typing.SPACES: (" ", " "),
    Typing.LINES: ("，", "\n"),
    Typing.COMMAS: ("，", "，"),
    Typing.ASCII: (",", ","),
}
_AT_END = {Typing.CLOSED: "。", Typing.LOUD: "！", Typing.TILDE: "～", Typing.DOTS: "。。。"}
_STOPS = "。！？!?~～…"
_WORDLIKE = re.compile(r"[\w\u3400-\u9fff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One author. ``followers`` is 0 where the place has no such thing."""

    name: str
    author_id: str
    followers: int = 0
    verified: bool = False
    typing: Typing = Typing.PLAIN


class Crowd:
    """The regulars and passers-by of one place."""

    def __init__(self, people: Sequence[Person]) -> None:
        self._people = list(people)
        # A few people post a lot and most hardly ever, as everywhere.
        activity = (1.0 / (rank + 60) for rank in range(len(self._people)))
        self._reached = list(accumulate(activity))

    def somebody(self, rng: random.Random) -> Person:
        """Return one person, regulars more often."""
        return rng.choices(self._people, cum_weights=self._reached)[0]

    def distinct(self, count: int, rng: random.Random) -> list[Person]:
        """Return ``count`` different people, everybody equally likely."""
        return rng.sample(self._people, count)


def forum_people(
    names: Mapping[str, tuple[str, ...]], count: int, rng: random.Random
) -> list[Person]:
    """Invent ``count`` forum users with different ids."""
    ids = rng.sample(range(100_000, 9_999_999), count)
    return [
        Person(
            name=_nickname(names, rng),
            author_id=f"u{number}",
            followers=int(min(90_000, rng.lognormvariate(3.4, 1.5))),
            typing=_typing(rng),
        )
        for number in ids
    ]


def reviewer(
    own: Mapping[str, tuple[str, ...]], forum: Mapping[str, tuple[str, ...]], rng: random.Random
) -> Person:
    """Invent one person who reviews apps; where a country has few names, the forum lends some."""
    kind = rng.random()
    if kind < 0.25:
        name = rng.choice(own["whole"])
    elif "head" in own:
        name = rng.choice(own["head"]) + rng.choice(own["tail"])
    else:
        name = _nickname(forum, rng)
    number = rng.randrange(100_000_000, 1_999_999_999)
    return Person(name=name, author_id=str(number), typing=_typing(rng))


def punctuate(text: str, typing: Typing) -> str:
    """Return the text as somebody with that habit types it."""
    if typing in _BETWEEN:
        comma, stop = _BETWEEN[typing]
        return text.replace("，", comma).replace("。", stop)
    if typing in _AT_END and text[-1] not in _STOPS and _WORDLIKE.match(text[-1]):
        return text + _AT_END[typing]
    return text


def add_ending(text: str, ending: str) -> str:
    """Set a word, emoji or emoticon behind a text as people do."""
    if text[-1] in _STOPS or not _WORDLIKE.match(ending):
        return f"{text}{ending}"
    return f"{text}，{ending}"


def mistype(text: str, typos: Mapping[str, str], rng: random.Random) -> str:
    """Return the text with one of the possible typing mistakes, if any word invites one."""
    possible = [right for right in typos if right in text]
    if not possible:
        return text
    right = rng.choice(possible)
    return text.replace(right, typos[right], 1)


def _typing(rng: random.Random) -> Typing:
    return rng.choices(list(_TYPING_WEIGHTS), list(_TYPING_WEIGHTS.values()))[0]


def _nickname(names: Mapping[str, tuple[str, ...]], rng: random.Random) -> str:
    kind = rng.random()
    if kind < 0.25:
        return rng.choice(names["whole"])
    if kind < 0.68:
        return rng.choice(names["head"]) + rng.choice(names["tail"])
    if kind < 0.8:
        return f"用户{rng.randint(10_000_000, 99_999_999)}"
    if kind < 0.9:
        return rng.choice(names["tail"]) + str(rng.randint(1, 999))
    return rng.choice(names["latin"]) + rng.choice(("", "_", "88", "2026", "1995", "_home"))
