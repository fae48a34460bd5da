"""Tables of counts as rows of text, as in exports and evaluation data, into buckets."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import mode

from listener.detect.types import Bucket

_DAY = timedelta(days=1)
_MENTION_COLUMNS = ("authors", "total")
_NEGATIVE_COLUMNS = ("neg_authors", "negative")


def rows_to_buckets(rows: Iterable[Mapping[str, str]], bucket_minutes: int = 0) -> list[Bucket]:
    """Return one bucket per stretch of time from the first row to the last.

    Columns: ``timestamp`` (start of the bucket, ``YYYY-MM-DD HH:MM[:SS]``; without an offset it is
    taken as UTC wall clock as it stands), ``total`` and ``negative`` or, preferred because repeats
    are collapsed in them, ``authors`` and ``neg_authors``; optional ``coverage``. With
    ``bucket_minutes`` 0 the length is the commonest distance between rows. Holes become buckets of
    coverage 0. Raises ``ValueError`` naming the row (counted from 1) that cannot be used.
    """
    read = [_read(row, number) for number, row in enumerate(rows, start=1)]
    if not read:
        return []
    step = timedelta(minutes=bucket_minutes) if bucket_minutes else _common_step(read)
    found: list[Bucket] = []
    due = read[0].start
    for number, bucket in enumerate(read, start=1):
        if bucket.start < due or (bucket.start - due) % step:
            raise ValueError(
                f"row {number}: {bucket.start:%Y-%m-%d %H:%M:%S} is not one of the bucket starts,"
                f" every {step} from {read[0].start:%Y-%m-%d %H:%M:%S}, in rising order"
            )
        while due < bucket.start:
            found.append(Bucket(due, 0, 0, coverage=0.0))
            due += step
        found.append(bucket)
        due += step
    return found


def bucket_minutes_of(buckets: Sequence[Bucket]) -> int:
    """Return the length in minutes of buckets without holes; 5 if there are fewer than two."""
    if len(buckets) < 2:
        return 5
    return round((buckets[1].start - buckets[0].start) / timedelta(minutes=1))


def _read(row: Mapping[str, str], number: int) -> Bucket:
    try:
        start = datetime.fromisoformat(row["timestamp"].strip())
        start = start.replace(tzinfo=UTC) if start.tzinfo is None else start.astimezone(UTC)
        return Bucket(
            start,
            mentions=_count(row, _MENTION_COLUMNS),
            negatives=_count(row, _NEGATIVE_COLUMNS),
            coverage=float((row.get("coverage") or "").strip() or 1.0),
        )
    except KeyError as error:
        raise ValueError(f"row {number}: column {error.args[0]!r} is missing") from error
    except ValueError as error:
        raise ValueError(f"row {number}: {error}") from error


def _count(row: Mapping[str, str], columns: tuple[str, ...]) -> int:
    for column in columns:
        text = (row.get(column) or "").strip()
        if text:
            value = float(text)
            if not value.is_integer():
                raise ValueError(f"{column} must be a whole number (got {text!r})")
            return int(value)
    raise KeyError(" or ".join(columns))


def _common_step(buckets: list[Bucket]) -> timedelta:
    """Return the commonest distance, of a day at most; five minutes for a single row."""
    steps = [later.start - earlier.start for earlier, later in pairwise(buckets)]
    steps = [step for step in steps if timedelta(0) < step <= _DAY]
    return mode(steps) if steps else timedelta(minutes=5)
