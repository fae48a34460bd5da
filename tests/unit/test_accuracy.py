from datetime import UTC, datetime, timedelta

import pytest

from listener.accuracy import Share, alert_part, wilson
from listener.backtest import Labelled, Outcome, Rule, labelled
from listener.detect.episodes import Episode
from listener.detect.settings import CrisisSettings
from listener.store.records import LabelledAlert
from tests.integration.test_backtest import CALM

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("right", "total", "low", "high"),
    # Checked against the closed form in Newcombe (1998), table I.
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (29, 29, 0.8830, 1.0),
    ],
)
def test_the_interval_is_wilsons(right, total, low, high):
    assert wilson(right, total) == pytest.approx((low, high), abs=1e-4)


def test_no_share_is_told_below_ten_labels():
    few = Share(7, 9)
    assert (few.value, few.interval, few.missing) == (None, None, 1)
    assert Share(7, 10).value == 0.7


def span(minutes, lasts=30, incident=1, *, is_right):
    start = NOW + timedelta(minutes=minutes)
    return LabelledAlert(
        incident_id=incident,
        series_id=1,
        is_right=is_right,
        started_at=start,
        ended_at=start + timedelta(minutes=lasts),
    )


def test_an_incident_counts_once_however_many_findings_it_has():
    known = [span(0, is_right=True), span(9, is_right=True), span(0, incident=2, is_right=False)]
    part = alert_part(known)
    assert (part.labels, part.shares["precision"]) == (2, Share(1, 2))


def test_a_rules_alerts_are_held_against_what_was_on_at_the_time():
    def alert(minutes, lasts=20):
        start = NOW + timedelta(minutes=minutes)
        end = None if lasts is None else start + timedelta(minutes=lasts)
        return Episode(start, end, 5.0, CALM, CALM)

    alerts = (alert(50), alert(400), alert(1000), alert(1500, None))
    outcome = Outcome(Rule("normal", CrisisSettings()), alerts, 1.0)
    known = [
        span(0, is_right=True),
        span(0, incident=2, is_right=False),
        span(395, incident=3, is_right=False),
        span(1550, incident=4, is_right=True),
    ]
    held = labelled(outcome, known, until=NOW + timedelta(minutes=1540))
    assert held == Labelled(right=2, wrong=1, unlabelled=1)
    assert held.precision == Share(2, 3)
