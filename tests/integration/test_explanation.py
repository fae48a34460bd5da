"""Every finding explains itself: which figures, against what, who said what, and what is unseen."""

import json
from datetime import timedelta

import pytest

from crisis import intake
from listener.config_file import load_config
from listener.store import findings, incidents
from listener.store.engine import read_session, unit_of_work
from tests.build import item, score_all, store
from tests.integration.test_response import CONFIG, NOW, Case

JUDGED = {
    "start": NOW.isoformat(),
    "score": 5.0,
    "observed": 12,
    "total": 14,
    "expected": 3.0,
    "expected_baseline": 0.3,
    "expected_share": 3.0,
    "expected_by": "share",
    "usual_share": 0.15,
    "coverage": 0.6,
    "baseline_hour": 11,
    "is_weekend": True,
    "window_buckets": 6,
}


@pytest.fixture
def case(engine, tmp_path):
    path = tmp_path / "config.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return Case(engine, load_config(path))


def judged(case):
    """Open the incident with everything a finding of the crisis channel carries."""
    copies = [
        item(500 + n, "澜白净化器噪音像拖拉机，客服说是正常现象，大家别买", NOW) for n in range(6)
    ]
    store(case.engine, case.understanding, copies, NOW)
    score_all(case.engine, NOW)
    case.find()
    with unit_of_work(case.engine) as session:
        findings.change_finding(
            session, 1, {"judgement": JUDGED, "changed_at": NOW + timedelta(seconds=90)}
        )
        intake.refresh_open_incidents(session, case.desk, NOW + timedelta(seconds=90))
    with read_session(case.engine) as session:
        return incidents.incident(session, 1)


def test_a_finding_explains_itself_completely(case):
    evidence = judged(case).evidence
    assert evidence["explanation"] == {
        "channel": "crisis",
        "window_minutes": 30,
        "observed": 12,
        "expected": 3.0,
        "expected_by": "share",
        "expected_baseline": 0.3,
        "expected_share": 3.0,
        "times": 4.0,
        "share": 12 / 14,
        "usual_share": 0.15,
        "coverage": 0.6,
        "hour": 11,
        "is_weekend": True,
        "rule": None,
    }
    for part in ("terms", "types", "products", "groups", "quotes", "blind_spots", "stories"):
        assert part in evidence
    assert evidence["first"] is not None
    assert {"band", "gaps", "ended_at"} <= evidence["chart"].keys()


def test_the_top_story_is_what_most_authors_tell(case):
    top = judged(case).evidence["top_stories"][0]
    assert (top["mentions"], top["authors"]) == (6, 6)
    assert "拖拉机" in top["mention"]["text"]


def test_the_alert_says_which_baseline_decided_what_was_heard_and_no_probability(case):
    judged(case)
    *_, (_, _, _, body) = case.messages("alert")
    assert "照此应有 3 条" in body["html"]
    assert "只听到往常的 60%" in body["html"]
    assert "同文" in body["html"]
    assert "概率" not in body["html"]
    assert "5.0" not in body["html"]


def test_the_chart_marks_the_first_post_and_takes_the_chosen_theme(case):
    judged(case)
    *_, (_, _, _, body) = case.messages("alert")
    assert body["chart"]["theme"] == "light"
    assert [mark["label"] for mark in body["chart"]["marks"]] == ["首发"]
    assert json.dumps(body["chart"])
