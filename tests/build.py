"""Makes what tests need through the product's own functions: mentions, scores, brands."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from listener.items import MentionItem, Precision
from listener.matching.brand import BrandWords
from listener.matching.matcher import BrandMatcher
from listener.pipeline import (
    CollectedFrom,
    Understanding,
    judge,
    save_judged,
    store_items,
    texts_of,
)
from listener.scoring.protocol import Sentiment
from listener.store import brands, mentions, sources
from listener.store.engine import unit_of_work

BRAND = "b"


def set_up(engine: Engine, now: datetime, *, interval_s: int = 60) -> Understanding:
    """One brand 澜白, one source 'forum' that has succeeded once."""
    with unit_of_work(engine) as session:
        ids = brands.sync_brands(session, [(BRAND, "澜白", {})])
        settings = sources.SourceSettings(
            key="forum",
            name="社区",
            spider="feed",
            group_name="forum",
            interval_s=interval_s,
            is_enabled=True,
        )
        sources.sync_sources(session, [settings], now)
    return Understanding(
        brands=BrandMatcher([BrandWords(key=BRAND, names=["澜白"])]),
        brand_ids=ids,
        pseudonym_key=b"k" * 32,
        keep_author_names=False,
        bound={},
    )


def item(number: int, text: str, posted_at: datetime | None, **values: Any) -> MentionItem:
    """A post about the brand."""
    defaults: dict[str, Any] = {
        "author_id": f"author-{number}",
        "posted_precision": Precision.SECOND,
        "url": f"https://forum.example/{number}",
    }
    return MentionItem(
        source_id=f"post-{number}", text=text, posted_at=posted_at, **(defaults | values)
    )


def store(
    engine: Engine,
    understanding: Understanding,
    items: list[MentionItem],
    now: datetime,
    *,
    is_backfill: bool = False,
    source_id: int = 1,
) -> int:
    """Store items as the crawler does."""
    origin = CollectedFrom(
        source_id=source_id,
        source_key="forum",
        spider="feed",
        collected_at=now,
        is_backfill=is_backfill,
    )
    with unit_of_work(engine) as session:
        return store_items(session, items, origin, understanding)


def score_all(engine: Engine, now: datetime, *, negative: float = 0.9) -> int:
    """Score whatever waits; every text gets the same sentiment, complaints are really judged."""
    done = 0
    while True:
        with unit_of_work(engine) as session:
            batch = mentions.claim_to_score(
                session, owner="t", now=now, lease=timedelta(minutes=1), limit=200
            )
        if not batch:
            return done
        label = "negative" if negative >= 0.5 else "positive"
        sentiments = [
            Sentiment(
                negative=negative,
                neutral=0.0,
                positive=1 - negative,
                label=label,
                evidence=(),
                scorer="test@1",
            )
            for _ in texts_of(batch)
        ]
        with unit_of_work(engine) as session:
            save_judged(session, judge(batch, sentiments), now=now)
        done += len(batch)
