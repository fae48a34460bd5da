"""Why an alert was raised, in figures: what every finding explains, whichever channel made it.

Scores stay out: they rank findings and are no probabilities.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from listener.store.records import FindingRecord, JudgedMention
from listener.store.rows import BUCKET

TOP_STORIES = 3


def explanation(finding: FindingRecord) -> dict[str, Any]:
    """Return the figures behind a finding as JSON values; what a channel lacks is None.

    ``expected_by`` says which baseline expected more and so decided: the usual count at this hour
    (``baseline``), or the usual share of all that is said (``share``). ``coverage`` is which share
    of what is usually said could be heard in the window.
    """
    judgement = finding.judgement
    observed, total = judgement.get("observed"), judgement.get("total")
    expected = judgement.get("expected")
    buckets = judgement.get("window_buckets")
    return {
        "channel": finding.channel,
        "window_minutes": None if buckets is None else buckets * (BUCKET // timedelta(minutes=1)),
        "observed": observed,
        "expected": expected,
        "expected_by": judgement.get("expected_by"),
        "expected_baseline": judgement.get("expected_baseline"),
        "expected_share": judgement.get("expected_share"),
        "times": observed / expected if observed is not None and expected else None,
        "share": min(observed / total, 1.0) if observed is not None and total else None,
        "usual_share": judgement.get("usual_share"),
        "coverage": judgement.get("coverage"),
        "hour": judgement.get("baseline_hour"),
        "is_weekend": judgement.get("is_weekend"),
        "rule": judgement["rule"]["name"] if "rule" in judgement else None,
    }


def top_stories(said: Sequence[JudgedMention]) -> list[dict[str, Any]]:
    """Return the stories most authors tell, as (story, mentions, authors, first mention)."""
    stories: dict[int, list[JudgedMention]] = {}
    for one in said:
        stories.setdefault(one.story_id, []).append(one)
    ranked = sorted(
        (
            (-len({one.author_hash or one.id for one in told}), -len(told), story_id)
            for story_id, told in stories.items()
        )
    )
    return [
        {
            "story_id": story_id,
            "mentions": -mentions,
            "authors": -authors,
            "mention": stories[story_id][0],
        }
        for authors, mentions, story_id in ranked[:TOP_STORIES]
    ]


def copies_of(said: Sequence[JudgedMention]) -> Mapping[int, int]:
    """Return how many of the mentions tell each story."""
    return Counter(one.story_id for one in said)
