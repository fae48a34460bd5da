"""Tables of counts as rows of text, as in exports and evaluation data, into buckets."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import mode

from listener.detect.types import Bucket

_DAY = timedelta(days=1)
_MENTION_COLUMNS = ("authors", "total")
_NEGATIVE_COLUMNS = ("neg_authors", "negative")
_VALUE_COLUMN = "value"


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


def has_values_only(rows: Sequence[Mapping[str, str]]) -> bool:
    """Say whether the rows are plain ``timestamp,value`` pairs: mentions of whatever tone."""
    return bool(rows) and _VALUE_COLUMN in rows[0] and not set(_MENTION_COLUMNS) & set(rows[0])


def snapped(rows: Sequence[Mapping[str, str]]) -> tuple[list[dict[str, str]], dict[datetime, str]]:
    """Put rows on an even grid, so that clocks that drift or repeat an hour lose no series.

    Returns the rows in rising order, one for each bucket (of several the last counts), and for
    each bucket the first timestamp that was given for it, as it was written. Raises ``ValueError``
    naming a row whose timestamp cannot be read.
    """
    stamps = [_instant(row, number) for number, row in enumerate(rows, start=1)]
    order = sorted(range(len(rows)), key=lambda index: stamps[index])
    if not order:
        return [], {}
    first = stamps[order[0]]
    step = _usual_distance([stamps[index] for index in order])
    kept: dict[datetime, dict[str, str]] = {}
    given: dict[datetime, str] = {}
    for index in order:
        start = first + (stamps[index] - first) // step * step
        given.setdefault(start, rows[index]["timestamp"].strip())
        kept[start] = {**rows[index], "timestamp": start.isoformat()}
    return list(kept.values()), given


def bucket_minutes_of(buckets: Sequence[Bucket]) -> int:
    """Return the length in minutes of buckets without holes; 5 if there are fewer than two."""
    if len(buckets) < 2:
        return 5
    return round((buckets[1].start - buckets[0].start) / timedelta(minutes=1))


def _instant(row: Mapping[str, str], number: int) -> datetime:
    try:
        start = datetime.fromisoformat(row["timestamp"].strip())
    except KeyError as error:
        raise ValueError(f"row {number}: column {error.args[0]!r} is missing") from error
    except ValueError as error:
        raise ValueError(f"row {number}: {error}") from error
    return start.replace(tzinfo=UTC) if start.tzinfo is None else start.astimezone(UTC)


def _read(row: Mapping[str, str], number: int) -> Bucket:
    start = _instant(row, number)
    try:
        if _VALUE_COLUMN in row and not set(_MENTION_COLUMNS) & set(row):
            return Bucket(start, mentions=round(float(row[_VALUE_COLUMN])), negatives=0)
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
    return _usual_distance([bucket.start for bucket in buckets])


def _usual_distance(starts: Sequence[datetime]) -> timedelta:
    steps = [later - earlier for earlier, later in pairwise(starts)]
    steps = [step for step in steps if timedelta(0) < step <= _DAY]
    return mode(steps) if steps else timedelta(minutes=5)
