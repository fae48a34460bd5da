"""The configured rules, compiled: every threshold settled and every query understood.

Knows no database. What a rule says in words stands in ``listener.rule_words``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from listener.config_file import ConfigFile
from listener.config_rules import Rule as RuleEntry
from listener.detect.rules import BRAND_KINDS, RuleKind, RuleSpec, preset
from listener.errors import ConfigError, QueryError
from listener.matching.matcher import Matcher, Record, compile_queries
from listener.store.rule_hits import Said
from listener.store.series import REPEAT_WINDOW


@dataclass(frozen=True, slots=True)
class AlertRule:
    """One rule ready to be judged. ``matcher`` is there for rules about words only."""

    entry: RuleEntry
    spec: RuleSpec
    matcher: Matcher | None

    @property
    def name(self) -> str:
        """Its name, as people gave it."""
        return self.entry.name

    @property
    def pages(self) -> bool:
        """Whether it opens or joins an incident, rather than being told in one line."""
        if self.entry.tell is not None:
            return self.entry.tell == "page"
        return self.spec.kind in (RuleKind.SHARE, RuleKind.WORDS, RuleKind.INFLUENCER)

    def concerns(self, brand_key: str) -> bool:
        """Whether the rule is about the brand."""
        return not self.entry.brands or brand_key in self.entry.brands

    def matching(self, said: Sequence[Said]) -> list[Said]:
        """Return which of the mentions hold the rule's words; all of them for another kind."""
        if self.matcher is None:
            return list(said)
        records = [Record(text=one.text, title=one.title, url=one.url) for one in said]
        found = self.matcher.match_many(records)
        return [one for one, met in zip(said, found, strict=True) if met]

    @staticmethod
    def without_repeats(said: Iterable[Said]) -> list[Said]:
        """Return the mentions in time order, one author's copies of a story once in 24 hours."""
        last: dict[object, datetime] = {}
        kept = []
        for one in sorted(said, key=lambda one: (one.event_at, one.id)):
            key = (one.author_hash or one.id, one.story_id)
            if key not in last or one.event_at - last[key] > REPEAT_WINDOW:
                kept.append(one)
            last[key] = one.event_at
        return kept


def spec_of(entry: RuleEntry) -> RuleSpec:
    """Return every threshold of a rule: what it says, and the preset for what it leaves out."""
    kind = RuleKind(entry.kind)

    def figure(key: str) -> float | None:
        own: float | None = getattr(entry, key)
        return preset(kind, key, entry.sensitivity) if own is None else own

    is_any = kind is RuleKind.VOLUME and not entry.types
    followers = figure("followers")
    return RuleSpec(
        name=entry.name,
        kind=kind,
        window=timedelta(minutes=figure("window_minutes") or 60),
        tone=entry.tone or ("any" if is_any else "negative"),
        least=int(figure("least") or 1),
        authors=int(figure("authors") or 1),
        times=figure("times"),
        floor_percent=figure("floor_percent"),
        rise_points=figure("rise_points"),
        followers=None if followers is None else int(followers),
        release=entry.release_percent / 100,
        calm=timedelta(minutes=entry.calm_minutes),
        cooldown=timedelta(minutes=entry.cooldown_minutes),
    )


def compiled_rules(file: ConfigFile) -> tuple[AlertRule, ...]:
    """Compile the rules of a file. Raises ``ConfigError`` with the line of a bad word or query."""
    allow_regular = file.config.matching.regular_expressions
    rules = []
    for index, entry in enumerate(file.config.rules):
        matcher = None
        if entry.kind == "words":
            key = "query" if entry.query else "words"
            query = entry.query or any_of(entry.words)
            try:
                matcher = compile_queries([query], allow_regular=allow_regular)
            except QueryError as error:
                where = file.where("rules", index, key)
                raise ConfigError(f"{where}: rule '{entry.name}', {key}: {error}") from None
        rules.append(AlertRule(entry, spec_of(entry), matcher))
    return tuple(rules)


def any_of(words: Iterable[str]) -> str:
    """Return the query for any of some words; with signs or spaces they are taken literally."""
    return " OR ".join(
        word if word.isalnum() and not word.isupper() else '"' + word.replace('"', "") + '"'
        for word in words
    )


def brand_rules(rules: Iterable[AlertRule]) -> list[AlertRule]:
    """Return the rules that look at what is said, switched on or on trial."""
    return [one for one in rules if one.entry.mode != "off" and one.spec.kind in BRAND_KINDS]


def upkeep_rules(rules: Iterable[AlertRule]) -> list[AlertRule]:
    """Return the rules that look at sources and at work left undone."""
    return [one for one in rules if one.entry.mode != "off" and one.spec.kind not in BRAND_KINDS]
