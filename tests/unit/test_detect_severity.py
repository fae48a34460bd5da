"""What follows from judgements: episodes and severities."""

from datetime import UTC, datetime, timedelta

import pytest

from listener.detect.episodes import episodes
from listener.detect.severity import SeverityReason, crisis_severity
from listener.detect.types import Judgement

START = datetime(2025, 3, 3, tzinfo=UTC)
CALM = Judgement(
    start=START,
    score=0.0,
    is_on=False,
    turned_on=False,
    turned_off=False,
    window_buckets=6,
    observed=1,
    total=10,
    expected=1.0,
    expected_baseline=1.0,
    expected_share=1.0,
    expected_by="baseline",
    usual_share=0.1,
    coverage=1.0,
    baseline_hour=0,
    is_weekend=False,
    baseline_mean=0.2,
    baseline_total=2.0,
    is_outage=False,
)


def run(*scores: float | None) -> list[Judgement]:
    """Return judgements, off where the score is None."""
    return [
        CALM._replace(
            start=START + number * timedelta(minutes=5),
            score=score or 0.0,
            is_on=score is not None,
        )
        for number, score in enumerate(scores)
    ]


def test_an_episode_lasts_from_on_to_off() -> None:
    judgements = run(None, 5.0, 9.0, 3.0, None, None)
    (found,) = episodes(judgements)
    assert (found.start, found.end) == (judgements[1].start, judgements[4].start)
    assert (found.first, found.peak, found.peak_score) == (judgements[1], judgements[2], 9.0)


def test_an_episode_that_goes_on_has_no_end() -> None:
    judgements = run(5.0, None, 7.0, 6.0)
    first, second = episodes(judgements)
    assert first.end == judgements[1].start
    assert (second.start, second.end, second.peak_score) == (judgements[2].start, None, 7.0)


def test_calm_has_no_episodes() -> None:
    assert episodes(run(None, None)) == []
    assert episodes([]) == []


@pytest.mark.parametrize(
    ("score", "observed", "expected", "groups", "severity", "reason"),
    [
        (4.5, 8, 1.0, 1, "serious", SeverityReason.CRISIS_ON),
        (5.9, 100, 1.0, 1, "serious", SeverityReason.CRISIS_ON),
        (6.0, 25, 5.0, 1, "urgent", SeverityReason.FAR_ABOVE_EXPECTED),
        (6.0, 24, 5.0, 1, "serious", SeverityReason.CRISIS_ON),
        (6.0, 20, 1.0, 1, "serious", SeverityReason.CRISIS_ON),
        (6.0, 21, 1.0, 1, "urgent", SeverityReason.FAR_ABOVE_EXPECTED),
        (10.0, 8, 1.0, 1, "urgent", SeverityReason.EXTREME_SCORE),
        (4.5, 8, 1.0, 2, "urgent", SeverityReason.SEVERAL_SOURCE_GROUPS),
    ],
)
def test_severity_has_a_named_reason(
    score: float,
    observed: int,
    expected: float,
    groups: int,
    severity: str,
    reason: SeverityReason,
) -> None:
    judgement = CALM._replace(is_on=True, score=score, observed=observed, expected=expected)
    verdict = crisis_severity(judgement, source_groups=groups)
    assert verdict is not None
    assert (verdict.severity, verdict.reason) == (severity, reason)


def test_there_is_no_severity_while_the_alert_is_off() -> None:
    assert crisis_severity(CALM._replace(score=50.0, observed=1000), source_groups=3) is None
