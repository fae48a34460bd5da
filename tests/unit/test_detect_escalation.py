"""The rules that raise an incident by what is said in it."""

from datetime import UTC, datetime, timedelta

import pytest

from listener.detect.escalation import RaiseReason, Voice, escalate, independent

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


def voices(count, *, minutes=10, **values):
    """So many people, each with a text of their own."""
    defaults = {"platform": "weibo", "severity": "general"}
    at = NOW - timedelta(minutes=minutes)
    made = []
    for n in range(count):
        who = {"author": f"a{n}-{minutes}{values}", "story": f"s{n}-{minutes}{values}", "at": at}
        made.append(Voice(**(defaults | who | values)))
    return made


def reason(said, mentions=0):
    found = escalate(said, mentions=mentions, now=NOW)
    return None if found is None else (found.severity, found.reason, found.figure)


@pytest.mark.parametrize(
    ("enough", "too_few", "raised"),
    [
        (
            voices(3, severity="serious"),
            voices(2, severity="serious"),
            ("serious", RaiseReason.SERIOUS_TEXTS, 3),
        ),
        (
            voices(3, rules=frozenset({"S3"})),
            voices(2, rules=frozenset({"S3"})),
            ("serious", RaiseReason.LEGAL_WORDS, 3),
        ),
        (
            voices(1, followers=100_000),
            voices(1, followers=99_999),
            ("serious", RaiseReason.LOUD_AUTHOR, 100_000),
        ),
        (
            voices(2, severity="urgent"),
            voices(1, severity="urgent"),
            ("urgent", RaiseReason.URGENT_AUTHORS, 2),
        ),
        (
            voices(20, faults=frozenset({"无法开机"})),
            voices(19, faults=frozenset({"无法开机"})),
            ("urgent", RaiseReason.SAME_FAULT, 20),
        ),
        (
            voices(2, reach=500_000),
            voices(2, reach=499_999),
            ("urgent", RaiseReason.REACH, 1_000_000),
        ),
        (
            voices(1, is_media=True, rules=frozenset({"U4"})),
            voices(1, is_media=True),
            ("urgent", RaiseReason.AUTHORITY_ACTS, 1),
        ),
        (
            voices(1) + voices(2, platform="zhihu"),
            voices(1) + voices(1, platform="zhihu"),
            ("serious", RaiseReason.SECOND_PLATFORM, 2),
        ),
    ],
)
def test_each_rule_raises_at_its_figure_and_not_below(enough, too_few, raised):
    assert reason(enough) == raised
    assert reason(too_few) is None


def test_a_second_platform_after_four_hours_is_no_fast_spread():
    early = voices(1, minutes=5 * 60)
    assert reason(early + voices(2, platform="zhihu", minutes=10)) is None
    assert reason(early + voices(2, platform="zhihu", minutes=61)) is not None


def test_the_share_counts_only_with_enough_texts():
    assert reason(voices(8), mentions=20) == ("serious", RaiseReason.NEGATIVE_SHARE, 40)
    assert reason(voices(8), mentions=19) is None
    assert reason(voices(7), mentions=20) is None


def test_volume_that_doubles_three_hours_in_a_row_is_urgent():
    hours = [voices(n, minutes=60 * back + 30) for back, n in enumerate((16, 8, 4, 2))]
    flat = [one for hour in hours for one in hour]
    assert reason(flat) == ("urgent", RaiseReason.DOUBLING, 16)
    assert reason(flat[1:]) is None
    assert reason([one for hour in hours[:3] for one in hour]) is None


def test_what_is_older_than_a_day_no_longer_counts():
    assert reason(voices(3, severity="serious", minutes=24 * 60)) is None
    assert reason(voices(3, severity="serious", minutes=24 * 60 - 1)) is not None


def test_one_author_repeating_a_story_counts_once():
    same = voices(3, author="a", story="s", severity="serious")
    assert reason(same) is None


def test_a_flood_of_near_equal_texts_counts_once_and_raises_nothing():
    flood = voices(30, story="copied", severity="urgent", faults=frozenset({"无法开机"}))
    assert len(independent(flood)) == 1
    assert reason(flood) is None
    assert reason(flood + voices(1, severity="urgent")) == (
        "urgent",
        RaiseReason.URGENT_AUTHORS,
        2,
    )


def test_nothing_said_raises_nothing():
    assert reason([]) is None
