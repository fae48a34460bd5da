"""Feeds stored history to the forecast and to the record of past outlooks; changes nothing."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session

from listener.campaigns import NO_CALENDAR, Calendar
from listener.detect.forecast import HOUR, Forecast, Heard, forecast
from listener.detect.trend import HOUR as HOUR_BUCKETS
from listener.detect.trend import LOOKS_BACK, came_true
from listener.heard import heard_buckets
from listener.store import findings, series
from listener.store.records import FindingRecord, SeriesRecord
from listener.store.rows import BUCKET, bucket_start

# The rhythm of a year ago is another one; older weeks weigh next to nothing.
HISTORY = timedelta(days=70)
PAST_CRISES = timedelta(days=180)
LONGEST_CRISIS = timedelta(days=2)
# With fewer outlooks than this a brand has no record of its own yet.
LEAST_TRIED = 20


def heard_hours(
    session: Session, one: SeriesRecord, now: datetime, *, negatives: bool = False
) -> list[Heard]:
    """Return the complete hours of a series before ``now`` with their coverage, oldest first."""
    until = now.replace(minute=0, second=0, microsecond=0)
    since = series.first_bucket_at(session, one.id, since=now - HISTORY)
    if since is None:
        return []
    since = since.replace(minute=0, second=0, microsecond=0) + HOUR
    hours: list[Heard] = []
    count, coverage, seen = 0, 0.0, 0
    for bucket in heard_buckets(session, one, since, until, now=now):
        count += bucket.negatives if negatives else bucket.mentions
        coverage += bucket.coverage
        seen += 1
        if seen == HOUR // BUCKET:
            hours.append(Heard(bucket.start + BUCKET - HOUR, count, coverage / seen))
            count, coverage, seen = 0, 0.0, 0
    return hours


def forecast_series(
    session: Session,
    one: SeriesRecord,
    *,
    tz: ZoneInfo,
    now: datetime,
    calendar: Calendar = NO_CALENDAR,
    negatives: bool = False,
) -> tuple[Forecast | None, float]:
    """Return the forecast of a brand's series and the days of history it rests on.

    The forecast is None with less than two weeks of them.
    """
    hours = heard_hours(session, one, now, negatives=negatives)
    made = forecast(
        hours, tz, calendar.rest, lambda start: calendar.allowance(one.brand_key, start)
    )
    return made, len(hours) / 24.0


def outlook_record(session: Session, brand_id: int, now: datetime) -> list[bool]:
    """Return of every outlook in the brand's past crises, a half hour apart, if it came true."""
    series_id = series.overall_id(session, brand_id)
    found: list[bool] = []
    for crisis in findings.ended_since(session, series_id=series_id, since=now - PAST_CRISES):
        if crisis.ended_at is None:
            continue
        end = min(crisis.ended_at, crisis.started_at + LONGEST_CRISIS)
        since = bucket_start(crisis.started_at - LOOKS_BACK * BUCKET)
        until = bucket_start(min(end + HOUR, now))
        stored = series.load_buckets(session, series_id, since=since, until=until)
        starts = [since + index * BUCKET for index in range(int((until - since) / BUCKET))]
        counts = (stored.get(start) for start in starts)
        negatives = [one.negatives if one else 0 for one in counts]
        found += came_true(negatives, usual=usual_negatives(crisis))
    return found


def usual_negatives(crisis: FindingRecord) -> float:
    """Return how many negatives an hour normally holds at the peak of a crisis."""
    return HOUR_BUCKETS * float(crisis.judgement.get("baseline_mean", 0.0))
