"""The crisis: a firmware update breaks floor washers, from 16 minutes before the anchor on.

First a few puzzled owners, then many, then anger about silence; it peaks some 20 minutes after
the anchor and slowly falls. Nobody is hurt, and the company has not answered yet.
"""

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from listener.demo.desk import Desk, paragraphs
from listener.demo.grammar import Library, Tone, Topic
from listener.demo.history import LIVE, OFFICIAL, app_version, outlet
from listener.demo.people import Crowd, Person
from listener.demo.posts import Channel, Post
from listener.demo.rhythm import whole_second

CRISIS_LEAD = timedelta(minutes=16)
RELEASE_NOTE_LEAD = timedelta(minutes=40)

_RISE_MIN = 10.0
_PEAK_MIN = 36.0
_FADE_MIN = 53.0
_FIRST_RATE, _RISEN_RATE, _PEAK_RATE = 1.0, 4.3, 4.9
_REVIEW_SHARE = 0.15
_RETURNING_SHARE = 0.7

# Minutes from the anchor of the posts that have their place in the story.
_AMPLIFIERS = ((-3.0, "one", 380_000, 2_640), (9.0, "two", 120_000, 1_120))
_REPOSTS = (("one", (-1.2, 1.6, 3.4, 7.1, 13.3)), ("two", (5.7, 10.9, 15.2, 24.4)))
_FLOOD = (1.1, 2.0, 2.9, 4.2, 5.6, 7.5, 9.8, 12.4)
_NEWS = (14.0, 33.0, 58.0)
_FINE = (5.3, 22.6, 49.0)
_TRADITIONAL = ((-5.5, "tw"), (8.3, "tw"), (18.7, "hk"))


def posts_a_minute(minute: float) -> float:
    """Return how many crisis posts a minute appear, so many minutes after the first."""
    if minute < 0:
        return 0.0
    if minute < _RISE_MIN:
        return _FIRST_RATE + (_RISEN_RATE - _FIRST_RATE) * minute / _RISE_MIN
    if minute < _PEAK_MIN:
        share = (minute - _RISE_MIN) / (_PEAK_MIN - _RISE_MIN)
        return _RISEN_RATE + (_PEAK_RATE - _RISEN_RATE) * share
    return _PEAK_RATE * math.exp(-(minute - _PEAK_MIN) / _FADE_MIN)


def crisis_posts(
    library: Library, desk: Desk, crowd: Crowd, anchor: datetime, rng: random.Random
) -> list[Post]:
    """Return the release note and every crisis post until 90 minutes after the anchor."""
    stage = _Stage(library, desk, crowd, anchor, rng)
    fixed = list(stage.fixed_posts())
    return [*stage.release_notes(), *fixed, *stage.crowd_posts(without=fixed)]


@dataclass(slots=True)
class _Stage:
    library: Library
    desk: Desk
    crowd: Crowd
    anchor: datetime
    rng: random.Random

    def release_notes(self) -> Iterator[Post]:
        """Yield the company's neutral note, as news and in the forum."""
        words = self.library.posts
        for channel, delay in ((Channel.NEWS, 0.0), (Channel.FORUM, 0.7)):
            yield self.desk.composed(
                channel,
                OFFICIAL,
                whole_second(self.anchor - RELEASE_NOTE_LEAD + timedelta(minutes=delay)),
                title=words["release_title"],
                text=paragraphs(words["release_text"]),
                tone=Tone.NEWS,
                is_crisis=False,
            )

    def fixed_posts(self) -> Iterator[Post]:
        """Yield the posts with a fixed place: amplifiers, reposts, flood, press, exceptions."""
        for offset, which, followers, likes in _AMPLIFIERS:
            person = Person(
                name=self.library.posts[f"amplifier_{which}_name"],
                author_id=f"u{200_000 + followers // 1000}",
                followers=followers,
                verified=True,
            )
            yield self._given(f"amplifier_{which}", person, offset, likes=likes)
        for which, offsets in _REPOSTS:
            people = self.crowd.distinct(len(offsets), self.rng)
            for person, offset in zip(people, offsets, strict=True):
                yield self._given(f"repost_{which}", person, offset)
        flooder = Person(name="还我洗地机2026", author_id="u9999871", followers=3)
        for offset in _FLOOD:
            yield self._given("flood", flooder, offset)
        yield from self._exceptions()

    def _exceptions(self) -> Iterator[Post]:
        fine, traditional, news = (
            self._topic(f"crisis_{name}") for name in ("fine", "traditional", "news")
        )
        for offset, person in zip(_FINE, self.crowd.distinct(len(_FINE), self.rng), strict=True):
            yield self._forum(fine, person, self._at(offset))
        for (offset, country), line in zip(
            _TRADITIONAL, traditional.fragments["line"], strict=True
        ):
            person = self.desk.reviewer(country)
            yield Post(
                id="",
                channel=Channel.REVIEWS,
                country=country,
                author=person.name,
                author_id=person.author_id,
                title=self.desk.writer.title(traditional, {}),
                text=line,
                posted_at=self._at(offset),
                tone=traditional.tone,
                rating=1,
                version=app_version(self.anchor, self.anchor),
                is_crisis=True,
            )
        for offset, title, line in zip(_NEWS, news.titles, news.fragments["line"], strict=True):
            at = self._at(offset)
            queue = self._facts(at)["queue"]
            yield self.desk.composed(
                Channel.NEWS,
                outlet(self.library, self.rng),
                at,
                title=title.replace("{queue}", queue),
                text=paragraphs(line.replace("{queue}", queue)),
                tone=Tone.NEWS,
                is_crisis=True,
            )

    def crowd_posts(self, *, without: Sequence[Post]) -> Iterator[Post]:
        """Yield everybody else's posts; those in ``without`` already count towards the rate."""
        topics = [
            topic for topic in self.library.topics["crisis"] if topic.weight and topic.titles
        ]
        review = self._topic("crisis_review")
        instants = self._instants(len(without))
        people = self.crowd.distinct(len(instants), self.rng)
        spoke: list[Person] = []
        for at, newcomer in zip(instants, people, strict=True):
            if self.rng.random() < _REVIEW_SHARE:
                yield self._review(review, at)
                continue
            minute = self._minute(at)
            able = [topic for topic in topics if topic.from_min <= minute < topic.until_min]
            topic = self.rng.choices(able, [topic.weight for topic in able])[0]
            returns = topic.name == "crisis_later" and self.rng.random() < _RETURNING_SHARE
            person = self.rng.choice(spoke) if returns and spoke else newcomer
            spoke.append(person)
            yield self._forum(topic, person, at)

    def _instants(self, fixed: int) -> list[datetime]:
        """Return instants that follow the rate, less the ``fixed`` posts that have their own."""
        length = round((CRISIS_LEAD + LIVE) / timedelta(minutes=1))
        steps = [posts_a_minute(index / 10) / 10 for index in range(length * 10)]
        wanted = sum(steps)
        thinning = (wanted - fixed) / wanted
        instants, due = [], self.rng.random()
        for index, step in enumerate(steps):
            due -= step * thinning
            while due < 0:
                due += 0.4 + 1.2 * self.rng.random()
                offset = (index + self.rng.random()) / 10
                instants.append(
                    whole_second(self.anchor - CRISIS_LEAD + timedelta(minutes=offset))
                )
        return sorted(instants)

    def _given(self, key: str, person: Person, offset: float, *, likes: int = 4) -> Post:
        words = self.library.posts
        return self.desk.composed(
            Channel.FORUM,
            person,
            self._at(offset),
            title=words[f"{key}_title"],
            text=words[f"{key}_text"],
            tone=Tone.COMPLAINT,
            is_crisis=True,
            likes=likes,
            reposts=likes // 3,
            comments=likes // 6,
        )

    def _forum(self, topic: Topic, person: Person, at: datetime) -> Post:
        return self.desk.forum_post(
            topic,
            person,
            at,
            thread_group=topic.name,
            facts=self._facts(at),
            is_crisis=True,
        )

    def _review(self, topic: Topic, at: datetime) -> Post:
        return self.desk.review(
            topic,
            self.desk.reviewer(topic.country),
            at,
            version=app_version(at, self.anchor),
            facts=self._facts(at),
            is_crisis=True,
        )

    def _topic(self, name: str) -> Topic:
        return next(topic for topic in self.library.topics["crisis"] if topic.name == name)

    def _at(self, offset_min: float) -> datetime:
        return whole_second(self.anchor + timedelta(minutes=offset_min))

    def _minute(self, at: datetime) -> float:
        return (at - self.anchor + CRISIS_LEAD) / timedelta(minutes=1)

    def _facts(self, at: datetime) -> dict[str, str]:
        minute = self._minute(at)
        queue = min(320.0, 70 + 6 * minute) * (0.9 + 0.2 * self.rng.random())
        return {"queue": str(round(queue / 10) * 10), "elapsed": _elapsed(minute)}


def _elapsed(minute: float) -> str:
    for limit, words in (
        (15, "十分钟"),
        (25, "二十分钟"),
        (38, "半个小时"),
        (52, "四十多分钟"),
        (66, "快一个小时"),
        (88, "一个多小时"),
    ):
        if minute < limit:
            return words
    return "一个半小时"
