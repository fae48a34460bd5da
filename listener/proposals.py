"""What corrections suggest changing: words of a brand, and the threshold of alerts.

Every proposal is tried out on what is stored before it is shown, and changes nothing by itself.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlmodel import Session

from listener.backtest import Labelled, Rule, find_series, labelled, run_backtest
from listener.detect.terms import new_terms
from listener.errors import QueryError
from listener.matching.brand import BrandWords
from listener.matching.matcher import BrandMatcher, Record
from listener.notice import NoticeSettings
from listener.rematch import Comparison, compare_brand
from listener.store import corrections
from listener.store.corrections import Aspect
from listener.store.rematch import StoredText, texts_of, texts_page

# Two mistakes may be chance.
LEAST_WRONG = 3
MOST_WORDS = 5
MOST_CONTEXT = 8
MOST_CANDIDATES = 24
# What is matched and nobody objected to stands for "ours"; so many of them are read.
MOST_ACCEPTED = 2_000
# A word that would lose a text that somebody called ours has to remove so many that are not.
COST_OF_LABEL = 3
# Texts that nobody objected to may be somebody else's too, so they weigh by their share only.
COST_OF_SHARE = 2.0
# Context words are worth proposing when they keep so many of ours and remove so many others.
LEAST_KEPT = 0.95
LEAST_REMOVED = 0.5
PAGE = 1_000
MAX_EXAMPLES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class WordProposal:
    """Entries to add to one list of a brand, with what that changes.

    ``right_before`` and ``right_after`` count, of ``labels``, those the brand's words agree with.
    """

    brand: str
    name: str
    added: tuple[str, ...]
    after: tuple[str, ...]
    labels: int
    right_before: int
    right_after: int
    stored: Comparison


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleProposal:
    """A calmer threshold, with what was labelled of the alerts before and after."""

    on_score: float
    before: Labelled
    after: Labelled


@dataclass(frozen=True, slots=True)
class _Sample:
    """What a brand is told apart by: (text, is it ours), labels first."""

    texts: tuple[StoredText, ...]
    is_ours: tuple[bool, ...]
    labels: int

    def wrong(self) -> list[str]:
        return [_said(t) for t, ours in zip(self.texts, self.is_ours, strict=True) if not ours]

    def ours(self) -> list[str]:
        return [_said(t) for t, ours in zip(self.texts, self.is_ours, strict=True) if ours]


@dataclass(frozen=True, slots=True)
class _Trial:
    """How a changed brand does on a sample."""

    words: BrandWords
    sample: _Sample
    removed: int
    lost: int
    lost_labels: int
    right: int

    @property
    def worth(self) -> float:
        """The share of others it removes, less what it costs of ours."""
        wrong = max(1, self.sample.is_ours.count(False))
        accepted = max(1, len(self.sample.texts) - self.sample.labels)
        lost = (self.lost - self.lost_labels) / accepted
        net = self.removed - COST_OF_LABEL * self.lost_labels
        return net / wrong - COST_OF_SHARE * lost


def word_proposals(
    session: Session,
    brand: BrandWords,
    *,
    brand_id: int,
    bound_sources: frozenset[str],
    since: datetime,
) -> list[WordProposal]:
    """Return what 非本品牌 suggests: traps or exclusions, and context words, if any help.

    Nothing below three labels that the words of today still get wrong.
    """
    sample = _sample(session, brand_id, bound_sources, since)
    now = _tried([brand], sample)[0]
    if len(sample.wrong()) - now.removed < LEAST_WRONG:
        return []
    found = [_best_words(brand, sample), _context(brand, sample, now)]
    proposals = []
    for name, words in found:
        if words is None:
            continue
        trial = _tried([words], sample)[0]
        before, after = tuple(getattr(brand, name)), tuple(getattr(words, name))
        stored = compare_brand(
            session,
            brand_id=brand_id,
            before=brand,
            after=words,
            bound_sources=bound_sources,
            since=since,
            max_examples=MAX_EXAMPLES,
        )
        proposals.append(
            WordProposal(
                brand=brand.key,
                name=name,
                added=after[len(before) :],
                after=after,
                labels=sample.labels,
                right_before=now.right,
                right_after=trial.right,
                stored=stored,
            )
        )
    return proposals


def _sample(
    session: Session, brand_id: int, bound_sources: frozenset[str], since: datetime
) -> _Sample:
    labels = corrections.standing_labels(session, brand_id=brand_id, aspect=Aspect.BRAND)
    is_ours = {one.mention_id or 0: one.should_be == corrections.OURS for one in labels}
    known = texts_of(session, is_ours, brand_id=brand_id)
    labelled_texts = [one for one in known.values() if one.source_key not in bound_sources]
    accepted = [
        one
        for one in _accepted(session, brand_id, since)
        if one.id not in is_ours and one.source_key not in bound_sources
    ]
    return _Sample(
        (*labelled_texts, *accepted),
        (*(is_ours[one.id] for one in labelled_texts), *(True for _ in accepted)),
        len(labelled_texts),
    )


def _accepted(session: Session, brand_id: int, since: datetime) -> list[StoredText]:
    """Return matched mentions since then, at most ``MOST_ACCEPTED``."""

    def pages() -> Iterator[StoredText]:
        after_id = 0
        while page := texts_page(
            session, brand_id=brand_id, since=since, after_id=after_id, limit=PAGE
        ):
            yield from (one for one in page if one.was_matched)
            after_id = page[-1].id

    return [one for one, _ in zip(pages(), range(MOST_ACCEPTED), strict=False)]


def _best_words(brand: BrandWords, sample: _Sample) -> tuple[str, BrandWords | None]:
    """Choose traps, or exclusions where the name is not what matched: whichever do more."""
    terms = new_terms(sample.wrong(), sample.ours(), most=MOST_CANDIDATES, ignore=_names(brand))
    best: tuple[_Trial, str] | None = None
    for name in ("traps", "exclude"):
        grown = _grown(brand, name, [term.term for term in terms], sample)
        if grown is not None and (best is None or grown.worth > best[0].worth):
            best = (grown, name)
    return ("traps", None) if best is None else (best[1], best[0].words)


def _grown(brand: BrandWords, name: str, terms: Sequence[str], sample: _Sample) -> _Trial | None:
    """Add the term that is worth most, again and again, as long as one is worth anything."""
    best = start = _tried([brand], sample)[0]
    for _ in range(MOST_WORDS):
        entries = list(getattr(best.words, name))
        tried = _tried(
            [_with(best.words, name, [*entries, one]) for one in terms if one not in entries],
            sample,
        )
        leading = max(tried, key=lambda one: one.worth, default=None)
        if leading is None or leading.worth <= best.worth:
            break
        best = leading
    return None if best is start or best.removed - start.removed < LEAST_WRONG - 1 else best


def _context(brand: BrandWords, sample: _Sample, now: _Trial) -> tuple[str, BrandWords | None]:
    """Choose context words for a brand whose bare name has meant it so far."""
    if brand.context or not brand.names:
        return "context", None
    terms = new_terms(sample.ours(), sample.wrong(), most=MOST_CANDIDATES, ignore=_names(brand))
    chosen: list[str] = []
    best: _Trial | None = None
    for _ in range(MOST_CONTEXT):
        rest = [one.term for one in terms if one.term not in chosen]
        tried = _tried([_with(brand, "context", [*chosen, one]) for one in rest], sample)
        leading = max(tried, key=lambda one: one.worth, default=None)
        if leading is None or (best is not None and leading.worth <= best.worth):
            break
        best, chosen = leading, list(leading.words.context)
    if best is None:
        return "context", None
    ours, wrong = len(sample.ours()) - now.lost, len(sample.wrong()) - now.removed
    keeps = best.lost - now.lost <= (1 - LEAST_KEPT) * ours
    removes = best.removed - now.removed >= LEAST_REMOVED * wrong
    return "context", best.words if keeps and removes else None


def _with(brand: BrandWords, name: str, entries: Sequence[str]) -> BrandWords:
    lists = {name: tuple(entries)}
    return replace(brand, **lists)  # type: ignore[arg-type]  # the lists are all alike


def _tried(variants: Sequence[BrandWords], sample: _Sample) -> list[_Trial]:
    """Match the sample with every variant in one pass; those that cannot be read are left out."""
    usable = [one for one in variants if _is_readable(one)]
    if not usable:
        return []
    matcher = BrandMatcher(usable)
    removed, lost = [0] * len(usable), [0] * len(usable)
    lost_labels, right = [0] * len(usable), [0] * len(usable)
    records = [Record(one.text, one.title, one.author_name, one.url) for one in sample.texts]
    for place, decisions in enumerate(matcher.judge_many(records)):
        is_ours, is_label = sample.is_ours[place], place < sample.labels
        for number, decision in enumerate(decisions):
            removed[number] += not is_ours and not decision.is_meant
            is_lost = is_ours and not decision.is_meant
            lost[number] += is_lost
            lost_labels[number] += is_lost and is_label
            right[number] += is_label and decision.is_meant == is_ours
    return [
        _Trial(words, sample, *counts)
        for words, *counts in zip(usable, removed, lost, lost_labels, right, strict=True)
    ]


def _is_readable(words: BrandWords) -> bool:
    try:
        BrandMatcher([words])
    except QueryError:
        return False
    return True


def _names(brand: BrandWords) -> list[str]:
    return [*brand.names, *brand.aliases, *brand.must, *brand.any_of]


def _said(one: StoredText) -> str:
    return f"{one.title or ''}\n{one.text}"


def rule_proposal(
    session: Session,
    brand_ids: Sequence[int],
    current: Rule,
    rules: Sequence[Rule],
    settings: NoticeSettings,
    *,
    days: int,
    now: datetime,
    advance: Callable[[timedelta], object] = lambda _: None,
) -> RuleProposal | None:
    """Return the least calmer threshold that raises fewest false alarms and loses no right one.

    The rule holds for every brand, so the labelled alerts of all of them count. None when nobody
    has called an alert false, or no threshold helps.
    """
    calmer = [one for one in rules if one.settings.on_score > current.settings.on_score]
    totals = [Labelled(0, 0, 0)] * (1 + len(calmer))
    for brand_id in brand_ids:
        known = corrections.labelled_alerts(session, brand_id)
        one = find_series(session, brand_id)
        if one is None or all(label.is_right for label in known):
            continue
        found = run_backtest(
            session, one, [current, *calmer], settings, days=days, now=now, advance=advance
        )
        held = [labelled(each, known, until=found.until) for each in found.outcomes]
        totals = [_sum(a, b) for a, b in zip(totals, held, strict=True)]
    before, *after = totals
    usable = [
        (held.wrong, rule.settings.on_score, held)
        for rule, held in zip(calmer, after, strict=True)
        if held.wrong < before.wrong and held.right >= before.right
    ]
    if not usable:
        return None
    _, on_score, calmest = min(usable, key=lambda one: one[:2])
    return RuleProposal(on_score=on_score, before=before, after=calmest)


def _sum(one: Labelled, other: Labelled) -> Labelled:
    return Labelled(
        one.right + other.right, one.wrong + other.wrong, one.unlabelled + other.unlabelled
    )
