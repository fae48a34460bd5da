"""The three ordinary weeks before the crisis, and the ordinary traffic that goes on during it."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from listener.demo.brand import OFFICIAL_ACCOUNT
from listener.demo.desk import Desk
from listener.demo.grammar import Library, Tone, Topic
from listener.demo.people import Crowd, Person
from listener.demo.posts import Channel, Post
from listener.demo.rhythm import CHINA, Rhythm, newsroom_activity, people_activity

HISTORY = timedelta(days=21)
LIVE = timedelta(minutes=90)
PROMOTION_DAYS_AGO = 9

OFFICIAL = Person(name=OFFICIAL_ACCOUNT, author_id="u100001", followers=860_000, verified=True)

# Posts in three weeks. Complaints are about one in four, as they are for brands of this kind.
_FORUM_COUNTS = {
    Tone.POSITIVE: 500,
    Tone.NEUTRAL: 490,
    Tone.QUESTION: 400,
    Tone.COMPLAINT: 560,
    Tone.PROMOTION: 70,
    Tone.OTHER: 55,
    Tone.TRAP: 30,
}
_PROMOTION_POSTS = 85
_REVIEW_COUNTS = {"cn": 430, "tw": 116, "hk": 60}
_MALL_POSTS = 70
_NEWS_POSTS = 150
_OWN_NEWS = ("news_app_notice", "news_service_notice")

_FORUM_FILES = ("washer", "robot", "purifier", "app", "buying", "talk")
_PRODUCT_FILES = ("washer", "robot", "purifier", "app")
_REVIEW_FILES = ("reviews_cn", "reviews_tw_hk")
_APP_VERSIONS = ("5.7.4", "5.8.0", "5.8.1")
_APP_VERSION_DAYS = (13, 5)


@dataclass(frozen=True, slots=True)
class _Subject:
    """A topic, where it is posted and which threads it may join."""

    channel: Channel
    topic: Topic
    thread_group: str


def app_version(at: datetime, anchor: datetime) -> str:
    """Return the version of the app that was current at an instant."""
    age = (anchor - at) / timedelta(days=1)
    return _APP_VERSIONS[sum(age < days for days in _APP_VERSION_DAYS)]


def ordinary_posts(
    library: Library, desk: Desk, crowd: Crowd, anchor: datetime, rng: random.Random
) -> Iterator[Post]:
    """Yield the posts of three weeks before and 90 minutes after the anchor, in order of time."""
    start, end = anchor - HISTORY, anchor + LIVE
    people = Rhythm(people_activity, start, end, rng)
    newsroom = Rhythm(newsroom_activity, start, end, rng)
    subjects = _subjects(library, rng)
    complaints = [subject for subject in subjects if subject.topic.tone is Tone.COMPLAINT]
    others = [subject for subject in subjects if subject.topic.tone is not Tone.COMPLAINT]
    articles = _pick(library.topics["news"], _NEWS_POSTS, Channel.NEWS, "news", rng)
    slots = [
        # Everyday complaints never clump: a bucket that holds five must be the crisis.
        *zip(people.spread(len(complaints), rng), complaints, strict=True),
        *zip(people.scattered(len(others), rng), others, strict=True),
        *zip(newsroom.scattered(len(articles), rng), articles, strict=True),
        *_promotion_day(library, anchor, rng),
    ]
    slots.sort(key=lambda slot: slot[0])
    pen = _Pen(library, desk, crowd, anchor, rng)
    for at, subject in slots:
        yield pen.post(subject, at)


@dataclass(slots=True)
class _Pen:
    """Turns subjects into posts, with somebody fitting for each."""

    library: Library
    desk: Desk
    crowd: Crowd
    anchor: datetime
    rng: random.Random

    def post(self, subject: _Subject, at: datetime) -> Post:
        """Return a post about the subject."""
        topic = subject.topic
        if subject.channel is Channel.NEWS:
            return self.desk.article(topic, self._outlet(topic), at)
        if subject.channel is Channel.REVIEWS:
            person = self.desk.reviewer(topic.country)
            version = app_version(at, self.anchor)
            return self.desk.review(topic, person, at, version=version)
        return self.desk.forum_post(
            topic,
            self.crowd.somebody(self.rng),
            at,
            thread_group=subject.thread_group,
            channel=subject.channel,
        )

    def _outlet(self, topic: Topic) -> Person:
        if topic.name in _OWN_NEWS:
            return OFFICIAL
        return outlet(self.library, self.rng)


def outlet(library: Library, rng: random.Random) -> Person:
    """Return one of the invented media."""
    names = library.names["outlets"]["whole"]
    index = rng.randrange(len(names))
    return Person(name=names[index], author_id=f"m{index + 1:02}", verified=True)


def _subjects(library: Library, rng: random.Random) -> list[_Subject]:
    forum = [
        (topic, _thread_group(file, topic))
        for file in _FORUM_FILES
        for topic in library.topics[file]
        if topic.weight
    ]
    chosen: list[_Subject] = []
    for tone, count in _FORUM_COUNTS.items():
        pool = [entry for entry in forum if entry[0].tone is tone]
        weights = [topic.weight for topic, _ in pool]
        picks = rng.choices(pool, weights, k=count)
        chosen += [_Subject(Channel.FORUM, topic, group) for topic, group in picks]
    reviews = [topic for file in _REVIEW_FILES for topic in library.topics[file]]
    for country, count in _REVIEW_COUNTS.items():
        own = [topic for topic in reviews if topic.country == country]
        chosen += _pick(own, count, Channel.REVIEWS, "reviews", rng)
    chosen += _pick(library.topics["mall"], _MALL_POSTS, Channel.MALL, "mall", rng)
    rng.shuffle(chosen)
    return chosen


def _thread_group(file: str, topic: Topic) -> str:
    """Return the threads a topic joins: talk about a product also answers questions about it."""
    if file in _PRODUCT_FILES and topic.tone is not Tone.COMPLAINT:
        return file
    return topic.name


def _pick(
    topics: Sequence[Topic], count: int, channel: Channel, group: str, rng: random.Random
) -> list[_Subject]:
    weights = [topic.weight for topic in topics]
    return [_Subject(channel, topic, group) for topic in rng.choices(topics, weights, k=count)]


def _promotion_day(
    library: Library, anchor: datetime, rng: random.Random
) -> Iterator[tuple[datetime, _Subject]]:
    topic = next(topic for topic in library.topics["buying"] if topic.name == "promo_day")
    day = anchor.astimezone(CHINA).date() - timedelta(days=PROMOTION_DAYS_AGO)
    midnight = datetime.combine(day, time(), CHINA).astimezone(anchor.tzinfo)
    rhythm = Rhythm(people_activity, midnight, midnight + timedelta(days=1), rng)
    for at in rhythm.scattered(_PROMOTION_POSTS, rng):
        yield at, _Subject(Channel.FORUM, topic, topic.name)
