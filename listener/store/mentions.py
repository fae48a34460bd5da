"""Mentions: stored once, scored once, found again."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, case, func, literal_column, or_, text, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from listener.store import engagement
from listener.store.corrections import overrule
from listener.store.engine import insert_new, upsert
from listener.store.records import (
    JudgedMention,
    MentionScore,
    MentionToScore,
    NewMention,
    Speaker,
    SpokenMention,
)
from listener.store.rows import IMPORT, bucket_start, records_from, select_columns
from listener.store.stories import assign_stories
from listener.store.tables import Complaint, Match, Mention, Score, Source
from listener.text.fingerprint import search_terms

TO_SCORE = "to_score"
UNMATCHED = "unmatched"
DONE = "done"


def insert_mentions(session: Session, mentions: Sequence[NewMention]) -> int:
    """Store mentions that are new by (source, external id); return how many were.

    A mention already known is left exactly as it is; its counters are noted as seen again.
    """
    inserted = 0
    for mention, story_id in zip(mentions, assign_stories(session, mentions), strict=True):
        values = _columns(mention) | {"story_id": story_id}
        mention_id = insert_new(session, Mention, values)
        if mention_id is None:
            continue
        inserted += 1
        session.add_all(
            Match(
                mention_id=mention_id,
                brand_id=match.brand_id,
                hits=match.hits,
                product=match.product,
            )
            for match in mention.matches
        )
    session.flush()
    engagement.observe(session, mentions)
    return inserted


def _columns(mention: NewMention) -> dict[str, Any]:
    left_out = ("story", "matches")
    values = {
        name: getattr(mention, name) for name in NewMention.__slots__ if name not in left_out
    }
    values["bucket_at"] = bucket_start(mention.event_at) if mention.event_at else None
    values["stage"] = TO_SCORE if mention.matches else UNMATCHED
    return values


def known_external_ids(session: Session, source_id: int, external_ids: Sequence[str]) -> set[str]:
    """Return which of these ids the source has given before."""
    query = select(Mention.external_id).where(
        Mention.source_id == source_id, col(Mention.external_id).in_(external_ids)
    )
    return set(session.exec(query))


def claim_to_score(
    session: Session,
    *,
    owner: str,
    now: datetime,
    lease: timedelta,
    limit: int,
    source_id: int | None = None,
) -> list[MentionToScore]:
    """Take on mentions that wait for their score, newest first: news never waits for history.

    With ``source_id`` only those of that source.
    """
    free = or_(col(Mention.lease_until).is_(None), col(Mention.lease_until) <= now)
    query = (
        select(Mention)
        .where(Mention.stage == TO_SCORE, free)
        .order_by(col(Mention.event_at).desc().nulls_last(), col(Mention.id))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    if source_id is not None:
        query = query.where(Mention.source_id == source_id)
    claimed = []
    for mention in session.exec(query):
        mention.lease_owner, mention.lease_until = owner, now + lease
        claimed.append(
            MentionToScore(
                id=mention.id or 0,
                title=mention.title,
                text=mention.text,
                kind=mention.kind,
                lang=mention.lang,
                rating=mention.rating,
                rating_max=mention.rating_max,
            )
        )
    session.flush()
    return claimed


_SCORE_COLUMNS = (
    *("mention_id", "scorer", "negative", "neutral", "positive", "label", "is_negative"),
    "evidence",
)
_COMPLAINT_COLUMNS = (
    *("mention_id", "is_complaint", "type", "secondary", "severity", "confidence", "reasons"),
    "classifier",
)


def _part(score: MentionScore, columns: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(score, name) for name in columns}


def lock_mentions(session: Session, mention_ids: Sequence[int]) -> list[int]:
    """Keep others from judging or correcting these mentions; return those that are still there."""
    query = select(Mention.id).where(col(Mention.id).in_(mention_ids)).order_by(col(Mention.id))
    return [one or 0 for one in session.exec(query.with_for_update())]


def save_scores(
    session: Session, scores: Sequence[MentionScore], *, now: datetime
) -> list[MentionScore]:
    """Store the judgements and mark the mentions done; running twice changes nothing.

    Return them as they stand: what people said of a mention stays in force.
    """
    lock_mentions(session, [score.mention_id for score in scores])
    standing = overrule(session, scores)
    sentiments = [_part(score, _SCORE_COLUMNS) | {"scored_at": now} for score in standing]
    upsert(session, Score, ("mention_id",), sentiments)
    complaints = [_part(score, _COMPLAINT_COLUMNS) for score in standing]
    upsert(session, Complaint, ("mention_id",), complaints)
    session.execute(
        update(Mention)
        .where(col(Mention.id).in_([score.mention_id for score in scores]))
        .values(stage=DONE, lease_owner=None, lease_until=None)
    )
    return standing


def release_leases(session: Session, owner: str | None = None) -> None:
    """Free the scoring leases of ``owner``, who is dead; every one without an owner."""
    statement = (
        update(Mention)
        .where(col(Mention.stage) == TO_SCORE)
        .values(lease_owner=None, lease_until=None)
    )
    if owner is not None:
        statement = statement.where(col(Mention.lease_owner) == owner)
    session.execute(statement)


def release_source_leases(session: Session, source_id: int, *, owner_prefix: str) -> None:
    """Free the scoring leases on one source of owners that can no longer be alive."""
    session.execute(
        update(Mention)
        .where(
            col(Mention.stage) == TO_SCORE,
            col(Mention.source_id) == source_id,
            col(Mention.lease_owner).startswith(owner_prefix, autoescape=True),
        )
        .values(lease_owner=None, lease_until=None)
    )


def count_waiting(
    session: Session, *, is_backfill: bool | None = None, source_id: int | None = None
) -> int:
    """Count mentions that wait for their score."""
    query = select(func.count()).select_from(Mention).where(col(Mention.stage) == TO_SCORE)
    if is_backfill is not None:
        query = query.where(col(Mention.is_backfill).is_(is_backfill))
    if source_id is not None:
        query = query.where(Mention.source_id == source_id)
    return int(session.exec(query).one())


def count_mentions(session: Session) -> int:
    """Count every stored mention."""
    return int(session.exec(select(func.count()).select_from(Mention)).one())


def _judged() -> Any:
    return (
        select_columns(
            Mention.id,
            col(Source.key).label("source_key"),
            col(Source.name).label("source_name"),
            Source.group_name,
            Mention.story_id,
            Mention.url,
            Mention.title,
            Mention.text,
            Mention.author_hash,
            Mention.author_name,
            Mention.author_followers,
            Mention.author_verified,
            Mention.event_at,
            Mention.collected_at,
            Mention.is_backfill,
            Mention.likes,
            Mention.reposts,
            Mention.comments,
            Mention.views,
            Match.product,
            col(Score.label).label("label"),
            Score.negative,
            Score.is_negative,
            Complaint.is_complaint,
            Complaint.type,
            Complaint.severity,
        )
        .join(Source, col(Source.id) == Mention.source_id)
        .join(Match, col(Match.mention_id) == Mention.id)
        .join(Score, col(Score.mention_id) == Mention.id)
        .join(Complaint, col(Complaint.mention_id) == Mention.id)
    )


def mentions_between(
    session: Session,
    *,
    brand_id: int,
    since: datetime,
    until: datetime,
    limit: int,
    negative_only: bool = False,
    topic: str = "all",
    source_group: str = "all",
) -> list[JudgedMention]:
    """Return scored mentions of a brand by event time, oldest first, at most ``limit``.

    ``topic`` is a complaint type, ``source_group`` a group of sources; "all" takes every one.
    """
    query = _judged().where(
        Match.brand_id == brand_id,
        col(Mention.event_at) >= since,
        col(Mention.event_at) < until,
        Mention.stage == DONE,
    )
    if negative_only:
        query = query.where(col(Score.is_negative))
    if topic != "all":
        query = query.where(col(Complaint.is_complaint), Complaint.type == topic)
    if source_group != "all":
        query = query.where(Source.group_name == source_group)
    return records_from(
        JudgedMention,
        session.execute(query.order_by(col(Mention.event_at), col(Mention.id)).limit(limit)),
    )


def judged_mention(session: Session, *, mention_id: int, brand_id: int) -> JudgedMention | None:
    """Return one scored mention of a brand, unless its time is unknown."""
    query = _judged().where(
        Mention.id == mention_id, Match.brand_id == brand_id, col(Mention.event_at).is_not(None)
    )
    found = records_from(JudgedMention, session.execute(query))
    return found[0] if found else None


def rules_of(session: Session, mention_ids: Sequence[int]) -> dict[int, frozenset[str]]:
    """Return the rules that spoke in the complaint judgement of each mention."""
    found: dict[int, frozenset[str]] = {}
    for start in range(0, len(mention_ids), 500):
        query = select(Complaint.mention_id, Complaint.reasons).where(
            col(Complaint.mention_id).in_(mention_ids[start : start + 500])
        )
        for mention_id, reasons in session.exec(query):
            found[mention_id] = frozenset(str(one["rule"]) for one in reasons)
    return found


def judged_for_brands(session: Session, mention_id: int) -> list[tuple[JudgedMention, int]]:
    """Return a scored mention with the id of each brand it means; nothing if it has no time."""
    brands = session.exec(
        select(Match.brand_id).where(Match.mention_id == mention_id).order_by(col(Match.brand_id))
    ).all()
    found = [(judged_mention(session, mention_id=mention_id, brand_id=id_), id_) for id_ in brands]
    return [(mention, id_) for mention, id_ in found if mention is not None]


def spoken_between(
    session: Session,
    *,
    brand_id: int,
    since: datetime,
    until: datetime,
    mention_id: int | None,
    limit: int,
) -> list[SpokenMention]:
    """Return the negatives of a brand, and all of the story of ``mention_id``, by event time."""
    parent = aliased(Mention)
    story = select(Mention.story_id).where(Mention.id == mention_id).scalar_subquery()
    known = or_(*(one.is_not(None) for one in _COUNTED))
    query = (
        select_columns(
            Mention.id,
            col(Source.name).label("source_name"),
            Mention.event_at,
            Mention.author_hash,
            Mention.author_followers,
            case((known, sum(func.coalesce(one, 0) for one in _COUNTED))).label("interactions"),
            col(parent.id).label("parent_id"),
            Mention.is_repost,
        )
        .join(Source, col(Source.id) == Mention.source_id)
        .join(Match, col(Match.mention_id) == Mention.id)
        .join(Score, col(Score.mention_id) == Mention.id)
        .outerjoin(
            parent,
            and_(
                col(parent.source_id) == Mention.source_id,
                col(parent.external_id) == Mention.parent_external_id,
            ),
        )
        .where(
            Match.brand_id == brand_id,
            col(Mention.event_at) >= since,
            col(Mention.event_at) < until,
            or_(col(Score.is_negative), col(Mention.story_id) == story),
        )
        .order_by(col(Mention.event_at), col(Mention.id))
        .limit(limit)
    )
    return records_from(SpokenMention, session.execute(query))


_COUNTED = (col(Mention.likes), col(Mention.reposts), col(Mention.comments))


def speakers(
    session: Session, mention_ids: Sequence[int], *, wanted: Collection[int], followers: int
) -> dict[int, Speaker]:
    """Return who says those of the mentions that may alarm alone, by id.

    They are those ``wanted`` in any case, those of a source that is not just people, and those of
    authors with so many followers. Imported files are never among them.
    """
    query = (
        select_columns(
            Mention.id,
            Mention.title,
            Mention.text,
            col(Mention.author_followers).label("followers"),
            col(Source.kind).label("source_kind"),
        )
        .join(Source, col(Source.id) == Mention.source_id)
        .where(
            col(Mention.id).in_(mention_ids),
            Source.spider != IMPORT,
            or_(
                col(Mention.id).in_(wanted),
                col(Mention.author_followers) >= followers,
                col(Source.kind) != "people",
            ),
        )
    )
    return {
        row.id: Speaker(
            id=row.id,
            source_kind=row.source_kind,
            followers=row.followers,
            text=f"{row.title or ''}\n{row.text}",
        )
        for row in session.execute(query)
    }


def baseline_texts(
    session: Session, *, brand_id: int, since: datetime, until: datetime, limit: int
) -> list[str]:
    """Return texts of a brand before an episode, newest first: what is normally said."""
    query = (
        select(Mention.title, Mention.text)
        .join(Match, col(Match.mention_id) == Mention.id)
        .where(
            Match.brand_id == brand_id,
            col(Mention.event_at) >= since,
            col(Mention.event_at) < until,
        )
        .order_by(col(Mention.event_at).desc(), col(Mention.id))
        .limit(limit)
    )
    return [f"{title or ''}\n{text_}" for title, text_ in session.exec(query)]


def group_weights(session: Session, *, brand_id: int, since: datetime) -> dict[int, int]:
    """Return how many mentions of the brand each source gave since then.

    Imported files do not count: they are not heard, so they cannot fall silent.
    """
    query = (
        select(Mention.source_id, func.count())
        .join(Match, col(Match.mention_id) == Mention.id)
        .join(Source, col(Source.id) == Mention.source_id)
        .where(
            Match.brand_id == brand_id,
            col(Mention.event_at) >= since,
            Source.spider != IMPORT,
        )
        .group_by(col(Mention.source_id))
    )
    return {row[0]: int(row[1]) for row in session.exec(query)}


def search_mentions(session: Session, words: str, *, limit: int = 20) -> list[tuple[int, str]]:
    """Return (id, text) of mentions that hold all of ``words``, newest first.

    Two-character Chinese words are found; both scripts, widths and cases are alike.
    """
    terms = search_terms(words).split()
    if not terms:
        return []
    if session.get_bind().dialect.name == "postgresql":
        condition = text("to_tsvector('simple', search) @@ to_tsquery('simple', :query)")
        query_text = " & ".join("'" + term.replace("'", "") + "'" for term in terms)
    else:
        condition = text(
            "id IN (SELECT rowid FROM mention_search WHERE mention_search MATCH :query)"
        )
        query_text = " ".join('"' + term.replace('"', "") + '"' for term in terms)
    query = (
        select_columns(literal_column("id"), literal_column("text"))
        .select_from(Mention)
        .where(condition.bindparams(query=query_text))
        .order_by(literal_column("event_at").desc().nulls_last(), literal_column("id"))
        .limit(limit)
    )
    return [(int(row[0]), str(row[1])) for row in session.execute(query)]
