from datetime import UTC, datetime, timedelta

import pytest

from listener.items import Precision
from listener.text.times import read_time

COLLECTED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("raw", "instant", "precision"),
    [
        ("Sat Nov 21 10:00:00 +0800 2026", at(2026, 11, 21, 2), "second"),
        ("刚刚", COLLECTED, "minute"),
        ("5分钟前", COLLECTED - timedelta(minutes=5), "minute"),
        ("3小时前", COLLECTED - timedelta(hours=3), "hour"),
        ("今天 10:05", at(2026, 1, 2, 2, 5), "minute"),
        ("昨天 10:04", at(2026, 1, 1, 2, 4), "minute"),
        ("11-21 10:05", at(2025, 11, 21, 2, 5), "minute"),
        ("11月21日 10:05", at(2025, 11, 21, 2, 5), "minute"),
        ("2026年11月21日 10:05", at(2026, 11, 21, 2, 5), "minute"),
        ("2026/11/20 9:05", at(2026, 11, 20, 1, 5), "minute"),
        ("2026年11月20日 下午3:20", at(2026, 11, 20, 7, 20), "minute"),
        ("Sun Apr  3 21:04:15 2016", at(2016, 4, 3, 13, 4, 15), "second"),
        ("1763740800", at(2025, 11, 21, 16), "second"),
        ("1763740800000", at(2025, 11, 21, 16), "second"),
        ("20230821T194500Z", at(2023, 8, 21, 19, 45), "second"),
        ("2026-05-28T06:25:43-07:00", at(2026, 5, 28, 13, 25, 43), "second"),
        ("Tue, 27 Dec 2005 13:08:54+0900", at(2005, 12, 27, 4, 8, 54), "second"),
        ("2005-5-28 16:05:36", at(2005, 5, 28, 8, 5, 36), "second"),
        ("Tue, 27 Dec 2005 13:08:54 GMT", at(2005, 12, 27, 13, 8, 54), "second"),
        ("2026-11", at(2026, 10, 31, 16), "month"),
        ("02-29", at(2024, 2, 28, 16), "day"),
    ],
)
def test_times_seen_in_the_wild_are_read(raw, instant, precision):
    assert read_time(raw, collected_at=COLLECTED) == (instant, Precision(precision))


@pytest.mark.parametrize("raw", ["", "x", "2026-02-30", "昨", "99999999999999999999"])
def test_what_is_no_time_is_none(raw):
    assert read_time(raw, collected_at=COLLECTED) is None


def test_a_date_without_a_year_is_never_in_the_future():
    new_year = datetime(2026, 12, 31, 16, 30, tzinfo=UTC)  # already 1 January in China
    assert read_time("01-01 00:10", collected_at=new_year) == (at(2026, 12, 31, 16, 10), "minute")
    assert read_time("12-31 23:00", collected_at=new_year) == (at(2026, 12, 31, 15), "minute")
