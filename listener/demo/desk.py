"""The desk that turns topics into posts: wording, the author's habits, title, markup, counts."""

import html
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote

from listener.demo.brand import names_brand
from listener.demo.grammar import Library, Tone, Topic, Wording, Writer
from listener.demo.people import Person, Typing, add_ending, mistype, punctuate, reviewer
from listener.demo.posts import Channel, Post

MIN_TEXT_CHARS = 6
MAX_TEXT_CHARS = 180

_ENDING_SHARE = 0.11
_TYPO_SHARE = 0.12
_ATTEMPTS = 12
_EXCERPT_CHARS = 22
_THREADS_REMEMBERED = 14
_REPLY_SHARE = 0.4
_EXCERPT_SHARE = 0.25


@dataclass(slots=True)
class Desk:
    """Writes posts from topics: wording, habits of the author, title, markup and counts."""

    library: Library
    rng: random.Random
    writer: Writer = field(init=False)
    _seen: set[str] = field(init=False, default_factory=set)
    _threads: dict[str, list[str]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.writer = Writer(self.library.words, self.rng)

    def reviewer(self, country: str) -> Person:
        """Invent somebody who reviews the app in a country."""
        names = self.library.names
        return reviewer(names[f"reviews_{country}"], names["forum"], self.rng)

    def forum_post(
        self,
        topic: Topic,
        person: Person,
        at: datetime,
        *,
        thread_group: str,
        channel: Channel = Channel.FORUM,
        facts: Mapping[str, str] | None = None,
        is_crisis: bool = False,
    ) -> Post:
        """Return a forum post or shop question; ``thread_group`` names the threads it may join."""
        settled = self.writer.facts(facts)
        wording = self._words(topic, person, settled, emoticons=True, is_crisis=is_crisis)
        likes = int(self.rng.lognormvariate(0.6, 1.2))
        return Post(
            id="",
            channel=channel,
            author=person.name,
            author_id=person.author_id,
            title=self._title(topic, wording, thread_group, settled),
            text=wording.text,
            html=self.markup(wording.text),
            posted_at=at,
            tone=topic.tone,
            likes=likes,
            reposts=int(likes * self.rng.random() * 0.3),
            comments=int(self.rng.lognormvariate(0.4, 1.0)),
            followers=person.followers,
            verified=person.verified,
            is_crisis=is_crisis,
        )

    def review(
        self,
        topic: Topic,
        person: Person,
        at: datetime,
        *,
        version: str,
        facts: Mapping[str, str] | None = None,
        is_crisis: bool = False,
    ) -> Post:
        """Return an app review in the topic's country."""
        settled = self.writer.facts(facts)
        wording = self._words(topic, person, settled, emoticons=False, is_crisis=is_crisis)
        return Post(
            id="",
            channel=Channel.REVIEWS,
            country=topic.country,
            author=person.name,
            author_id=person.author_id,
            title=wording.title or self.writer.title(topic, settled),
            text=wording.text,
            posted_at=at,
            tone=topic.tone,
            rating=self.rng.choice(topic.ratings),
            likes=int(self.rng.lognormvariate(-0.8, 1.0)),
            version=version,
            is_crisis=is_crisis,
        )

    def article(
        self,
        topic: Topic,
        outlet: Person,
        at: datetime,
        *,
        facts: Mapping[str, str] | None = None,
        is_crisis: bool = False,
    ) -> Post:
        """Return a news article; paragraphs are separated by line breaks."""
        settled = self.writer.facts(facts)
        for _ in range(_ATTEMPTS):
            wording = self.writer.wording(topic, settled)
            text = paragraphs(wording.text)
            if text not in self._seen and names_brand(text):
                break
        self._seen.add(text)
        title = wording.title or self.writer.title(topic, settled)
        return self.composed(
            Channel.NEWS, outlet, at, title=title, text=text, tone=topic.tone, is_crisis=is_crisis
        )

    def composed(
        self,
        channel: Channel,
        person: Person,
        at: datetime,
        *,
        title: str,
        text: str,
        tone: Tone,
        is_crisis: bool,
        likes: int = 0,
        reposts: int = 0,
        comments: int = 0,
    ) -> Post:
        """Return a post whose words are given."""
        return Post(
            id="",
            channel=channel,
            author=person.name,
            author_id=person.author_id,
            title=title,
            text=text,
            html=self.markup(text),
            posted_at=at,
            tone=tone,
            likes=likes,
            reposts=reposts,
            comments=comments,
            followers=person.followers,
            verified=person.verified,
            is_crisis=is_crisis,
        )

    def markup(self, text: str) -> str:
        """Return the text as HTML: a paragraph or a break a line, emoticons as pictures."""
        body = html.escape(text)
        if "[" in body:
            for name in self.library.emoticons:
                body = body.replace(f"[{name}]", _picture(name))
        lines = body.split("\n")
        if len(lines) > 2:
            return "".join(f"<p>{line}</p>" for line in lines)
        return f"<p>{'<br>'.join(lines)}</p>"

    def _words(
        self,
        topic: Topic,
        person: Person,
        facts: dict[str, str],
        *,
        emoticons: bool,
        is_crisis: bool,
    ) -> Wording:
        group = "crisis" if is_crisis and topic.tone is Tone.COMPLAINT else str(topic.tone)
        endings = self.library.endings.get(group, ())
        if not emoticons:
            endings = tuple(ending for ending in endings if not ending.startswith("["))
        typing = person.typing
        if typing is Typing.TILDE and (is_crisis or topic.tone is Tone.COMPLAINT):
            typing = Typing.PLAIN
        for _ in range(_ATTEMPTS):
            wording = self.writer.wording(topic, facts)
            text = punctuate(wording.text, typing)
            if endings and topic.country == "cn" and self.rng.random() < _ENDING_SHARE:
                text = add_ending(text, self.rng.choice(endings))
            if self.rng.random() < _TYPO_SHARE:
                text = mistype(text, self.library.typos, self.rng)
            if text not in self._seen and MIN_TEXT_CHARS <= len(text) <= MAX_TEXT_CHARS:
                break
        self._seen.add(text)
        return Wording(text, wording.title)

    def _title(
        self, topic: Topic, wording: Wording, thread_group: str, facts: dict[str, str]
    ) -> str:
        must_name = topic.brand and not names_brand(wording.text)
        kind = self.rng.random()
        if kind < _REPLY_SHARE and topic.joins and topic.tone is not Tone.QUESTION:
            joinable = [
                title
                for title in self._threads.get(thread_group, ())
                if names_brand(title) or not must_name
            ]
            if joinable:
                return f"回复：{self.rng.choice(joinable)}"
        if kind > 1 - _EXCERPT_SHARE and not must_name:
            first = wording.text.split("\n", maxsplit=1)[0]
            return first if len(first) <= _EXCERPT_CHARS else f"{first[:_EXCERPT_CHARS]}…"
        if wording.title and (names_brand(wording.title) or not must_name):
            return wording.title
        title = self._own_title(topic, facts, must_name=must_name)
        threads = self._threads.setdefault(thread_group, [])
        threads.append(title)
        del threads[:-_THREADS_REMEMBERED]
        return title

    def _own_title(self, topic: Topic, facts: dict[str, str], *, must_name: bool) -> str:
        for _ in range(_ATTEMPTS):
            title = self.writer.title(topic, facts)
            if names_brand(title) or not must_name:
                break
        return title


def paragraphs(text: str) -> str:
    """Turn the fragments' paragraph marks into line breaks."""
    lines = (line.strip("。") for line in text.split("|"))
    return "\n".join(line if line.endswith(("。", "）")) else f"{line}。" for line in lines)


def _picture(emoticon: str) -> str:
    return (
        f'<img class="emoticon" src="/emoticon/{quote(emoticon)}.svg" alt="[{emoticon}]" '
        'width="18" height="18">'
    )
