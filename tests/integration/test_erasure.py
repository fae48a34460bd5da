import json
from datetime import UTC, datetime, timedelta

from sqlmodel import select
from typer.testing import CliRunner

from listener.cli import app
from listener.privacy import pseudonym
from listener.store import claims, incidents, outbox
from listener.store.engine import read_session, unit_of_work
from listener.store.erasure import ERASED, erase_mentions, find_mentions, held_about, without
from listener.store.tables import (
    AuditEntry,
    Bucket,
    Claim,
    Complaint,
    Incident,
    Match,
    Mention,
    Message,
    Score,
)
from tests.build import item, score_all, set_up, store

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
KEY = b"k" * 32
WORDS = "澜白的客服把我的电话给了别人，现在天天接到骚扰电话"


def everything(session) -> str:
    """Return all rows of every table that can hold words, as one text."""
    tables = (Mention, Match, Score, Complaint, Incident, Claim, Message, AuditEntry)
    return "\n".join(
        one.model_dump_json() for table in tables for one in session.exec(select(table))
    )


def stored(engine):
    known = set_up(engine, NOW)
    posts = [
        item(1, WORDS, NOW - timedelta(hours=1), author_id="周周", title="求助"),
        item(2, "澜白又漏水了，第二台", NOW - timedelta(minutes=50), author_id="周周"),
        item(3, "澜白挺好用", NOW - timedelta(minutes=40), author_id="别人"),
    ]
    store(engine, known, posts, NOW)
    score_all(engine, NOW)
    evidence = {
        "top": [{"mention_id": 1, "text": WORDS[:20], "url": "https://forum.example/1", "at": "x"}]
    }
    with unit_of_work(engine) as session:
        number = incidents.insert_incident(
            session,
            {
                "brand_id": 1,
                "group_key": "g",
                "title": "t",
                "crisis_type": "C03",
                "phase": "alerted",
                "severity": "urgent",
                "severity_reason": "r",
                "is_unverified": True,
                "first_seen_at": NOW,
                "opened_at": NOW,
                "closed_at": None,
                "evidence": evidence,
                "refreshed_at": NOW,
            },
        )
        for words in (WORDS, f"网传：{WORDS}"):
            claims.add_claim(
                session,
                {
                    "incident_id": number,
                    "text": words,
                    "source": "周周的帖子",
                    "url": "https://forum.example/1",
                    "state": "unverified",
                    "raised_at": NOW,
                    "raised_by": "lin",
                },
            )
        outbox.put_message(
            session,
            channel="terminal",
            recipient="local",
            purpose="alert",
            subject_type="incident",
            subject_id=number,
            dedupe_key="a",
            body={"text": f"预警\n“{WORDS}”\n其他不变"},
            now=NOW,
        )
    return known


def test_nothing_an_author_said_is_left_anywhere(engine):
    known = stored(engine)
    with read_session(engine) as session:
        before = [row.model_dump() for row in session.exec(select(Bucket))]
        ids = find_mentions(session, author_hashes=[pseudonym(KEY, "feed", "周周")])
        assert len(ids) == 2
        assert WORDS in everything(session)
        held = held_about(session, ids)
        assert held[0]["text"] == WORDS
        assert held[0]["sentiment"]["label"] == "negative"
        assert held[0]["engagement"] == held[0]["corrections"] == []
        json.dumps(held)
    with unit_of_work(engine) as session:
        erased = erase_mentions(session, ids)
    assert (erased.mentions, erased.messages, erased.incidents) == (2, 1, (1,))
    with read_session(engine) as session:
        left = everything(session)
        for word in ("骚扰电话", "漏水", "周周", "求助", "forum.example/1", "forum.example/2"):
            assert word not in left, word
        assert "澜白挺好用" in left, "others keep their words"
        assert "其他不变" in left
        assert ERASED in left
        assert pseudonym(KEY, "feed", "周周") not in left
        assert [row.model_dump() for row in session.exec(select(Bucket))] == before
        shells = session.exec(select(Mention).where(Mention.id.in_(ids))).all()
        assert len({one.author_hash for one in shells}) == 1, "still one author, whoever it was"

    again = [item(1, WORDS, NOW - timedelta(hours=1), author_id="周周")]
    assert store(engine, known, again, NOW) == 0, "the same post is not collected a second time"
    with unit_of_work(engine) as session:
        assert erase_mentions(session, ids).mentions == 0


def test_only_lines_that_quote_are_blanked():
    said = {"lines": ["a\n引用：太差了太差了\nb", "不相干"], "mention_id": 7, "text": "太差了"}
    clean = without(said, frozenset({7}), {"太差了太差了"})
    assert clean == {"lines": [f"a\n{ERASED}\nb", "不相干"], "mention_id": 7, "text": ERASED}


CONFIG = """
data_dir = "data"
[database]
[[brands]]
key = "lanbai"
name = "澜白"
names = ["澜白"]
[[people]]
key = "root"
name = "管理员"
roles = ["admin"]
[[people]]
key = "zhou"
name = "周"
roles = ["officer"]
"""


def test_export_and_erase_from_the_terminal(tmp_path, monkeypatch):
    config = tmp_path / "config.toml"
    config.write_text(CONFIG, encoding="utf-8")
    rows = [
        {"text": WORDS, "author": "周周", "url": "https://shop.example/9", "platform": "集市"},
        {"text": "澜白不错", "author": "别人", "url": "https://shop.example/8"},
    ]
    posts = tmp_path / "posts.jsonl"
    posts.write_text(
        "\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8"
    )

    def run(*arguments, code=0):
        result = CliRunner().invoke(app, [*arguments, "--config", str(config)])
        assert result.exit_code == code, result.output
        return result.stdout

    run("import", str(posts))
    held = [json.loads(line) for line in run("export", "--author", "周周").splitlines()]
    assert [one["text"] for one in held] == [WORDS]
    run("erase", "--author", "周周", "--as", "zhou", "--yes", code=1)
    run("erase", "--as", "root", "--yes", code=2)
    told = json.loads(run("erase", "--author", "周周", "--as", "root", "--yes", "--json"))
    assert told["mentions"] == 1
    assert run("export", "--author", "周周") == ""
    assert "不错" in run("export", "--author", "别人")
