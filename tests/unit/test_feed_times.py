from datetime import UTC, datetime

import pytest

from listener.text.feed_times import read_feed_time
from listener.text.times import CHINA

COLLECTED = datetime(2026, 11, 22, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("raw", "instant", "precision"),
    [
        ("Tue, 27 Dec 2005 13:08:54+0900", "2005-12-27T04:08:54", "second"),
        ("27 Dec 05 13:08 GMT", "2005-12-27T13:08:00", "minute"),
        ("Tue, 27 Dec 99 13:08:54 EST", "1999-12-27T18:08:54", "second"),
        ("Tue, 27 Dec 2005", "2005-12-26T16:00:00", "day"),
        ("Tue Dec 27 13:08:54 CST 2005", "2005-12-27T05:08:54", "second"),
        ("Sat Nov 21 10:00:00 +0800 2026", "2026-11-21T02:00:00", "second"),
        ("星期五, 20 十一月 2026 08:00:00 +0800", "2026-11-20T00:00:00", "second"),
        ("周五, 20 2月 2026 08:00:00 GMT+8", "2026-02-20T00:00:00", "second"),
        ("Tue, 27 Dec 2005 13:08:54 GMT+0800 (CST)", "2005-12-27T05:08:54", "second"),
        ("2005-5-28 16:05:36", "2005-05-28T08:05:36", "second"),
        ("2026-11-20 下午 03:20:11", "2026-11-20T07:20:11", "second"),
        ("2026年11月20日 上午12:20", "2026-11-19T16:20:00", "minute"),
        ("December 27th, 2005 1:08 p.m.", "2005-12-27T05:08:00", "minute"),
        ("27-Dec-2005 13:08:54", "2005-12-27T05:08:54", "second"),
        ("12/27/2005 13:08:54", "2005-12-27T05:08:54", "second"),
        ("2005-12-27T24:00:00Z", "2005-12-28T00:00:00", "second"),
        ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59", "second"),
        ("20051227", "2005-12-26T16:00:00", "day"),
        ("2005-12", "2005-11-30T16:00:00", "month"),
        ("1763740800", "2025-11-21T16:00:00", "second"),
        ("昨天 10:04", "2026-11-21T02:04:00", "minute"),
    ],
)
def test_times_of_feeds_are_read(raw, instant, precision):
    found = read_feed_time(raw, collected_at=COLLECTED, zone=CHINA)
    assert found == (datetime.fromisoformat(instant).replace(tzinfo=UTC), precision)


@pytest.mark.parametrize(
    "raw", ["", "soon", "2026-02-30", "27 Dec 0005", "2026-11-20 99:99", "9" * 300]
)
def test_what_is_no_time_is_none(raw):
    assert read_feed_time(raw, collected_at=COLLECTED, zone=CHINA) is None


def test_cst_is_american_for_sources_elsewhere():
    found = read_feed_time("27 Dec 2005 13:08 CST", collected_at=COLLECTED, zone=UTC)
    assert found == (datetime(2005, 12, 27, 19, 8, tzinfo=UTC), "minute")
