"""What people set right: stored once, counted at once, kept when mentions are judged anew."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from sqlmodel import select

from crisis import corrections, incidents
from crisis.announce import alert_body
from crisis.corrections import Ruling
from crisis.kinds import Outcome
from crisis.topstories import top_stories
from listener.complaints import CLASSIFIER_VERSION
from listener.config_file import load_config
from listener.errors import Conflict, NotAllowed
from listener.rescore import rescore, save_rescored, version_of
from listener.scoring.protocol import Sentiment, label_of
from listener.store import corrections as store
from listener.store import findings, judgements, mentions, series
from listener.store import incidents as incident_store
from listener.store.corrections import Aspect
from listener.store.engine import read_session, unit_of_work
from listener.store.judgements import Outdated
from listener.store.tables import (
    AuditEntry,
    Bucket,
    Complaint,
    Correction,
    Finding,
    Match,
    Mention,
    Score,
)
from tests.build import item, score_all
from tests.build import store as store_items
from tests.integration.test_response import CONFIG, NOW, Case

TAKEOFF = {
    "window_minutes": 60,
    "step_minutes": 10,
    "revisit_minutes": 10,
    "doubling_minutes": 30.0,
    "counters": {"likes": [10, 4000]},
    "standing": {"is_ranked": True, "quantile": 0.995, "peers": 80, "usual_per_hour": 3.0},
}
NOT_OURS = Ruling(aspect=Aspect.BRAND, should_be="not_ours")
OURS = Ruling(aspect=Aspect.BRAND, should_be="ours")


def feeling(label):
    return Ruling(aspect=Aspect.SENTIMENT, should_be=label)


class Team(Case):
    """A brand with an incident, and people who correct it."""

    def say(self, ids, ruling, who="zhou", now=NOW):
        with unit_of_work(self.engine) as session:
            return corrections.correct_mentions(
                session, self.desk, ids, ruling, brand_id=1, actor=self.actor(who), now=now
            )

    def undo(self, number, who="zhou", now=NOW):
        with unit_of_work(self.engine) as session:
            return corrections.take_back(
                session, self.desk, number, actor=self.actor(who), now=now
            )

    def counts(self, topic="all", group="all"):
        """Mentions and negatives over all buckets of a series."""
        with read_session(self.engine) as session:
            ids = [
                one.id
                for one in series.all_series(session)
                if (one.topic, one.source_group) == (topic, group)
            ]
            rows = session.exec(select(Bucket).where(Bucket.series_id.in_(ids))).all()
            return sum(r.mentions for r in rows), sum(r.negatives for r in rows)

    def judgement(self, mention_id):
        with read_session(self.engine) as session:
            return judgements.stored_judgements(session, [mention_id])[mention_id].score

    def rows(self, table):
        with read_session(self.engine) as session:
            return [row.model_dump() for row in session.exec(select(table))]


@pytest.fixture
def team(engine, tmp_path):
    path = tmp_path / "config.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return Team(engine, load_config(path))


def test_a_mention_that_is_not_ours_no_longer_counts_and_returns_when_taken_back(team):
    before = team.rows(Match)
    assert team.counts() == (12, 12)
    (number,) = team.say([1], NOT_OURS)
    assert team.counts() == (11, 11)
    assert team.counts(group="forum") == (11, 11)
    team.undo(number)
    assert team.counts() == (12, 12)
    assert sorted(team.rows(Match), key=str) == sorted(before, key=str)


def test_a_corrected_sentiment_counts_instead_of_the_scorers(team):
    machine = team.judgement(3)
    (number,) = team.say([3], feeling("neutral"))
    assert team.counts() == (12, 11)
    now = team.judgement(3)
    assert (now.label, now.is_negative) == ("neutral", False)
    assert (now.negative, now.scorer) == (machine.negative, machine.scorer)
    team.undo(number)
    assert team.judgement(3) == machine
    assert team.counts() == (12, 12)


def test_a_correction_says_what_the_machine_had_said_by_which_versions(team):
    team.say([3], replace(feeling("positive"), why=" 反话 "))
    team.say([3], feeling("neutral"), who="lin")
    first, second = team.rows(Correction)
    assert (first["was"], first["should_be"], first["why"]) == ("negative", "positive", "反话")
    assert (second["was"], second["by"], second["via"]) == ("positive", "lin", "test")
    for one in (first, second):
        machine = one["machine"]
        assert machine["label"] == "negative"
        assert (machine["scorer"], machine["classifier"]) == ("test@1", CLASSIFIER_VERSION)
        assert len(machine["query"]) == 12
    assert [entry["action"] for entry in team.rows(AuditEntry)] == ["correct", "correct"]


def test_taking_back_the_newest_leaves_the_one_before_in_force(team):
    team.say([3], feeling("positive"))
    (newest,) = team.say([3], feeling("neutral"))
    team.undo(newest)
    assert team.judgement(3).label == "positive"
    assert len(team.rows(Correction)) == 3


def test_saying_the_same_twice_writes_nothing_and_an_undo_works_once(team):
    (number,) = team.say([1], NOT_OURS)
    assert team.say([1], NOT_OURS, who="lin") == []
    team.undo(number)
    with pytest.raises(Conflict) as refused:
        team.undo(number)
    assert refused.value.code == "already_undone"


def test_a_type_and_a_severity_move_between_their_series(team):
    assert team.counts("payment") == (0, 0)
    team.say([2], Ruling(aspect=Aspect.TYPE, should_be="payment"))
    team.say([2], Ruling(aspect=Aspect.SEVERITY, should_be="urgent"))
    one = team.judgement(2)
    assert (one.type, one.severity, one.is_complaint) == ("payment", "urgent", True)
    assert team.counts("payment")[1] == 1
    team.say([2], Ruling(aspect=Aspect.TYPE, should_be="none"))
    one = team.judgement(2)
    assert (one.type, one.severity, one.is_complaint, one.is_negative) == (
        "none",
        "none",
        False,
        False,
    )
    assert team.counts() == (12, 11)
    assert team.rows(Finding) == []


def test_a_severity_of_no_complaint_is_refused(team):
    team.say([2], Ruling(aspect=Aspect.TYPE, should_be="none"))
    with pytest.raises(Conflict, match="--type"):
        team.say([2], Ruling(aspect=Aspect.SEVERITY, should_be="serious"))


def test_a_mention_the_query_missed_becomes_ours_and_is_judged(team):
    posts = [item(50, "这家的洗地机变砖了，开不了机", NOW - timedelta(minutes=3))]
    store_items(team.engine, team.understanding, posts, NOW)
    (number,) = team.say([13], OURS)
    assert score_all(team.engine, NOW) == 1
    assert team.counts() == (13, 13)
    team.undo(number)
    assert team.counts() == (12, 12)


def test_who_may_not_correct_is_refused_and_changes_nothing(team):
    reader = replace(team.actor("adm"), roles=frozenset())
    with pytest.raises(NotAllowed), unit_of_work(team.engine) as session:
        corrections.correct_mentions(
            session, team.desk, [1], NOT_OURS, brand_id=1, actor=reader, now=NOW
        )
    assert team.rows(Correction) == []


def test_unknown_mentions_and_values_are_refused(team):
    with pytest.raises(Conflict, match="no mention 999"):
        team.say([1, 999], NOT_OURS)
    assert team.counts() == (12, 12)
    with pytest.raises(Conflict, match="use one of"):
        Ruling(aspect=Aspect.SENTIMENT, should_be="angry")


def test_the_alert_stops_quoting_what_is_not_ours(team):
    incident_id = team.find()
    with read_session(team.engine) as session:
        incident = incident_store.incident(session, incident_id)
        first = top_stories(session, incident, NOW)
    assert sum(one.count for one in first) == incident.evidence["negatives"]
    with unit_of_work(team.engine) as session:
        ids = corrections.copies_of(session, first[0].mention_id, brand_id=1)
    made = team.say(ids, NOT_OURS)
    assert len(made) == first[0].count
    with read_session(team.engine) as session:
        incident = incident_store.incident(session, incident_id)
        rest = top_stories(session, incident, NOW)
    assert incident.evidence["negatives"] == sum(one.count for one in rest)
    assert first[0].mention_id not in {one.mention_id for one in rest}
    edits = [target for target, *_ in team.messages("alert")]
    assert edits == [None, 1]


def test_a_false_alarm_is_kept_and_closing_it_is_the_leads(team):
    incident_id = team.find()
    ruling = Ruling(aspect=Aspect.ALERT, should_be="false_alarm", why="统计口径变了")
    with unit_of_work(team.engine) as session:
        corrections.correct_alert(session, incident_id, ruling, actor=team.actor("zhou"), now=NOW)
    with pytest.raises(Conflict) as refused, unit_of_work(team.engine) as session:
        corrections.correct_alert(session, incident_id, ruling, actor=team.actor("lin"), now=NOW)
    assert refused.value.code == "already_corrected"
    with read_session(team.engine) as session:
        standing = store.standing_alert(session, incident_id)
        assert incident_store.incident(session, incident_id).is_open
    assert standing.machine["findings"][0]["observed"] == 12
    for who, error in (("zhou", NotAllowed), ("lin", None)):

        def close(who=who):
            with unit_of_work(team.engine) as session:
                incidents.close(
                    session,
                    team.desk,
                    incident_id,
                    actor=team.actor(who),
                    reason="误报",
                    outcome=Outcome.FALSE_ALARM,
                    now=NOW,
                )

        if error:
            with pytest.raises(error):
                close()
        else:
            close()


class Newer:
    """A later version of the scorer, which finds nothing negative but what says 变砖."""

    def __init__(self, stop_after=None):
        self.calls, self.stop_after = 0, stop_after

    def score(self, texts):
        self.calls += 1
        if self.stop_after is not None and self.calls > self.stop_after:
            raise KeyboardInterrupt
        return [self._one("变砖" in one.text) for one in texts]

    def _one(self, is_negative):
        chances = (0.9, 0.1, 0.0) if is_negative else (0.1, 0.8, 0.1)
        return Sentiment(
            negative=chances[0],
            neutral=chances[1],
            positive=chances[2],
            label=label_of(*chances),
            evidence=(),
            scorer="test@2",
        )


OUTDATED = Outdated(scorer="test@2", classifier=CLASSIFIER_VERSION)


def judge_anew(team, scorer, outdated=OUTDATED, batch=5):
    return rescore(team.engine, scorer, outdated, now=lambda: NOW, batch=batch)


def everything(team):
    tables = (Score, Complaint, Bucket, Match)
    return [sorted(str(row) for row in team.rows(table)) for table in tables]


def test_rescoring_keeps_corrections_counts_exactly_and_alerts_nothing(team):
    team.say([1], NOT_OURS)
    team.say([2], feeling("positive"))
    team.say([3], Ruling(aspect=Aspect.TYPE, should_be="payment"))
    done = judge_anew(team, Newer())
    assert done.judged == 12
    assert {row["scorer"] for row in team.rows(Score)} == {"test@2"}
    assert team.judgement(2).label == "positive"
    assert team.judgement(3).type == "payment"
    assert team.counts("payment")[1] == 1
    with read_session(team.engine) as session:
        ids = [row["mention_id"] for row in team.rows(Score)]
        stored = judgements.stored_judgements(session, ids)
    by_hand = sum(one.score.is_negative for key, one in stored.items() if key != 1)
    assert team.counts() == (11, by_hand)
    before = everything(team)
    with unit_of_work(team.engine) as session:
        series.recompute_buckets(session, ids)
    assert everything(team) == before
    assert team.rows(Finding) == []


def test_rescoring_goes_on_where_it_was_broken_off_and_twice_is_once(team):
    with pytest.raises(KeyboardInterrupt):
        judge_anew(team, Newer(stop_after=1))
    assert [row["scorer"] for row in team.rows(Score)].count("test@2") == 5
    scorer = Newer()
    assert version_of(scorer) == "test@2"
    assert judge_anew(team, scorer).judged == 7
    before = everything(team)
    assert judge_anew(team, scorer).judged == 0
    assert everything(team) == before


def test_only_the_named_version_brand_and_time_are_rescored(team):
    for outdated in (
        replace(OUTDATED, version="test@0"),
        replace(OUTDATED, brand_id=77),
        replace(OUTDATED, since=NOW + timedelta(days=1)),
    ):
        assert judge_anew(team, Newer(), outdated).judged == 0
    since = replace(OUTDATED, since=NOW - timedelta(minutes=3), version="test@1", brand_id=1)
    assert judge_anew(team, Newer(), since).judged == 4


def test_what_was_deleted_or_corrected_between_reading_and_writing_is_left_alone(team):
    with read_session(team.engine) as session:
        page = judgements.outdated_page(session, OUTDATED, after_id=0, limit=3)
    stale = [replace(one.score, scorer="test@2", label="neutral") for one in page]
    team.say([2], feeling("positive"))
    with unit_of_work(team.engine) as session:
        for table in (Match, Score, Complaint):
            for row in session.exec(select(table).where(table.mention_id == 1)):
                session.delete(row)
        mentions_gone = mentions.lock_mentions(session, [1])
    assert mentions_gone == [1]
    with unit_of_work(team.engine) as session:
        assert save_rescored(session, stale, OUTDATED, now=NOW)[0] == 2
    assert team.judgement(2).label == "positive"


def test_a_lost_lease_cannot_write_over_a_correction(team):
    machine = team.judgement(4)
    team.say([4], feeling("positive"))
    with unit_of_work(team.engine) as session:
        mentions.save_scores(session, [machine], now=datetime(2026, 11, 22, 4, tzinfo=UTC))
    assert team.judgement(4).label == "positive"


def test_rescoring_beside_a_service_that_collects_scores_and_corrects_counts_exactly(team):
    old = [
        item(200 + n, f"澜白变砖{n}号机，开不了机", NOW - timedelta(minutes=n % 15))
        for n in range(150)
    ]
    store_items(team.engine, team.understanding, old, NOW)
    score_all(team.engine, NOW)
    failures = []

    def serve():
        try:
            for round_ in range(6):
                fresh = [
                    item(1000 + 10 * round_ + n, f"澜白更新后一直重启，{round_}-{n}", NOW)
                    for n in range(10)
                ]
                store_items(team.engine, team.understanding, fresh, NOW)
                score_all(team.engine, NOW)
                team.say([20 + round_], NOT_OURS)
                team.say([40 + round_], feeling("positive"))
        except Exception as error:
            failures.append(error)

    service = Thread(target=serve)
    service.start()
    judge_anew(team, Newer(), batch=7)
    service.join(60)
    assert not service.is_alive()
    assert failures == []
    judge_anew(team, Newer(), batch=50)
    assert {row["scorer"] for row in team.rows(Score)} == {"test@2"}
    assert [team.judgement(40 + n).label for n in range(6)] == ["positive"] * 6
    before = everything(team)
    with unit_of_work(team.engine) as session:
        series.recompute_buckets(session, [row["mention_id"] for row in team.rows(Score)])
    assert everything(team) == before


def test_a_judgement_of_the_classifier_of_today_is_reused_and_one_of_yesterday_is_not(team):
    with unit_of_work(team.engine) as session:
        for row in session.exec(select(Complaint).where(Complaint.mention_id <= 6)):
            row.classifier, row.type, row.is_complaint = "rules-0", "other", False
            row.confidence = 0.1
    team.say([7], Ruling(aspect=Aspect.TYPE, should_be="none"))
    judge_anew(team, Newer())
    for mention_id in range(1, 13):
        with read_session(team.engine) as session:
            stored = judgements.stored_judgements(session, [mention_id])[mention_id]
        if mention_id != 7:
            assert stored.score == corrections.judged_again(stored)
    one = team.judgement(7)
    assert (one.type, one.scorer, one.is_negative) == ("none", "test@2", False)


def test_a_text_that_was_erased_keeps_its_judgement(team):
    (number,) = team.say([2], feeling("positive"))
    with unit_of_work(team.engine) as session:
        for row in session.exec(select(Mention).where(Mention.id <= 2)):
            row.text, row.title = "", None
    assert judge_anew(team, Newer()).judged == 10
    assert team.judgement(1).scorer == "test@1"
    with pytest.raises(Conflict) as refused:
        team.undo(number)
    assert refused.value.code == "no_mention"
    assert team.judgement(2).label == "positive"


def test_a_correction_shows_in_the_alert_even_while_repeats_are_silenced(team):
    incident_id = team.find()
    with unit_of_work(team.engine) as session:
        incidents.mute(session, team.desk, incident_id, actor=team.actor("zhou"), now=NOW)
    team.say([1], NOT_OURS)
    edits = [one for one in team.messages("alert") if one[0] is not None]
    assert [(state, reason) for _, state, reason, _ in edits] == [("pending", None)]


def test_a_correction_leaves_the_post_that_took_off_in_the_alert(team):
    incident_id = team.find()
    with unit_of_work(team.engine) as session:
        rise = findings.changed_findings(session, [incident_id])[0]
        copied = ("brand_id", "severity", "severity_reason", "started_at", "last_on_at")
        counted = ("score", "observed", "expected", "found_at", "changed_at")
        findings.insert_finding(
            session,
            {
                **{name: getattr(rise, name) for name in (*copied, *counted)},
                "natural_key": "taking off",
                "channel": findings.TAKEOFF,
                "mention_id": 2,
                "incident_id": incident_id,
                "handled_at": NOW,
                "judgement": {"type": "technical", "takeoff": TAKEOFF},
            },
        )
    team.say([1], NOT_OURS)
    with read_session(team.engine) as session:
        evidence = incident_store.incident(session, incident_id).evidence
    assert evidence["post"]["mention_id"] == 2
    assert evidence["takeoff"] == TAKEOFF
    assert "帖子起飞" in team.messages("alert")[-1][3]["html"]


def test_the_fullest_alert_fits_a_first_screen(team):
    incident_id = team.find()
    with read_session(team.engine) as session:
        incident = incident_store.incident(session, incident_id)
    said = {"at": NOW.isoformat(), "source": "社区", "url": None, "text": "黑屏了"}
    step = {"platform": "社区", "at": NOW.isoformat()}
    fullest = incident.evidence | {
        "takeoff": TAKEOFF,
        "post": said,
        "terms": [["黑屏", 9]],
        "groups": [["forum", 9]],
        "coordination": {"accounts": 9, "minutes": 5},
        "quotes": [said] * 3,
        "first": said,
        "spread": {
            "path": [step, step],
            "tree": None,
            "is_reach_known": True,
            "is_engagement_known": True,
        },
    }
    clocks = ["距首次回应还有 50 分钟（19:20 前）"]
    body = alert_body(team.desk, replace(incident, evidence=fullest), NOW, clocks)
    lines = body["html"].splitlines()
    assert len(lines) == 12, lines
    for part in ("帖子起飞", "疑似刷帖", "路径", "⏱"):
        assert any(part in line for line in lines), part


def test_a_false_alarm_taken_back_is_in_the_timeline(team):
    incident_id = team.find()
    ruling = Ruling(aspect=Aspect.ALERT, should_be="false_alarm", why="活动")
    with unit_of_work(team.engine) as session:
        number = corrections.correct_alert(
            session, incident_id, ruling, actor=team.actor("zhou"), now=NOW
        )
    team.undo(number)
    with read_session(team.engine) as session:
        told = [one.data for one in incident_store.timeline(session, incident_id)]
    assert {"alert": "raised", "reason": "活动", "undone": True} in told
