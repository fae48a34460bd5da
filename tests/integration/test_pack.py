"""The evidence pack: complete, the same twice, and checked against tricks."""

import hashlib
import json
import stat
import zipfile
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import SQLModel
from typer.testing import CliRunner

from crisis import incidents
from crisis.publication import record_publication
from listener.cli import app
from listener.config import Secrets
from listener.config_file import load_config
from listener.errors import Conflict, StoreError
from listener.home import open_database
from listener.reports import pack_check
from listener.reports.pack import write_pack
from listener.reports.pack_check import Fault, check_pack
from listener.store import casefile
from listener.store.engine import read_session, unit_of_work
from listener.store.erasure import erase_mentions
from tests.build import item, score_all, store
from tests.integration.test_response import CONFIG, NOW, Case

HOSTILE = "<script>alert(1)</script>\u202e澜白坏了\x1b[31m <img src=x onerror=y>"


@pytest.fixture
def case(engine, tmp_path):
    path = tmp_path / "config.toml"
    path.write_text(CONFIG, encoding="utf-8")
    made = Case(engine, load_config(path))
    posts = [
        item(50, HOSTILE, NOW - timedelta(minutes=3), url="javascript:alert(2)"),
        item(51, "澜白很好用", NOW - timedelta(hours=2), url="https://forum.example/51"),
        item(52, "澜白很久以前", NOW - timedelta(days=3)),
    ]
    store(engine, made.understanding, posts, NOW)
    score_all(engine, NOW, negative=0.1)
    made.find()
    made.draft()
    return made


def decided(case):
    revision = case.revision()
    case.decide("lin", revision)
    with unit_of_work(case.engine) as session:
        record_publication(
            session,
            case.desk,
            1,
            channel="weibo",
            url="https://weibo.example/1",
            published_at=NOW,
            actor=case.actor("zhou"),
            now=NOW,
            text=revision.text,
        )
        incidents.note(session, 1, actor=case.actor("zhou"), text="已联系平台", now=NOW)
    return revision


def opened(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def lines(files, name):
    return [json.loads(line) for line in files[f"data/{name}.jsonl"].splitlines()]


def test_a_pack_holds_posts_texts_decisions_and_verifies(case, tmp_path):
    revision = decided(case)
    packed = write_pack(case.engine, case.desk, 1, tmp_path / "a.zip")
    files = opened(tmp_path / "a.zip")
    assert list(files) == sorted(files), "the order of the files is fixed"
    posts = {one["external_id"]: one for one in lines(files, "posts")}
    assert len(posts) == packed.posts == 14, "the brand's posts from six hours before it began"
    assert "post-52" not in posts
    assert posts["post-50"]["text"].startswith("<script>alert(1)</script>")
    assert posts["post-51"]["url"] == "https://forum.example/51"
    for key in ("content_hash", "collected_at", "posted_at", "source", "source_spider", "matched"):
        assert posts["post-51"][key], key
    exact = files[f"data/texts/r{revision.id}.txt"]
    assert hashlib.sha256(exact).hexdigest() == revision.content_hash
    assert [one["verdict"] for one in lines(files, "decisions")] == ["approve"]
    assert lines(files, "publications")[0]["url"] == "https://weibo.example/1"
    assert {one["kind"] for one in lines(files, "timeline")} >= {"opened", "published", "note"}
    assert {one["action"] for one in lines(files, "audit")} >= {"approve", "publish"}
    assert all(one["source"] for one in lines(files, "facts") if one["state"] == "known")
    assert lines(files, "buckets")
    alert = json.loads(files["data/alert.json"])
    assert alert["evidence"]["judgement"]["observed"] == 12
    assert alert["brand"]["name"] == "澜白"
    assert alert["computed_at"]
    assert files["charts/alert.png"].startswith(b"\x89PNG")
    checked = check_pack(tmp_path / "a.zip")
    assert checked.differences == ()
    assert checked.sha256 == packed.sha256
    mode = (tmp_path / "a.zip").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_the_same_state_gives_the_same_bytes_and_another_state_others(case, tmp_path):
    first = write_pack(case.engine, case.desk, 1, tmp_path / "a.zip")
    second = write_pack(case.engine, case.desk, 1, tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert {one.date_time for one in archive.infolist()} == {(2026, 11, 22, 3, 2, 0)}
    decided(case)
    third = write_pack(case.engine, case.desk, 1, tmp_path / "c.zip")
    assert first.sha256 == second.sha256 != third.sha256


def test_the_page_shows_collected_text_as_nothing_but_text(case, tmp_path):
    decided(case)
    write_pack(case.engine, case.desk, 1, tmp_path / "a.zip")
    page = opened(tmp_path / "a.zip")["index.html"].decode()
    assert "&lt;script&gt;alert(1)" in page
    for danger in ("<script", "<img src=x", 'href="javascript', "\u202e", "\x1b"):
        assert danger not in page, danger
    assert "default-src 'none'" in page
    for word in (
        "事件证据包 FS-1",
        "已联系平台",
        "声明：各版文本",
        "林岚",
        "客服热线 400-000-0233",
    ):
        assert word in page, word


@pytest.mark.parametrize("lang", ["zh-TW", "en"])
def test_the_page_exists_in_the_other_languages(case, tmp_path, lang):
    write_pack(case.engine, replace(case.desk, lang=lang), 1, tmp_path / "a.zip")
    page = opened(tmp_path / "a.zip")["index.html"].decode()
    assert f'<html lang="{lang}">' in page


@pytest.mark.parametrize(
    ("lang", "events"),
    [
        ("zh-CN", ["立案", "声明新版本", "通过", "登记发布", "备注"]),
        ("en", ["opened", "new text", "approved", "publication recorded", "note"]),
    ],
)
def test_the_timeline_names_its_events_in_words(case, tmp_path, lang, events):
    decided(case)
    write_pack(case.engine, replace(case.desk, lang=lang), 1, tmp_path / "a.zip")
    page = opened(tmp_path / "a.zip")["index.html"].decode()
    for event in events:
        assert f"<td>{event}</td>" in page, event


def test_nothing_secret_and_nothing_erased_is_in_a_pack(case, tmp_path):
    with unit_of_work(case.engine) as session:
        erase_mentions(session, [1])
    write_pack(case.engine, case.desk, 1, tmp_path / "a.zip")
    files = opened(tmp_path / "a.zip")
    shell = next(one for one in lines(files, "posts") if one["id"] == 1)
    assert shell["text"] == ""
    assert shell["url"] is None
    messages = lines(files, "messages")
    assert messages
    assert not {"recipient", "remote", "dedupe_key"} & set(messages[0])
    everything = b"\n".join(files.values())
    assert b"author-3" not in everything, "authors stay pseudonyms"
    assert b"kkkkkkkk" not in everything, "no key"


def test_an_unknown_incident_and_an_existing_file_are_refused(case, tmp_path):
    with pytest.raises(Conflict):
        write_pack(case.engine, case.desk, 9, tmp_path / "a.zip")
    (tmp_path / "a.zip").write_text("x")
    with pytest.raises(StoreError):
        write_pack(case.engine, case.desk, 1, tmp_path / "a.zip")
    assert [one.name for one in tmp_path.glob("*.zip")] == ["a.zip"]
    assert not list(tmp_path.glob(".*.part"))


def test_every_table_about_an_incident_is_in_the_registry():
    """Add a line to ``casefile.HELD`` for a table named here."""
    on_purpose = {
        "message",
        # Which posts follow an incident is seen in the posts themselves.
        "incident_story",
    }
    assert casefile.tables_left_out(on_purpose) == []
    assert {one.table for one in casefile.HELD} <= set(SQLModel.__subclasses__())


def rewritten(source, target, change):
    """Copy a pack, letting ``change`` decide what each file becomes; None leaves it out."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = change(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
    return target


def test_each_difference_is_named(case, tmp_path):
    write_pack(case.engine, case.desk, 1, tmp_path / "a.zip")

    def change(name, content):
        if name == "data/facts.jsonl":
            return None
        if name == "data/posts.jsonl":
            return content + b"{}\n"
        return content.replace(b"FS-1", b"FS-2") if name == "index.html" else content

    path = rewritten(tmp_path / "a.zip", tmp_path / "b.zip", change)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("data/more.jsonl", "{}")
    found = {(one.fault, one.name) for one in check_pack(path).differences}
    assert found == {
        (Fault.EXTRA, "data/more.jsonl"),
        (Fault.MISSING, "data/facts.jsonl"),
        (Fault.SIZE, "data/posts.jsonl"),
        (Fault.HASH, "index.html"),
    }


def test_a_flipped_byte_is_noticed(case, tmp_path):
    write_pack(case.engine, case.desk, 1, tmp_path / "a.zip")
    whole = bytearray((tmp_path / "a.zip").read_bytes())
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        entry = archive.getinfo("charts/alert.png")
    whole[entry.header_offset + 30 + len(entry.filename) + entry.compress_size // 2] ^= 1
    (tmp_path / "b.zip").write_bytes(whole)
    (problem,) = check_pack(tmp_path / "b.zip").differences
    assert problem.name == "charts/alert.png"


NAMES = ["../x", "/etc/passwd", "a/../../x", "C:\\x", "a\\..\\b", "data//x", "./x", "a\x1bb"]


@pytest.mark.parametrize("name", NAMES)
def test_names_that_lead_out_are_refused(tmp_path, name):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("manifest.json", "{}")
        archive.writestr(zipfile.ZipInfo(name), "x")
    with pytest.raises(StoreError, match="no pack has"):
        check_pack(tmp_path / "a.zip")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_stands_twice_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("manifest.json", "{}")
        archive.writestr("manifest.json", "{}")
    with pytest.raises(StoreError, match="twice"):
        check_pack(tmp_path / "a.zip")


def test_links_bombs_and_other_files_are_refused(tmp_path, monkeypatch):
    def made(name, content, **values):
        entry = zipfile.ZipInfo("x")
        entry.compress_type = zipfile.ZIP_DEFLATED
        for key, value in values.items():
            setattr(entry, key, value)
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("manifest.json", '{"format": 1, "files": []}')
            archive.writestr(entry, content)
        return tmp_path / name

    with pytest.raises(StoreError, match="not a plain file"):
        check_pack(made("link.zip", "/etc/passwd", external_attr=(stat.S_IFLNK | 0o777) << 16))
    with pytest.raises(StoreError, match="manifest is damaged"):
        check_pack(made("odd.zip", "x"))
    monkeypatch.setattr(pack_check, "MOST_BYTES", 1000)
    with pytest.raises(StoreError, match="would unpack"):
        check_pack(made("bomb.zip", "0" * 2000))
    (tmp_path / "no.zip").write_bytes(b"PK\x03\x04 no zip")
    with pytest.raises(StoreError, match="no readable zip"):
        check_pack(tmp_path / "no.zip")
    with pytest.raises(StoreError, match="cannot read"):
        check_pack(tmp_path / "none.zip")


def test_files_that_share_bytes_are_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("manifest.json", "{}")
        archive.writestr("x", "0" * 100)
        archive.getinfo("x").header_offset = 10
    with pytest.raises(StoreError, match="overlaps"):
        check_pack(tmp_path / "a.zip")


def test_the_commands_write_audit_and_check(tmp_path):
    config = tmp_path / "config.toml"
    config.write_text('data_dir = "data"\n' + CONFIG, encoding="utf-8")

    def run(*arguments, code=0):
        result = CliRunner().invoke(app, ["incidents", "--config", str(config), *arguments])
        assert result.exit_code == code, result.output
        return result.output

    assert "there is no incident 1" in run("pack", "1", "--out", str(tmp_path / "a.zip"), code=1)
    engine = open_database(load_config(config), Secrets())
    made = Case(engine, load_config(config))
    made.find()
    told = json.loads(run("pack", "1", "--out", str(tmp_path / "a.zip"), "--as", "zhou", "--json"))
    assert told["posts"] == 12
    with read_session(engine) as session:
        (held,) = [one for one in casefile.HELD if one.name == "audit"]
        assert "pack" not in {one["action"] for one in casefile.read_held(session, held, 1)}
    engine.dispose()
    assert "intact" in run("verify-pack", str(tmp_path / "a.zip"))
    path = rewritten(
        tmp_path / "a.zip", tmp_path / "b.zip", lambda name, c: None if "facts" in name else c
    )
    assert "missing: data/facts.jsonl" in run("verify-pack", str(path), code=1)
