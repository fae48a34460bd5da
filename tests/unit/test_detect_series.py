"""Rows of text into buckets."""

from datetime import UTC, datetime, timedelta

import pytest

from listener.detect.series import bucket_minutes_of, rows_to_buckets
from listener.detect.types import Bucket

START = datetime(2025, 10, 20, tzinfo=UTC)


def row(minute: int, **columns: str) -> dict[str, str]:
    start = START + timedelta(minutes=minute)
    return {"timestamp": f"{start:%Y-%m-%d %H:%M:%S}", "total": "4", "negative": "1"} | columns


def at(minute: int, mentions: int = 4, negatives: int = 1, coverage: float = 1.0) -> Bucket:
    return Bucket(START + timedelta(minutes=minute), mentions, negatives, coverage)


def test_columns_with_repeats_collapsed_are_preferred() -> None:
    rows = [row(0, authors="3", neg_authors="0", coverage="0.5"), row(5)]
    assert rows_to_buckets(rows) == [at(0, 3, 0, 0.5), at(5)]


def test_empty_cells_are_as_if_absent() -> None:
    assert rows_to_buckets([row(0, authors="", neg_authors=" ", coverage="")]) == [at(0)]


def test_holes_become_uncovered_buckets() -> None:
    found = rows_to_buckets([row(0), row(5), row(20)])
    assert found == [at(0), at(5), at(10, 0, 0, 0.0), at(15, 0, 0, 0.0), at(20)]
    assert bucket_minutes_of(found) == 5


def test_the_length_is_the_commonest_distance_or_as_given() -> None:
    rows = [row(0), row(60), row(120), row(240)]
    assert len(rows_to_buckets(rows)) == 5
    assert len(rows_to_buckets(rows, 30)) == 9
    assert bucket_minutes_of(rows_to_buckets(rows)) == 60


def test_few_rows_and_none_work() -> None:
    assert rows_to_buckets([]) == []
    assert rows_to_buckets([row(0)]) == [at(0)]
    assert bucket_minutes_of([at(0)]) == 5


def test_offsets_are_honoured_and_whole_decimals_read() -> None:
    rows = [row(0, timestamp="2025-10-20T08:00:00+08:00", total="4.0")]
    assert rows_to_buckets(rows) == [at(0)]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([row(0), row(5), row(7)], "row 3: 2025-10-20 00:07:00 is not one of the bucket starts"),
        ([row(5), row(10), row(0)], "row 3: 2025-10-20 00:00:00 is not one of"),
        ([row(0), row(5), row(5)], "row 3: 2025-10-20 00:05:00 is not one of"),
        ([row(0, total="many")], "row 1: could not convert"),
        ([row(0, total="4.5")], "row 1: total must be a whole number \\(got '4.5'\\)"),
        ([row(0, total="inf")], "row 1: total must be a whole number"),
        ([row(0), row(5, negative="9")], "row 2: bucket .* negatives must be between"),
        ([row(0, coverage="2")], "row 1: bucket .* coverage must be 0 to 1"),
        ([row(0, timestamp="soon")], "row 1: Invalid isoformat"),
        ([{"timestamp": "2025-10-20 00:00:00", "count": "1"}], "'authors or total' is missing"),
        ([{"total": "1"}], "row 1: column 'timestamp' is missing"),
    ],
)
def test_a_row_that_cannot_be_used_is_named(rows: list[dict[str, str]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        rows_to_buckets(rows)
